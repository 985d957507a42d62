"""The rule builder by its requests: every deed, nothing lost, and what a form makes of it."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from orchcamp.datasets import schema
from orchcamp.datasets.rules import forms as rule_forms
from orchcamp.datasets.rules import inputs, tree
from orchcamp.datasets.rules.forms import Nowhere, RuleField, sealed
from tests.builders import make_shop

CITY = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.fixture
def place(db) -> Nowhere:
    make_shop()
    return Nowhere(schema.load(), "people", {}, timezone.now())


@pytest.fixture
def desk(client, mark, place):
    """A builder on a page: ``desk(tree, do=…, **inputs)`` gives the tree after the deed and the page."""
    client.force_login(mark)

    def ask(root: Any, *, url: str = "rule_editor", inputs: dict[str, str] | None = None, **given: str):
        data = {"name": "rule", "rule": json.dumps(root), "rule:scope": sealed(place)}
        data |= {f"rule:{key}": value for key, value in (inputs or {}).items()}
        response = client.post(reverse(f"datasets:{url}"), data | given)
        page = html.unescape(response.content.decode())
        found = re.search(r'name="rule" value="(.*?)">', page)
        return (json.loads(found[1]) if found else None), page, response

    return ask


def group(*items: Any, kind: str = "and") -> dict[str, Any]:
    return {"group": kind, "items": list(items)}


def test_a_condition_is_added_and_said(desk):
    after, page, _response = desk({}, do="add-condition", attribute="city")
    assert after == group({**CITY, "value": ""})
    after, page, _response = desk(after, do="refresh", inputs={"0:operator": "equals", "0:value": "Paris"})
    assert after == group(CITY)
    assert "City is Paris." in page


def test_deeds_move_and_group_and_take_out(desk):
    root = group(CITY, {**CITY, "value": "Lyon"}, {**CITY, "value": "Nice"})

    def values(found: dict[str, Any]) -> list[Any]:
        return [item.get("value") for item in found["items"]]

    assert values(desk(root, do="up", at="2")[0]) == ["Paris", "Nice", "Lyon"]
    assert values(desk(root, do="down", at="0")[0]) == ["Lyon", "Paris", "Nice"]
    assert values(desk(root, do="remove", at="1")[0]) == ["Paris", "Nice"]
    assert values(desk(root, do="up", at="0")[0]) == values(root)
    wrapped = desk(root, do="wrap", at="1")[0]
    assert wrapped["items"][1] == group({**CITY, "value": "Lyon"})
    assert desk(wrapped, do="ungroup", at="1")[0] == root
    assert desk(root, do="refresh", inputs={":group": "or"})[0]["group"] == "or"
    assert desk(root, do="clear")[0] == group()
    assert desk(root, do="remove", at="7.w.x")[0] == root


def test_a_collection_becomes_a_count_and_back(desk):
    root, page, _response = desk({}, do="add-link", link="purchases")
    assert root["items"][0] == {"link": "purchases", "exists": True, "where": group()}
    assert "Has purchases." in page
    root, _page, _response = desk(root, do="add-condition", at="0.w", attribute="amount")
    shown = {"0:mode": "count:greater_or_equal", "0.w.0:operator": "greater_or_equal", "0.w.0:value": "100"}
    root, page, _response = desk(root, do="refresh", inputs=shown)
    figure = root["items"][0]
    assert (figure["aggregate"], figure["operator"], figure["value"]) == ("count", "greater_or_equal", 1)
    assert "Has at least 1 purchases where Amount is at least 100." in page
    root, page, _response = desk(root, do="refresh", inputs={"0:mode": "sum", "0:value": "500"})
    assert "Sum of Id of purchases where" in page
    root, _page, _response = desk(
        root, do="refresh", inputs={"0:mode": "sum", "0:of": "amount", "0:operator": "less_than", "0:value": "500"}
    )
    assert (root["items"][0]["attribute"], root["items"][0]["value"]) == ("amount", 500)
    back = desk(root, do="refresh", inputs={"0:mode": "no"})[0]["items"][0]
    assert back == {"link": "purchases", "exists": False, "where": root["items"][0]["where"]}


def test_what_is_wrong_is_kept_and_marked_beside_its_condition(desk):
    root = group({"attribute": "id", "operator": "equals", "value": 1})
    after, page, response = desk(root, url="rule_count", inputs={"0:operator": "equals", "0:value": "twelve"})
    assert after == group({"attribute": "id", "operator": "equals", "value": "twelve"})
    assert 'rule-wrong" id="rule_0"' in page
    assert "expects a number, not “twelve”." in page
    assert response["HX-Retarget"] == "#rule_rule"


def test_a_vanished_column_is_shown_with_its_sentence(desk):
    _after, page, _response = desk(group({**CITY, "attribute": "town"}), url="rule_count")
    assert "People has no column “town”." in page


def test_counting_sampling_and_the_statement(desk):
    _after, page, _response = desk(group(CITY), url="rule_count", ticket="t")
    assert "<strong>3</strong>" in page
    _after, page, _response = desk(group(CITY), url="rule_rows", ticket="t")
    assert "Ann" in page and "Bob" not in page
    _after, page, _response = desk(group(CITY), url="rule_sql")
    assert "'Paris'" in page


def test_the_picker_finds_columns_over_links(desk):
    _after, page, _response = desk({}, do="pick", at="", deed="add-condition")
    assert 'title="city"' in page and "has purchases where…" in page
    root = group({"link": "purchases", "exists": True, "where": group()})
    _after, page, _response = desk(root, do="search", at="0.w", deed="add-condition", q="brand")
    assert 'title="product.brand"' in page and 'title="city"' not in page
    _after, page, _response = desk(root, do="branch", at="0.w", deed="add-condition", base="product")
    assert 'title="product.price"' in page
    _after, page, response = desk(root, do="branch", at="0.w", deed="add-condition", base="nowhere")
    assert response.status_code == 422 and "has no link “nowhere”" in page


def test_a_scope_that_was_tampered_with_is_refused(desk):
    _after, page, response = desk({}, do="refresh", **{"rule:scope": "made up"})
    assert response.status_code == 422
    assert "reload the page" in page


def test_values_are_suggested_but_not_the_personal_ones_to_everyone(client, mark, place):
    client.force_login(mark)
    address = reverse("datasets:rule_values")
    assert "Paris" in client.get(address, {"dataset": "people", "column": "city"}).content.decode()
    mark.groups.get().permissions.filter(codename="view_personal").delete()
    page = client.get(address, {"dataset": "people", "column": "name"}).content.decode()
    assert "Ann" not in page and "may not see" in page


def test_who_may_not_see_datasets_may_ask_nothing(client, vera, place):
    client.force_login(vera)
    data = {"name": "rule", "rule": "{}", "rule:scope": sealed(place)}
    for name in ("rule_editor", "rule_count", "rule_rows", "rule_sql"):
        assert client.post(reverse(f"datasets:{name}"), data).status_code == 403
    assert client.get(reverse("datasets:explore")).status_code == 403
    assert client.get(reverse("datasets:rule_values"), {"dataset": "people", "column": "city"}).status_code == 403


def test_the_address_of_the_page_carries_a_rule(client, mark, place):
    client.force_login(mark)
    page = client.get(reverse("datasets:explore"), {"dataset": "people", "rule": json.dumps(CITY)})
    assert "City is Paris." in page.content.decode()
    assert client.get(reverse("datasets:explore"), {"dataset": "nope", "rule": "{"}).status_code == 200


# --- the field ---------------------------------------------------------------------------------------------------


def form_with(place: Nowhere, data: Any = None, **options: Any) -> forms.Form:
    class Holder(forms.Form):
        rule = RuleField(label="Rule", required=options.pop("required", False))

    form = Holder(data, **options)
    form.fields["rule"].scope = place
    return form


def sent(root: Any, **inputs: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data["rule"] = json.dumps(root)
    for key, value in inputs.items():
        data["rule:" + key.replace("_", ":")] = value
    return data


def test_a_form_reads_the_visible_inputs(place):
    root = group({"attribute": "city", "operator": "in", "value": []})
    form = form_with(place, sent(root, **{"0_operator": "in", "0_value": 'Paris, "a, b"'}))
    assert form.is_valid()
    assert form.cleaned_data["rule"] == group({"attribute": "city", "operator": "in", "value": ["Paris", "a, b"]})


def test_a_form_accepts_its_own_output(place):
    for root in ({}, CITY, group(CITY), {"link": "purchases", "aggregate": "count", "operator": "equals", "value": 0}):
        form = form_with(place, {"rule": root})
        assert form.is_valid(), form.errors
        assert form.cleaned_data["rule"] == root
        again = form_with(place, {"rule": form.cleaned_data["rule"]})
        assert again.is_valid() and again.cleaned_data == form.cleaned_data


def test_an_empty_rule_is_everyone_unless_one_is_required(place):
    assert form_with(place, sent(group())).is_valid()
    assert form_with(place, {"rule": {}}).is_valid()
    assert "Add at least one condition." in str(form_with(place, {"rule": {}}, required=True).errors)


def test_a_form_explains_and_shows_what_is_wrong(place):
    form = form_with(place, sent(group({"attribute": "id", "operator": "equals", "value": "x"})))
    assert form.errors["rule"] == ["items[0].value: expects a number, not “x”."]
    page = str(form)
    assert "rule-wrong" in page and 'value="x"' in page


def test_an_unfinished_rule_is_kept_while_it_is_a_draft(place):
    form = form_with(place, sent(group({"attribute": "id", "operator": "equals", "value": ""})))
    form.fields["rule"].draft = True
    assert form.is_valid()
    assert form.cleaned_data["rule"]["items"][0]["value"] == ""


def test_two_builders_on_one_page_do_not_meet(place):
    first, second = form_with(place, prefix="a"), form_with(place, prefix="b")
    names = [set(re.findall(r' (?:name|id)="([^"]+)"', str(form))) for form in (first, second)]
    assert names[0] and not names[0] & names[1]


def test_a_rule_that_is_no_tree_is_refused(place):
    for text in ("[", "[]", '"x"', "[" * 100_000):
        assert not form_with(place, {"rule": text}).is_valid()


# --- typing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("12", "integer", 12),
        ("12,5", "decimal", 12.5),
        (" 7 ", "float", 7),
        ("twelve", "integer", "twelve"),
        ("true", "boolean", True),
        (" x ", "string", " x "),
        ("2026-03-01", "date", "2026-03-01"),
    ],
)
def test_what_is_typed_becomes_a_value_of_the_column(text, type, value):
    assert inputs.typed(text, type) == value


@pytest.mark.parametrize("values", [["a", "b"], ["a, b", 'say "x"'], [1, 2.5], []])
def test_a_list_is_read_back_as_it_was_shown(values):
    assert inputs.items(inputs.listed(values)) == [str(value) for value in values]


def test_places_of_errors_are_paths_of_the_builder():
    assert tree.path_of("items[0].where.items[12].value[3]") == "0.w.12"
    assert tree.path_of("where.attribute") == "w"
    assert tree.path_of("") == ""


def test_a_rule_is_normal_in_the_builder_and_plain_outside():
    root = tree.normal({"link": "purchases"})
    assert root == group({"link": "purchases", "where": group()})
    assert tree.plain(root) == group({"link": "purchases"})
    assert rule_forms.said(root, "nowhere", rule_forms.context_of(Nowhere())) == ""


def nested(depth: int) -> dict[str, Any]:
    root: dict[str, Any] = CITY
    for _ in range(depth):
        root = group(root)
    return root


@pytest.mark.parametrize("depth", [102, 200, 300])
def test_a_rule_that_is_nested_without_end_is_a_sentence(desk, place, depth):
    _after, page, response = desk(nested(depth), do="sentence")
    assert response.status_code == 422 and "nested deeper than 50 levels" in page
    field = RuleField(required=False)
    field.scope, field.draft = place, True
    with pytest.raises(forms.ValidationError, match="nested deeper"):
        field.clean(nested(depth))
    assert "nested deeper" in field.widget.render("rule", nested(depth))


@pytest.mark.parametrize("at", ["²", "0.²", "9" * 5000, "w.w.w", "0.x", "-1"])
@pytest.mark.parametrize("do", ["remove", "up", "down", "wrap", "ungroup", "add-group"])
def test_places_that_are_none_change_nothing(desk, do, at):
    after, _page, response = desk(group(CITY), do=do, at=at)
    assert response.status_code == 200 and after == group(CITY)
