"""Telling people: once a person and key, not oneself, not who has left, by the ways that each has chosen."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orchcamp.accounts import notifying
from orchcamp.accounts.models import Notification, NotificationPreference, User
from orchcamp.accounts.notifying import Kind, tell

P = Notification.Plan


def say(people, key="state:1", kind="campaign_state", **more):
    tell(people, kind, "“Spring” is live.", address="/campaigns/spring/", key=key, **more)


def test_each_person_is_told_once_for_a_key_however_often_it_is_said(anna, mark):
    say([anna, mark, anna])
    say([mark, anna])
    assert sorted(Notification.objects.values_list("person__username", flat=True)) == ["anna", "mark"]
    say([anna], key="state:2")
    assert anna.notifications.count() == 2


def test_who_did_it_and_who_has_left_are_not_told(anna, mark, vera):
    vera.is_active = False
    say([anna, mark, vera], by=mark)
    assert [row.person for row in Notification.objects.all()] == [anna]


def test_the_ways_are_those_of_the_kind_until_the_person_chooses(anna, mark, ada):
    NotificationPreference.objects.create(person=mark, kind="campaign_state", bell=False, mail="now")
    ada.email = ""
    say([anna, mark, ada])
    assert {row.person.username: (row.bell, row.mail) for row in Notification.objects.all()} == {
        "anna": (True, P.DIGEST),
        "mark": (False, P.NOW),
        "ada": (True, P.NO_ADDRESS),
    }


def test_a_kind_is_declared_once_and_an_unknown_one_is_a_mistake_of_the_program(anna):
    with pytest.raises(ValueError, match="Another kind"):
        notifying.declare(Kind("mention", "Something else", ""))
    with pytest.raises(KeyError):
        say([anna], kind="gossip")


def test_a_thousand_people_are_told_in_a_handful_of_statements(db):
    crowd = User.objects.bulk_create([User(username=f"p{n}", email=f"p{n}@example.org") for n in range(1000)])
    with CaptureQueriesContext(connection) as queries:
        say(crowd)
    assert Notification.objects.count() == 1000
    assert len(queries) <= 20  # SQLite takes fewer than a hundred rows in one statement
