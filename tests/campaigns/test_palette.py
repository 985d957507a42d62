"""What a new node begins with."""

from __future__ import annotations

from activities import catalogue
from campaigns import palette

OFFERED = {"configurations": [("newsletter", "Newsletter")], "configurations_sms": [("a", "A"), ("b", "B")]}


def test_the_only_configuration_of_a_channel_is_chosen_and_one_of_several_is_not():
    assert palette.fresh(catalogue.get("email"), "people", OFFERED)["configuration"] == "newsletter"
    assert not palette.fresh(catalogue.get("sms"), "people", OFFERED)["configuration"]
    assert not palette.fresh(catalogue.get("email"), "people")["configuration"]


def test_a_new_split_keeps_the_rest_and_a_new_audience_is_about_the_campaign():
    assert palette.fresh(catalogue.get("split"), "people")["complement"] is True
    assert palette.fresh(catalogue.get("build_audience"), "people")["dimension"] == "people"
    assert catalogue.get("split").form_class.fresh()["complement"] is False  # what a file without it means


def test_the_palette_says_what_can_stand_where():
    items = {item.key: item for group in palette.groups() for item in group.types}
    assert (items["end"].inbound, items["end"].outbound) == (True, False)
    assert items["build_audience"].begins and not items["combine"].begins
