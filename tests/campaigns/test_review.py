"""What a second look at the whole language found, so that it does not come back."""

from __future__ import annotations

import pytest

from campaigns import execution
from tests.builders import make_shop
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import PARIS, audience, email, graph, make_configuration

pytestmark = pytest.mark.django_db
NOBODY = {"attribute": "city", "operator": "equals", "value": "Atlantis"}


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


def test_a_channel_does_not_wait_for_an_audience_that_is_never_reached():
    nodes = {
        "all": ("build_audience", audience(PARIS)),
        "some": (
            "split",
            {"subsets": [{"code": "a", "label": "A", "rule": NOBODY, "skip_empty": True}], "complement": True},
        ),
        "save": ("save_audience", {"audience": "never"}),
        "mail": ("email", email()),
    }
    campaign = published(graph(nodes, "all>some", "some.a>save", "some.complement>mail"))
    run = execution.run_to_end(execution.start(campaign.latest_version(), mode="live"))
    states = dict(run.nodes.values_list("node_id", "status"))
    assert states["save"] == "skipped" and states["mail"] != "pending", states
