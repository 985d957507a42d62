"""What a panel shows: fields that another's value asks for, and fields that a message can use."""

from __future__ import annotations

import pytest

from activities import catalogue
from activities.channels import loops
from activities.forms import Scope
from activities.types.split import SplitForm, SubsetForm
from activities.types.wait import WaitForm
from orchcamp.datasets.schema import DataModel


def test_a_field_names_the_values_of_others_that_ask_for_it():
    form = WaitForm(prefix="w")
    assert form.fields["weekday"].shown_for == "w-type=weekday"
    assert 'data-shown-for="w-type=weekday"' in form["weekday"].as_field_group()


def test_inside_rows_and_parts_the_names_are_those_of_the_page():
    drawn = str(SplitForm(initial=SplitForm.fresh())["subsets"])
    assert 'data-shown-for="subsets-0-limit-type=percent subsets-0-limit-type=number"' in drawn
    assert 'data-shown-for="subsets-0-limit-type=percent"' in drawn


@pytest.mark.parametrize("key", [kind.key for kind in catalogue.all_types()])
def test_what_asks_for_a_field_is_a_field_with_that_choice(key):
    form = catalogue.get(key).form_class()
    for name, pairs in form.shown_for.items():
        for pair in pairs.split():
            other, value = pair.split("=")
            assert name in form.fields
            assert value in dict(form.fields[other].choices)


def test_a_collection_is_offered_as_a_loop():
    names = ["id", "bought1_price", "bought1_at", "bought2_price", "bought2_at", "a1"]
    assert loops(names) == [("bought", "{% for item in bought %}{{ item.price }} {{ item.at }}{% endfor %}")]


@pytest.mark.parametrize(
    ("carried", "limit", "said"),
    [
        ({"a": (1200, False), "": (5000, False)}, None, "Took 1,200 rows in the last run."),
        ({"a": (9, True), "": (301, False)}, {"type": "percent", "value": 50, "of": "inbound"}, "at most 150 of 301"),
        ({"a": (9, True)}, None, "before the last change"),
        ({}, {"type": "percent", "value": 50, "of": "inbound"}, ""),
    ],
)
def test_a_subset_says_what_it_took_or_what_it_would(carried, limit, said):
    form = SubsetForm(initial={"code": "a", "limit": limit}, scope=Scope(DataModel({}), carried=carried))
    assert said in form.projected
    assert bool(form.projected) == bool(said)
