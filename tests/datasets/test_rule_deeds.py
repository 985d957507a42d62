"""The deeds of the rule builder beyond conditions, by its requests."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.urls import reverse
from django.utils import timezone

from orchcamp.datasets import engine, marks, predefined, schema
from orchcamp.datasets.models import Audience, AudienceVersion, Dataset, PredefinedFilter
from orchcamp.datasets.rules import tree
from orchcamp.datasets.rules.forms import Nowhere, sealed
from orchcamp.datasets.schema import ColumnShape
from orchcamp.web.errors import Refused
from tests.builders import make_shop

CITY = {"attribute": "city", "operator": "equals", "value": "Paris"}
CONSENT = {"attribute": "consent", "operator": "equals", "value": True}
AMOUNT = {"attribute": "amount", "operator": "greater_or_equal", "value": 100}


def group(*items: Any, kind: str = "and") -> dict[str, Any]:
    return {"group": kind, "items": list(items)}


@pytest.fixture
def place(db) -> Nowhere:
    make_shop()
    return Nowhere(schema.load(), "people", {}, timezone.now())


@pytest.fixture
def desk(client, mark, place):
    """A builder on a page: ``desk(tree, do=…, inputs=…)`` gives the tree after the deed and the page."""
    client.force_login(mark)

    def ask(root: Any, *, url: str = "rule_editor", inputs: dict[str, str] | None = None, at_place=None, **given: str):
        there = replace(at_place or place, model=schema.load())
        data = {"name": "rule", "rule": json.dumps(root), "rule:scope": sealed(there)}
        data |= {f"rule:{key}": value for key, value in (inputs or {}).items()}
        response = client.post(reverse(f"datasets:{url}"), data | given)
        page = html.unescape(response.content.decode())
        found = re.search(r'name="rule" value="(.*?)">', page)
        return (json.loads(found[1]) if found else None), page, response

    return ask


# --- moving --------------------------------------------------------------------------------------------------------


def test_a_part_is_moved_between_groups_and_never_into_itself(desk):
    root = group(CITY, group(CONSENT, kind="or"))
    assert desk(root, do="move", at="0", into="1", place="0")[0] == group(group(CITY, CONSENT, kind="or"))
    assert desk(root, do="move", at="1", into="1")[0] == root
    assert desk(root, do="indent", at="1")[0]["items"][1] == group(group(CONSENT, kind="or"))
    assert desk(root, do="outdent", at="1.0")[0] == group(CITY, group(kind="or"), CONSENT)
    assert desk(root, do="outdent", at="0")[0] == root
    assert desk(root, do="duplicate", at="0")[0] == group(CITY, CITY, group(CONSENT, kind="or"))
    assert "An empty group keeps every row." in desk(root, do="remove", at="1.0")[1]


def test_a_part_about_other_rows_is_not_moved(desk):
    root = group(CITY, {"link": "purchases", "exists": True, "where": group(AMOUNT)})
    _after, page, response = desk(root, do="move", at="0", into="1.w", place="0")
    assert response.status_code == 422 and "about other rows" in page
    _after, page, _response = desk(root, do="places", at="0")
    assert "no other group" in page
    _after, page, _response = desk(group(CITY, group(CONSENT)), do="places", at="0")
    assert 'data-into="1"' in page and "Consent is yes" in page


def test_boxes_fold_and_say_what_is_in_them(desk):
    root = group({"link": "purchases", "exists": True, "where": group(AMOUNT)})
    folded, page, _response = desk(root, do="toggle", at="0")
    assert folded["items"][0][tree.CLOSED] is True
    assert "has purchases where Amount is at least 100" in page and "rule:0.w.0:value" not in page
    assert tree.plain(folded) == root
    assert desk(folded, do="spread")[0] == root
    _after, page, _response = desk(folded, url="rule_count")
    assert "<strong>2</strong>" in page


def test_a_figure_of_the_same_rows_stands_beside_the_box(desk):
    box = {"link": "purchases", "exists": True, "where": group(AMOUNT)}
    after, page, _response = desk(group(box, CITY), do="add-figure", at="0")
    figure = after["items"][1]
    assert (figure["aggregate"], figure["attribute"], figure["where"]) == ("sum", "amount", box["where"])
    assert after["items"][2] == CITY and "sum of Amount of purchases" in page
    wrapped = desk(group(box, CITY, kind="or"), do="add-figure", at="0")[0]
    assert wrapped["items"][0]["group"] == "and" and len(wrapped["items"][0]["items"]) == 2


def test_restoring_heeds_no_input(desk):
    after, _page, _response = desk(group(CITY), do="restore", inputs={"0:operator": "equals", "0:value": "Lyon"})
    assert after == group(CITY)
    after, page, _response = desk(group(CITY), do="sentence", inputs={"0:operator": "equals", "0:value": "Lyon"})
    assert after["items"][0]["value"] == "Lyon" and "hx-swap-oob" in page


# --- copying -------------------------------------------------------------------------------------------------------


def test_what_was_copied_is_kept_until_one_signs_out(desk, client, mark):
    assert desk(group(CITY), do="paste", at="")[2].status_code == 422
    after, page, _response = desk(group(CITY, CONSENT), do="cut", at="0")
    assert after == group(CONSENT) and "Cut;" in page
    assert desk(group(), do="paste", at="")[0] == group(CITY)
    assert desk(group(), do="paste", at="")[0] == group(CITY)
    client.logout()
    client.force_login(mark)
    assert "Nothing was copied" in desk(group(), do="paste", at="")[1]


def test_it_is_pasted_only_where_the_same_can_be_asked(desk):
    root = group({"link": "purchases", "exists": True, "where": group(AMOUNT)})
    desk(root, do="copy", at="0.w.0")
    assert desk(root, do="paste", at="0.w")[0]["items"][0]["where"] == group(AMOUNT, AMOUNT)
    _after, page, response = desk(root, do="paste", at="")
    assert response.status_code == 422
    assert "is about Purchases and does not fit People: People has no column “amount”" in page
    desk(group({"attribute": "id", "operator": "equals", "value": 1}), do="copy", at="0")
    pasted = desk(root, do="paste", at="0.w")[0]
    assert pasted["items"][0]["where"]["items"][1]["attribute"] == "id"  # purchases have an id too


# --- figures -------------------------------------------------------------------------------------------------------


def figures(desk, root: Any, at: str) -> list[int]:
    page = desk(root, url="rule_figures", at=at, ticket="t")[1]
    return [int(n) for n in re.findall(r"<strong>(\d+)</strong>", page)]


def test_alone_and_together(desk):
    box = {
        "link": "purchases",
        "exists": True,
        "where": group(AMOUNT, {"attribute": "id", "operator": "equals", "value": 11}),
    }
    root = group(CITY, CONSENT, box)
    assert figures(desk, root, "0") == [3, 3]
    assert figures(desk, root, "1") == [4, 2]
    assert figures(desk, root, "2") == [1, 1]
    assert figures(desk, root, "2.w.0") == [2, 1]  # alone: bought for 100; together: in Paris, with consent too
    assert figures(desk, group(CITY, CONSENT, kind="except"), "1") == [4, 1]
    assert figures(desk, group(group(CITY, CONSENT, kind="or"), CONSENT), "0.1") == [4, 5]


def test_figures_beside_what_is_unfinished(desk):
    wrong = {"attribute": "id", "operator": "equals", "value": "x"}
    page = desk(group(wrong, CITY), url="rule_figures", at="1")[1]
    assert "<strong>3</strong>" in page and "unfinished before it" in page
    assert "expects a number" in desk(group(wrong, CITY), url="rule_figures", at="0")[1]
    assert "not there any more" in desk(group(CITY), url="rule_figures", at="7")[1]


# --- other kinds ---------------------------------------------------------------------------------------------------


def test_a_predefined_filter_asks_only_for_its_parameters(desk, mark, anna):
    rule = {"attribute": "city", "operator": "in", "value": {"parameter": "towns"}}
    asks = {"towns": {"type": "list", "default": ["Nice"], "label": "Towns"}}
    predefined.create(slug="living", label="Living in", dataset="people", rule=rule, parameters=asks, by=mark)
    predefined.create(label="Of Anna", dataset="people", rule=CITY, by=anna)
    predefined.create(label="Shared", dataset="people", rule=CITY, by=anna, shared=True)
    page = desk({}, do="pick-filter", at="")[1]
    assert "Living in" in page and "Shared" in page and "Of Anna" not in page
    assert "Shared" not in desk({}, do="pick-filter", at="", tab="mine", q="")[1]
    assert "Living in" not in desk({}, do="pick-filter", at="", tab="favourites", q="")[1]
    after, page, _response = desk({}, do="add-filter", at="", filter="living")
    assert after == group({"filter": "living"}) and 'placeholder="Nice"' in page
    after, page, _response = desk(after, do="refresh", inputs={"0:parameter-towns": "Paris, Lyon"})
    assert after["items"][0]["parameters"] == {"towns": ["Paris", "Lyon"]}
    assert "<strong>4</strong>" in desk(after, url="rule_count")[1]
    assert "City is one of Paris, Lyon." in desk(after, do="preview", at="0")[1]
    copied = desk(after, do="unfold", at="0")[0]
    assert copied == group({"attribute": "city", "operator": "in", "value": ["Paris", "Lyon"]})


def test_membership_of_an_audience(desk):
    path = "audiences/best/1.parquet"
    file = engine.root() / path
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"id": pa.array([1, 2], pa.int64())}), file)
    best = Audience.objects.create(slug="best", label="Best", dataset=Dataset.objects.get(slug="people"))
    best.current = AudienceVersion.objects.create(audience=best, number=1, path=path, rows=2)
    best.save()
    assert "Best" in desk({}, do="pick-audience", at="")[1]
    after = desk({}, do="add-audience", at="", audience="best")[0]
    assert after == group({"audience": "best", "member": True})
    assert "<strong>2</strong>" in desk(after, url="rule_count")[1]
    after = desk(after, do="refresh", inputs={"0:member": "no", "0:audience": "best"})[0]
    assert after["items"][0]["member"] is False
    assert "<strong>4</strong>" in desk(after, url="rule_count")[1]


def test_expressions_at_the_left_and_at_the_right(desk):
    after, _page, _response = desk(group(CITY), do="as-expression", at="0")
    assert after["items"][0]["expression"] == "[city]"
    shown = {"0:of-expression": "Length([city])", "0:operator": "equals", "0:value": "5"}
    after, _page, _response = desk(after, do="refresh", inputs=shown)
    assert after["items"][0] == {"expression": "Length([city])", "operator": "equals", "value": 5}
    assert "<strong>3</strong>" in desk(after, url="rule_count")[1]
    shown = {"0:operator": "equals", "0:how": "expression", "0:expression": "'Par' + 'is'"}
    after = desk(group(CITY), do="refresh", inputs=shown)[0]
    assert after["items"][0]["value"] == {"expression": "'Par' + 'is'"}
    shown = {"0:of-expression": "[consent] and [city] = 'Paris'", "0:operator": "equals"}
    after = desk(group({"expression": "", "operator": "equals", "value": ""}), do="refresh", inputs=shown)[0]
    assert after["items"][0]["value"] is True


def test_a_figure_of_an_expression(desk):
    root = group(
        {"link": "purchases", "aggregate": "sum", "attribute": "amount", "operator": "greater_than", "value": 200}
    )
    shown = {"0:mode": "sum", "0:of": "=", "0:operator": "greater_than", "0:value": "200"}
    after = desk(root, do="refresh", inputs=shown)[0]
    assert after["items"][0]["expression"] == "[amount]" and "attribute" not in after["items"][0]
    after = desk(after, do="refresh", inputs={**shown, "0:of-expression": "[amount] * 2"})[0]
    assert "<strong>2</strong>" in desk(after, url="rule_count")[1]
    back = desk(after, do="refresh", inputs={**shown, "0:of": "amount"})[0]
    assert back["items"][0]["attribute"] == "amount" and "expression" not in back["items"][0]


def test_both_ends_of_between_can_be_moving_dates(desk):
    root = group({"attribute": "born", "operator": "between", "value": ["", ""]})
    shown = {"0:operator": "between", "0:how": "date", "0:date": "today", "0:shift": "60", "0:unit": "years"}
    shown |= {"0:how2": "value", "0:value2": "1990-01-01"}
    after, page, _response = desk(root, do="refresh", inputs=shown)
    assert after["items"][0]["value"] == [{"date": "today", "shift": "-60 years"}, "1990-01-01"]
    assert "today − 60 years" in page


def test_parameters_are_named_where_a_filter_is_made(desk, place):
    making = replace(place, parameters={})
    shown = {"0:operator": "equals", "0:how": "parameter", "0:parameter": "town"}
    after, page, _response = desk(group(CITY), do="refresh", inputs=shown, at_place=making)
    assert after["items"][0]["value"] == {"parameter": "town"}
    assert "City is [town]." in page
    assert "a parameter" not in desk(group(CITY), do="refresh")[1]


# --- the picker ----------------------------------------------------------------------------------------------------


def test_favourites_and_recent_attributes(desk, mark):
    desk({}, do="add-condition", at="", attribute="born")
    page = desk({}, do="star", at="", deed="add-condition", attribute="city")[1]
    assert 'aria-pressed="true"' in page
    page = desk({}, do="search", at="", deed="add-condition", tab="marked")[1]
    assert 'title="city"' in page and 'title="born"' in page and 'title="joined"' not in page
    page = desk({}, do="star", at="", deed="add-condition", attribute="city")[1]
    assert 'aria-pressed="false"' in page
    page = desk({}, do="search", at="", deed="add-condition", kind="date")[1]
    assert 'title="born"' in page and 'title="city"' not in page
    assert desk({}, do="star", at="", deed="add-condition", attribute="gone")[2].status_code == 422


def test_twenty_stars_and_no_more(desk, mark):
    for n in range(marks.FAVOURITES_AT_MOST):
        marks.star(mark, "people", f"column_{n}")
    with pytest.raises(Refused, match="20 attributes are starred"):
        marks.star(mark, "people", "city")
    for n in range(15):
        marks.used(mark, "purchases", f"column_{n}")
    assert marks.recent(mark, "purchases")[0] == "column_14" and len(marks.recent(mark, "purchases")) == marks.RECENT


def test_what_is_known_of_an_attribute_and_its_values(desk, mark):
    page = desk({}, do="about", at="", deed="add-condition", attribute="city")[1]
    assert "16.7 %" in page and "People" in page and 'data-value="Paris"' in page
    page = desk({}, do="about", at="", deed="add-condition", attribute="city", vq="ly")[1]
    assert 'data-value="Lyon"' in page and 'data-value="Paris"' not in page
    root = group({"link": "purchases", "exists": True, "where": group()})
    assert "BrewMaster" in desk(root, do="about", at="0.w", deed="add-condition", attribute="product.brand")[1]
    after = desk(root, do="add-condition", at="0.w", attribute="product.price", value="120")[0]
    assert after["items"][0]["where"]["items"][0]["value"] == 120
    mark.groups.get().permissions.filter(codename="view_personal").delete()
    page = desk({}, do="about", at="", deed="add-condition", attribute="name")[1]
    assert "may not see" in page and "Ann" not in page


# --- rows ----------------------------------------------------------------------------------------------------------


def test_the_columns_of_the_rows_are_chosen(desk):
    page = desk(group(CITY), url="rule_rows", **{"rule:columns": "city"})[1]
    assert '<th scope="col">City</th>' in page and "Ann" not in page
    assert page.count("<th ") == 1


def test_a_rule_about_columns_of_the_canvas_is_counted_on_what_arrived(desk, place):
    rule = group({"attribute": "segment", "operator": "equals", "value": "a"}, CITY)
    extra = {"segment": ColumnShape("segment", "Segment", "string")}
    _after, page, _response = desk(rule, url="rule_count", at_place=replace(place, columns=extra))
    assert "test the campaign once" in page
    path = "runs/1/n1/out.parquet"
    file = engine.root() / path
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"id": pa.array([1, 2, 3], pa.int64()), "segment": ["a", "a", "b"]}), file)
    arrived = replace(place, columns=extra, rows=path)
    _after, page, _response = desk(rule, url="rule_count", at_place=arrived)
    assert "<strong>1</strong>" in page and "arrived here in the last run" in page
    assert "Segment" in desk(rule, url="rule_rows", at_place=arrived)[1]


def test_a_private_filter_of_somebody_else_counts_but_is_not_looked_into(desk, ada):
    predefined.create(label="Paris only", dataset="people", rule=CITY, by=ada)
    rule = group({"filter": "paris-only"})
    assert "3" in desk(rule, url="rule_count")[1]
    for asked in ({"do": "preview", "at": "0"}, {"do": "unfold", "at": "0"}, {"url": "rule_sql"}):
        page = desk(rule, **asked)[1]
        assert "is private" in page and "Paris'" not in page and "City" not in page
    predefined.change(PredefinedFilter.objects.get(), rule=CITY, parameters={}, shared=True, by=ada)
    assert "Paris" in desk(rule, url="rule_sql")[1] and "City" in desk(rule, do="preview", at="0")[1]
