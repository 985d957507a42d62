"""The gallery's page: how many questions it asks the database does not depend on how much it shows."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import gallery
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration


def asked(client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("campaigns:gallery")).status_code == 200
    return len(queries)


def test_more_templates_do_not_mean_more_queries(client, mark):
    make_shop()
    make_configuration()
    campaign = make_campaign(owner=mark)
    client.force_login(mark)
    gallery.save(campaign, name="One", description="A.", by=mark)
    few = asked(client)
    for number in range(8):
        gallery.save(campaign, name=f"More {number}", description="A.", by=mark)
    assert asked(client) == few
