"""A rule kept as a predefined filter, and replaced by one, by the requests of the builder."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from orchcamp.datasets import predefined, schema
from orchcamp.datasets.models import PredefinedFilter
from orchcamp.datasets.rules.forms import Nowhere, sealed
from tests.builders import make_shop

CITY = {"attribute": "city", "operator": "equals", "value": "Paris"}
CONSENT = {"attribute": "consent", "operator": "equals", "value": True}
RULE = {"group": "and", "items": [CITY, CONSENT]}


@pytest.fixture
def ask(client, mark):
    """``ask(tree, do=…)`` gives the tree after the deed, the page and the answer."""
    make_shop()
    client.force_login(mark)

    def go(root: Any, **given: str):
        place = Nowhere(schema.load(), "people", {}, timezone.now())
        data = {"name": "rule", "rule": json.dumps(root), "rule:scope": sealed(place)} | given
        response = client.post(reverse("datasets:rule_editor"), data)
        page = html.unescape(response.content.decode())
        found = re.search(r'name="rule" value="(.*?)">', page)
        return (json.loads(found[1]) if found else None), page, response

    return go


def test_the_whole_rule_becomes_a_filter_that_it_asks_through(ask, mark):
    _none, page, _response = ask(RULE, do="keep", at="")
    assert "Name of the filter" in page and "Paris" in page
    given = {"keep-label": "Parisians", "keep-shared": "1", "keep-used": "1", "errors": "x"}
    after, page, _response = ask(RULE, do="keep-filter", at="", **given)
    kept = PredefinedFilter.objects.get()
    assert (kept.label, kept.shared, kept.owner) == ("Parisians", True, mark)
    assert predefined.revision(kept).rule == RULE
    assert after == {"group": "and", "items": [{"filter": kept.slug}]}
    assert "Saved as the predefined filter “Parisians”" in page


def test_one_condition_is_kept_and_the_rule_stays_as_it_is(ask):
    after, _page, _response = ask(RULE, do="keep-filter", at="1", **{"keep-label": "Consenting"})
    assert after == RULE
    kept = PredefinedFilter.objects.get()
    assert (predefined.revision(kept).rule, kept.shared) == (CONSENT, False)


def test_a_filter_without_a_name_is_refused_where_the_name_is_asked(ask):
    _none, page, response = ask(RULE, do="keep-filter", at="", errors="rule_root_pick_error")
    assert response.status_code == 422 and "Give the filter a name." in page
    assert response["HX-Retarget"] == "#rule_root_pick_error"
    _none, _page, response = ask(RULE, do="keep-filter", at="", errors="body, #x")
    assert "HX-Retarget" not in response
    assert not PredefinedFilter.objects.exists()


def test_an_empty_rule_has_nothing_to_keep(ask):
    _none, page, response = ask({}, do="keep", at="")
    assert response.status_code == 422 and "no condition yet" in page


def test_those_who_may_make_no_filters_keep_none(ask, client, vera):
    client.force_login(vera)
    _none, _page, response = ask(RULE, do="keep-filter", at="", **{"keep-label": "Mine"})
    assert response.status_code == 403
    assert not PredefinedFilter.objects.exists()


def test_the_rule_is_replaced_by_a_filter(ask, mark):
    kept = predefined.create(label="Parisians", dataset="people", rule=CITY, by=mark)
    _none, page, _response = ask(RULE, do="pick-filter", deed="swap-filter", at="")
    assert 'data-do="swap-filter"' in page
    after, _page, _response = ask(RULE, do="swap-filter", at="", filter=kept.slug)
    assert after == {"group": "and", "items": [{"filter": kept.slug}]}
