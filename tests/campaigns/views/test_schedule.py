"""The page of a schedule: the fields of each frequency, the next launches while one types, and who may change it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, CampaignVersion, Run
from campaigns.versions import drafting
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign
from tests.campaigns.launching_stage import DAILY, at, published

pytestmark = pytest.mark.django_db
ADDRESS = "/campaigns/spring/schedule"
WEEKLY = {
    "frequency": "weekly",
    "weekdays": ["monday", "thursday"],
    "at": "09:00",
    "every": "1",
    "start": "",
    "valid_from": "",
    "valid_until": "2026-12-31T23:59",
    "missed": "run_once",
    "overlap": "skip",
}


@pytest.fixture(autouse=True)
def now(data_dir):
    with time_machine.travel(at("2026-10-19 12:00"), tick=True):
        yield


@pytest.fixture
def campaign(mark) -> Campaign:
    make_shop()
    return make_campaign(owner=mark, timezone="Europe/Paris")


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def fields(response: Any) -> set[str]:
    """The names of the fields that are shown."""
    return set(response.context["form"].fields)


def test_it_begins_as_soon_as_possible_and_the_canvas_says_so(campaign, mark):
    page = browser(mark).get(ADDRESS)
    assert fields(page) == {"frequency"}
    assert "As soon as possible" in text(browser(mark).get(reverse("campaigns:canvas", args=["spring"])))


def test_a_weekly_schedule_is_saved_and_said_in_words(campaign, mark):
    response = browser(mark).post(ADDRESS, WEEKLY)
    assert response.status_code == 302
    campaign.refresh_from_db()
    assert campaign.schedule == {
        "frequency": "weekly",
        "weekdays": ["monday", "thursday"],
        "at": "09:00",
        "every": 1,
        "valid_until": "2026-12-31",
        "missed": "run_once",
        "overlap": "skip",
    }
    page = text(browser(mark).get(reverse("campaigns:canvas", args=["spring"])))
    assert "Every Monday and Thursday at 09:00, Paris time, until 31 Dec 2026" in page
    assert fields(browser(mark).get(ADDRESS)) == set(WEEKLY)


def test_the_next_ten_launches_follow_what_is_typed_over_the_change_of_the_clocks(campaign, mark):
    page = text(browser(mark).post(ADDRESS, WEEKLY | {"part": "launches"}, headers={"HX-Request": "true"}))
    assert "On the clocks of Europe/Paris" in page
    assert "Thu 22 Oct 2026 09:00 UTC+02:00" in page and "Mon 26 Oct 2026 09:00 UTC+01:00" in page
    assert len(re.findall(r"UTC\+0", page)) == 10
    campaign.refresh_from_db()
    assert campaign.schedule == {}


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({"frequency": "once"}, {"moment", "missed"}),
        ({"frequency": "daily", "days": "period"}, {"first_day", "last_day", "at"}),
        ({"frequency": "several"}, {"mode", "times"}),
        ({"frequency": "several", "mode": "periodic"}, {"every", "unit", "from", "to"}),
        ({"frequency": "weekly"}, {"weekdays", "every", "start"}),
        ({"frequency": "monthly", "on": "nth"}, {"nth", "weekday", "months"}),
        ({"frequency": "monthly", "on": "last_day"}, {"months", "at"}),
        ({"frequency": "signal"}, {"valid_from", "valid_until"}),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_choice_shows_its_fields_without_complaining_yet(campaign, mark, chosen, shown, headers):
    response = browser(mark).post(ADDRESS, chosen | {"part": "fields"}, headers=headers)
    assert shown <= fields(response)
    assert "field-error" not in response.content.decode()
    assert ("<html" in response.content.decode()) is not bool(headers)


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(campaign, mark):
    response = browser(mark).post(ADDRESS, WEEKLY | {"weekdays": [], "at": "25:00", "every": "2"})
    assert set(response.context["form"].errors) == {"weekdays", "at", "start"}
    page = response.content.decode()
    assert "Choose at least one weekday" in page and 'value="25:00"' in page and 'value="2026-12-31T23:59"' in page


def test_a_day_of_the_year_is_chosen_by_month_and_number(campaign, mark):
    typed = {"frequency": "daily", "days": "period", "at": "09:00", "missed": "skip", "overlap": "queue"}
    typed |= {"first_day_day": "20", "first_day_month": "12", "last_day_day": "6", "last_day_month": "1"}
    browser(mark).post(ADDRESS, typed)
    campaign.refresh_from_db()
    assert (campaign.schedule["first_day"], campaign.schedule["last_day"]) == ("12-20", "01-06")
    page = browser(mark).get(ADDRESS).content.decode()
    assert 'name="first_day_day" value="20"' in page and '<option value="12" selected>' in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"frequency": "once", "moment": "2026-10-01T09:00"}, "moment"),
        ({"frequency": "once", "moment": ""}, "moment"),
        (WEEKLY | {"valid_until": "2026-10-20T09:00"}, "valid_until"),
    ],
)
def test_a_schedule_that_would_launch_nothing_is_refused(campaign, mark, typed, field):
    assert set(browser(mark).post(ADDRESS, typed).context["form"].errors) == {field}


def test_short_intervals_are_warned_of(campaign, mark):
    dense = {"frequency": "several", "mode": "periodic", "every": "5", "unit": "minutes", "part": "launches"}
    assert "less than 15 minutes" in text(browser(mark).post(ADDRESS, dense))


def test_the_parameters_of_a_signal_are_kept(campaign, mark):
    Campaign.objects.update(schedule={"frequency": "signal", "parameters": [{"name": "city", "type": "text"}]})
    browser(mark).post(ADDRESS, {"frequency": "signal", "valid_until": "2026-12-31T12:00"})
    campaign.refresh_from_db()
    assert campaign.schedule == {
        "frequency": "signal",
        "valid_until": "2026-12-31T12:00",
        "parameters": [{"name": "city", "type": "text"}],
    }


def test_another_schedule_makes_the_test_of_the_draft_count_anew(campaign, mark):
    before = CampaignVersion.objects.get().revision
    browser(mark).post(ADDRESS, WEEKLY)
    assert CampaignVersion.objects.get().revision == before + 1


def test_once_it_is_no_draft_it_is_locked_with_the_reason(campaign, mark):
    Campaign.objects.update(status="live", schedule=DAILY)
    CampaignVersion.objects.update(frozen_at=timezone.now())
    page = text(browser(mark).get(ADDRESS))
    assert "Only a draft's schedule can be changed" in page and "Save the schedule" not in page
    browser(mark).post(ADDRESS, WEEKLY)
    campaign.refresh_from_db()
    assert campaign.schedule == DAILY


def test_the_next_version_of_a_live_campaign_has_a_schedule_of_its_own(campaign, mark):
    now = timezone.now()
    Campaign.objects.update(status="live", schedule=DAILY)
    CampaignVersion.objects.update(frozen_at=now, approved_at=now, published_at=now)
    drafting.begin_next(Campaign.objects.get(), by=mark)
    assert "Save the schedule" in text(browser(mark).get(ADDRESS))
    browser(mark).post(ADDRESS, WEEKLY)
    campaign.refresh_from_db()
    assert campaign.schedule == DAILY
    assert campaign.draft().planned().schedule["frequency"] == "weekly"
    assert "Monday" in text(browser(mark).get(ADDRESS))


def test_who_may_not_change_it_reads_it(campaign, vera):
    assert "Save the schedule" not in text(browser(vera).get(ADDRESS))
    assert browser(vera).post(ADDRESS, WEEKLY).status_code == 403


def test_a_scheduled_campaign_is_launched_by_hand_by_whoever_may_publish(mark, anna):
    make_shop()
    published(DAILY)
    assert "Launch now" in text(browser(anna).get(reverse("campaigns:canvas", args=["spring"])))
    address = reverse("campaigns:launch_now", args=["spring"])
    assert browser(mark).post(address).status_code == 403
    browser(anna).post(address)
    assert Run.objects.live().get().trigger == "by hand"
    assert "is on; wait until it has ended" in text(browser(anna).post(address, follow=True))


@pytest.mark.parametrize("stored", [[], "soon", {"frequency": "hourly"}, {"frequency": "daily", "at": 5, "days": {}}])
def test_a_schedule_that_cannot_be_read_is_still_shown_and_mended(campaign, mark, stored):
    Campaign.objects.update(schedule=stored)
    assert browser(mark).get(ADDRESS).status_code == 200
    browser(mark).post(ADDRESS, WEEKLY)
    campaign.refresh_from_db()
    assert campaign.schedule["frequency"] == "weekly"
