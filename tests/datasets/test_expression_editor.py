"""The expression editor by its requests: what it offers, what it says of a text, and the sample of its result."""

from __future__ import annotations

import html
import re

import pytest
from django import forms
from django.urls import reverse
from django.utils import timezone

from orchcamp.datasets import schema
from orchcamp.datasets.expressions.forms import ExpressionField
from orchcamp.datasets.rules.forms import Nowhere, sealed
from orchcamp.datasets.schema import ColumnShape
from tests.builders import make_shop


@pytest.fixture
def place(db) -> Nowhere:
    make_shop()
    return Nowhere(schema.load(), "people", {}, timezone.now(), "UTC", {"town": "Paris"})


@pytest.fixture
def ask(client, mark, place):
    """``ask(view, **given)`` gives the page."""
    client.force_login(mark)

    def go(name: str, *, at: Nowhere | None = None, **given: str) -> str:
        data = {"scope": sealed(at or place), "target": "id_x"} | given
        return html.unescape(client.post(reverse(f"datasets:expression_{name}"), data).content.decode())

    return go


def sample(page: str) -> list[str]:
    return re.findall(r'formula-value">([^<]*)<', page)


def test_the_editor_lists_fields_variables_and_functions_with_examples(ask):
    page = ask("editor")
    assert 'data-insert="[city]"' in page and 'data-insert="$town"' in page
    assert "Upper(s)" in page and 'data-insert="Upper("' in page
    assert 'data-insert="[person.city]"' not in page


def test_fields_are_found_over_links(ask, place):
    purchases = Nowhere(place.model, "purchases", {}, place.now)
    assert 'data-insert="[product.brand]"' in ask("fields", at=purchases, base="product")
    page = ask("fields", at=purchases, q="brand")
    assert 'data-insert="[product.brand]"' in page and "amount" not in page
    assert "has no link" in ask("fields", at=purchases, base="nowhere")


def test_what_can_be_used_says_its_type_and_gives_a_sample(ask):
    page = ask("check", text="Upper([city]) + '!'")
    assert "Gives: Text" in page
    assert sample(page) == ["PARIS!", "LYON!", "PARIS!", "–", "NICE!"]
    assert sample(ask("check", text="RowNum(PartitionBy([city]), OrderBy([id]))"))[2] == "2"
    assert "Type an expression" in ask("check", text="  ")


def test_a_mistake_says_where_it_is(ask):
    page = ask("check", text="Length([city])\n + Upper([nowhere])")
    assert "Line 2, column 10" in page
    assert 'data-formula-goto="24"' in page
    assert " + Upper([nowhere])\n<span>" + " " * 9 + "^" in page


def test_the_type_that_is_asked_for_is_demanded(ask):
    assert "is asked for here" in ask("check", text="[city]", expects="boolean")
    assert "Gives: Yes or no" in ask("check", text="[city] = $town", expects="boolean")
    assert "A figure over the rows" in ask("check", text="[id]", figure="yes")
    assert "Gives: Whole number" in ask("check", text="Sum([id])", figure="yes")
    assert "figure over many rows" in ask("check", text="Sum([id])")


def test_results_of_personal_columns_are_masked(ask, mark):
    mark.groups.get().permissions.filter(codename="view_personal").delete()
    page = ask("check", text="Upper([name])")
    assert "ANN" not in page and "Ann" not in page and "masked" in page
    assert "PARIS" in ask("check", text="Upper([city])")


def test_columns_of_the_canvas_are_known_but_have_no_sample(ask, place):
    canvas = Nowhere(place.model, "people", {"segment": ColumnShape("segment", "Segment", "string")}, place.now)
    assert 'data-insert="[segment]"' in ask("editor", at=canvas)
    page = ask("check", at=canvas, text="Upper([segment])")
    assert "Gives: Text" in page and sample(page) == []
    file = Nowhere(place.model, "", {"code": ColumnShape("code", "Code", "string")}, place.now)
    assert 'data-insert="[code]"' in ask("editor", at=file)
    assert "Gives: Text" in ask("check", at=file, text="Upper([code])")


def test_who_may_not_see_data_has_no_editor(client, vera, place):
    client.force_login(vera)
    for name in ("editor", "fields", "check"):
        assert client.post(reverse(f"datasets:expression_{name}"), {"scope": sealed(place)}).status_code == 403


def test_a_settings_field_opens_the_editor_below_itself(place):
    class Holder(forms.Form):
        formula = ExpressionField("dimension", expects="boolean", label="Formula")

    form = Holder({"node-formula": "[city] = 'Paris'"}, prefix="node")
    form.fields["formula"].scope = place
    page = html.unescape(str(form))
    assert 'id="id_node-formula_editor"' in page and "[name='node-dimension']" in page
    assert '"expects": "boolean"' in page and "[city] = 'Paris'</textarea>" in page
