"""The calendar: what stands on which day, what collides, and what is moved."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Folder, Run
from tests.campaigns.builders import email, graph, make_campaign

CALENDAR = reverse("campaigns:calendar")
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def november(settings):
    settings.TIME_ZONE = "Europe/Paris"
    timezone.get_default_timezone.cache_clear()
    with time_machine.travel("2026-11-26T12:00+01:00", tick=False):
        yield
    timezone.get_default_timezone.cache_clear()


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def planned(mark, slug: str, at: str, **facts) -> Campaign:
    schedule = {"frequency": "once", "at": at}
    return make_campaign(owner=mark, slug=slug, schedule=schedule, **{"timezone": "Europe/Paris"} | facts)


def days(response) -> dict[str, list[str]]:
    """Day → what stands on it, for the days on which something does."""
    found = {}
    for day, text in re.findall(
        r'data-day="([\d-]+)">(.*?)</li>\s*(?=<li class="day|</ol>)', response.content.decode(), re.S
    ):
        if launches := re.findall(r'<time datetime="[^"]+">(\d\d:\d\d)</time> <span class="launch-name">([^<]+)', text):
            found[day] = [" ".join(launch) for launch in launches]
    return found


def test_what_repeats_stands_on_each_of_its_days(mark):
    weekly = {"frequency": "weekly", "weekdays": ["monday", "thursday"], "at": "09:00", "valid_until": "2026-12-03"}
    make_campaign(owner=mark, slug="weekly", schedule=weekly, timezone="Europe/Paris", status="live")
    make_campaign(owner=mark, slug="paused", schedule=weekly, timezone="Europe/Paris", status="paused")
    response = as_(mark).get(CALENDAR)
    assert days(response) == {"2026-11-30": ["09:00 Weekly"], "2026-12-03": ["09:00 Weekly"]}
    page = response.content.decode()
    assert 'id="move-weekly-202611300800"' in page and 'id="move-weekly-202612030800"' in page
    assert "Scheduled" in page
    assert "edit it again to change that" in as_(mark).get(reverse("campaigns:reschedule", args=["weekly"])).text


def test_the_menu_of_a_launch_offers_its_date_on_the_clocks_of_the_campaign(mark):
    planned(mark, "draft", "2026-11-28T09:00", timezone="America/New_York")
    form = as_(mark).get(reverse("campaigns:reschedule", args=["draft"])).text
    assert 'value="2026-11-28T09:00"' in form and "on the clocks of America/New_York" in form


def test_a_conflict_of_many_names_the_first_and_says_how_many_more(mark):
    for number in range(9):
        planned(mark, f"c{number}", "2026-11-28T09:00")
    page = as_(mark).get(CALENDAR).text
    conflicts = page.partition('id="collisions-title"')[2].partition("</section>")[0]
    assert conflicts.count('href="/campaigns/c') == 6 and "and 3 more" in conflicts


def test_drafts_scheduled_and_past_launches_stand_on_their_days(mark):
    planned(mark, "draft", "2026-11-28T09:00")
    planned(mark, "approved", "2026-11-28T08:00", status="approved")
    planned(mark, "elsewhere", "2026-11-27T23:30", timezone="America/New_York")
    make_campaign(owner=mark, slug="undated")
    live = make_campaign(owner=mark, slug="live", status="live")
    version = live.versions.get()
    for at, status in (("2026-11-03T10:00+01:00", "failed"), ("2026-11-30T10:00+01:00", "running")):
        moment = datetime.fromisoformat(at)
        Run.objects.create(
            campaign=live, version=version, mode="live", scheduled_for=moment, document=version.document, status=status
        )
    response = as_(mark).get(CALENDAR)
    assert days(response) == {
        "2026-11-03": ["10:00 Live"],
        "2026-11-28": ["05:30 Elsewhere", "08:00 Approved", "09:00 Draft"],
        "2026-11-30": ["10:00 Live"],
    }
    page = response.content.decode()
    assert "> · 23:30 New York<" in page
    undated = as_(mark).get(reverse("campaigns:undated")).text
    assert ">Undated<" in undated and "Without a date" in undated and "Approved" not in undated
    assert as_(mark).get(reverse("campaigns:undated"), {"tag": "none"}).text.strip() == ""
    assert "Failed" in page and "Scheduled" in page


def test_the_week_shows_its_seven_days(mark):
    planned(mark, "draft", "2026-11-28T09:00")
    planned(mark, "later", "2026-12-05T09:00")
    response = as_(mark).get(CALENDAR, {"mode": "week"})
    assert days(response) == {"2026-11-28": ["09:00 Draft"]}
    assert days(as_(mark).get(CALENDAR, {"mode": "week", "day": "2026-12-01"})) == {"2026-12-05": ["09:00 Later"]}


@pytest.mark.parametrize("day", ["nonsense", "0001-01-01", "9999-12-31", "2026-02-31", "²"])
@pytest.mark.parametrize("mode", ["month", "week"])
def test_any_day_that_is_asked_for_is_answered(mark, day, mode):
    assert as_(mark).get(CALENDAR, {"day": day, "mode": mode}).status_code == 200


def test_the_same_dimension_on_the_same_day_is_a_conflict_in_words(mark):
    planned(mark, "one", "2026-11-28T09:00")
    planned(mark, "two", "2026-11-28T18:00")
    other = planned(mark, "three", "2026-11-28T18:00")
    Campaign.objects.filter(pk=other.pk).update(dimension="shops")
    planned(mark, "before", "2026-11-20T09:00")
    planned(mark, "before-too", "2026-11-20T09:00")
    page = as_(mark).get(CALENDAR).content.decode()
    assert re.findall(r"Conflict: [^<]+", page) == ["Conflict: 2 on people"]
    assert 'title="One, Two"' in page
    assert "Draft, date has passed" in page


def test_filters_narrow_the_calendar_but_not_what_collides(mark):
    folder = Folder.objects.create(name="Season")
    planned(mark, "one", "2026-11-28T09:00", folder=folder, tags=["VIP"])
    planned(mark, "two", "2026-11-28T18:00", status="approved")
    mailed = planned(mark, "three", "2026-11-29T18:00")
    mailed.versions.update(document=graph({"mail": ("email", email())}).to_json())
    Campaign.objects.exclude(pk=mailed.pk).update(dimension="shops")
    for campaign in Campaign.objects.exclude(pk=mailed.pk):
        campaign.versions.update(document=graph({}).to_json())
    page = as_(mark)
    assert days(page.get(CALENDAR, {"tag": "vip"})) == {"2026-11-28": ["09:00 One"]}
    assert "Conflict: 2 on shops" in page.get(CALENDAR, {"tag": "vip"}).content.decode()
    assert days(page.get(CALENDAR, {"status": "approved"})) == {"2026-11-28": ["18:00 Two"]}
    assert days(page.get(CALENDAR, {"folder": folder.pk})) == {"2026-11-28": ["09:00 One"]}
    assert days(page.get(CALENDAR, {"channel": "email"})) == {"2026-11-29": ["18:00 Three"]}


def test_a_draft_is_dropped_on_another_day_and_keeps_its_time(mark):
    planned(mark, "draft", "2026-11-28T23:30", timezone="America/New_York")  # 5.30 on the 29th here
    move = reverse("campaigns:reschedule", args=["draft"])
    answer = as_(mark).post(move, {"day": "2026-12-01"}, headers=HTMX)
    said = json.loads(answer["HX-Trigger"])
    assert answer.status_code == 204 and "calendar-changed" in said and said["toast"]["tone"] == "green"
    assert Campaign.objects.get().schedule["at"] == "2026-11-30T23:30"
    as_(mark).post(move, {"by": "1"})
    assert Campaign.objects.get().schedule["at"] == "2026-12-01T23:30"
    as_(mark).post(move, {"at": "2026-12-24T18:00"})
    assert Campaign.objects.get().schedule["at"] == "2026-12-24T18:00"


@pytest.mark.parametrize("data", [{}, {"day": "2026-02-31"}, {"at": "soon"}, {"by": "9"}, {"day": "2020-01-01"}])
def test_a_date_that_is_none_is_refused_with_a_sentence(mark, data):
    planned(mark, "draft", "2026-11-28T09:00")
    answer = as_(mark).post(reverse("campaigns:reschedule", args=["draft"]), data, headers=HTMX)
    assert json.loads(answer["HX-Trigger"])["toast"]["tone"] == "red"
    assert Campaign.objects.get().schedule["at"] == "2026-11-28T09:00"


def test_who_may_not_change_it_does_not_move_it(mark, vera):
    planned(mark, "draft", "2026-11-28T09:00")
    assert as_(vera).post(reverse("campaigns:reschedule", args=["draft"]), {"by": "1"}).status_code == 403
    menu = as_(vera).get(reverse("campaigns:reschedule", args=["draft"])).text
    assert "You need the right “change campaigns”" in menu and "<form" not in menu
    assert Campaign.objects.get().schedule["at"] == "2026-11-28T09:00"


def test_the_queries_of_the_calendar_do_not_grow(mark, django_assert_max_num_queries):
    client = as_(mark)
    planned(mark, "first", "2026-11-28T09:00")
    planned(mark, "held", "2026-11-28T09:00", status="approved")  # who gives the right to move it is asked once
    client.get(CALENDAR)
    with django_assert_max_num_queries(12) as few:
        client.get(CALENDAR)
    for number in range(12):
        planned(mark, f"c{number}", f"2026-11-{10 + number}T09:00", status="approved" if number % 2 else "draft")
    with django_assert_max_num_queries(len(few)):
        client.get(CALENDAR)
