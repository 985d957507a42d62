"""The calendar for other programs: whose it is, and that it is written as RFC 5545 wants it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import feeds
from campaigns.models import CalendarFeed, Campaign, Run
from orchcamp.accounts import access
from tests.campaigns.builders import make_campaign

FEED, SUBSCRIBE = reverse("campaigns:feed"), reverse("campaigns:subscribe")


def soon(days: int = 3, **facts) -> dict:
    at = (timezone.localtime() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")
    return {"schedule": {"frequency": "once", "at": at}, **facts}


def read(token: str) -> str:
    response = Client().get(FEED, {"token": token})
    assert response.status_code == 200 and response["Content-Type"] == "text/calendar; charset=utf-8"
    return response.content.decode()


def parsed(text: str) -> list[dict[str, str]]:
    """The events by a second reading of the format: unfolded, split, unescaped."""
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    events: list[dict[str, str]] = []
    for line in text.replace("\r\n ", "").split("\r\n"):
        name, _colon, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events:
            events[-1][name] = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
    return events


def test_the_feed_holds_what_the_person_sees_and_nothing_else(mark, mallory):
    seen = make_campaign(owner=mark, slug="seen", **soon())
    make_campaign(owner=mark, slug="hidden", **soon())
    group = mark.groups.get()
    type(group.profile).objects.update(everywhere=False)
    mallory.groups.add(group)
    access.grant(mallory, ["view"], seen)
    token = feeds.renew(mallory)
    assert [event["SUMMARY"] for event in parsed(read(token))] == ["Seen (Draft)"]
    mallory.groups.clear()
    assert parsed(read(token)) == []


def test_each_launch_of_a_schedule_is_an_event_of_its_own(mark):
    make_campaign(owner=mark, schedule={"frequency": "daily", "at": "09:00"}, status="live")
    events = parsed(read(feeds.renew(mark)))
    assert len(events) == len({event["UID"] for event in events}) == 200
    assert {event["STATUS"] for event in events} == {"CONFIRMED"}


@pytest.mark.parametrize("given", ["", "x", "1-", "1-abc", "²-1", "9" * 30])
def test_a_wrong_address_leads_nowhere(mark, given):
    feeds.renew(mark)
    assert Client().get(FEED, {"token": given}).status_code == 404


def test_an_address_is_renewed_and_revoked_and_dies_with_the_person(mark, vera):
    client = Client()
    client.force_login(mark)
    client.post(SUBSCRIBE, {"do": "renew"})
    first = feeds.token(mark)
    read(first)
    client.post(SUBSCRIBE, {"do": "renew"})
    assert Client().get(FEED, {"token": first}).status_code == 404
    second = feeds.token(mark)
    assert second in client.get(reverse("campaigns:calendar")).content.decode()
    foreign = f"{vera.pk}-{second.partition('-')[2]}"
    assert Client().get(FEED, {"token": foreign}).status_code == 404
    type(mark).objects.filter(pk=mark.pk).update(is_active=False)
    assert Client().get(FEED, {"token": second}).status_code == 404
    type(mark).objects.filter(pk=mark.pk).update(is_active=True)
    client.post(SUBSCRIBE, {"do": "revoke"})
    assert Client().get(FEED, {"token": second}).status_code == 404 and not CalendarFeed.objects.exists()


def test_the_secret_in_the_database_is_not_the_token(mark):
    token = feeds.renew(mark)
    secret = CalendarFeed.objects.get(user=mark).secret
    assert secret not in token and Client().get(FEED, {"token": f"{mark.pk}-{secret}"}).status_code == 404


def test_texts_are_escaped_and_lines_folded_between_characters(mark):
    name = "Été; à “Nice”, \\ or " + "ü€😀" * 20
    make_campaign(
        owner=mark, name=name, description="One\r\ntwo;\x07 END:VEVENT\nBEGIN:VEVENT", tags=["a,b", "c"], **soon()
    )
    (event,) = parsed(read(feeds.renew(mark)))
    assert event["SUMMARY"] == f"{name} (Draft)"
    assert event["DESCRIPTION"].endswith("One\ntwo; END:VEVENT\nBEGIN:VEVENT")
    assert event["CATEGORIES"] == "a,b,c"


def test_moments_are_utc_and_the_name_of_an_event_stays(mark):
    campaign = make_campaign(owner=mark, timezone="Asia/Tokyo", **soon())
    token = feeds.renew(mark)
    (event,) = parsed(read(token))
    assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTART"]) and event["DTEND"] > event["DTSTART"]
    assert event["STATUS"] == "TENTATIVE" and event["URL"].endswith("/campaigns/spring/")
    Campaign.objects.filter(pk=campaign.pk).update(name="Other", status="approved", **soon(5))
    (moved,) = parsed(read(token))
    assert moved["UID"] == event["UID"] and moved["DTSTART"] > event["DTSTART"] and moved["STATUS"] == "CONFIRMED"


def test_a_run_takes_the_place_of_what_was_planned(mark):
    campaign = make_campaign(owner=mark, status="live", **soon())
    version = campaign.versions.get()
    at = timezone.now() + timedelta(days=3)
    Run.objects.create(campaign=campaign, version=version, mode="live", scheduled_for=at, document=version.document)
    (event,) = parsed(read(feeds.renew(mark)))
    assert event["SUMMARY"] == "Spring (Scheduled)" and event["UID"].startswith("run-")


def test_the_feed_asks_as_much_for_many_launches_as_for_one(mark, django_assert_num_queries):
    make_campaign(owner=mark, **soon())
    feeds.text(mark)  # what may be done is asked for once
    with CaptureQueriesContext(connection) as one:
        feeds.text(mark)
    for number in range(5):
        make_campaign(owner=mark, slug=f"more-{number}", tags=["spring"], **soon())
    with django_assert_num_queries(len(one)):
        assert feeds.text(mark).count("CATEGORIES:spring") == 5
