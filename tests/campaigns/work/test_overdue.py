"""A task is overdue when its day is over where its campaign is; people are told once for each day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import Campaign, Task
from campaigns.work import telling, transitions, writing
from orchcamp.accounts.models import Notification
from tests.campaigns.builders import make_campaign

from .stage import give, make_team

NOON = datetime(2030, 5, 10, 12, tzinfo=UTC)
ZONES = ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Paris", "America/Los_Angeles", "nowhere"]


def test_the_day_is_over_where_the_campaign_is(mark):
    for zone in ZONES:
        campaign = make_campaign(owner=mark, slug=zone.lower().replace("/", "-").replace("+", "-"), timezone=zone)
        for day in (8, 9, 10, 11):
            Task.objects.create(campaign=campaign, title=f"{zone} {day}", due_on=date(2030, 5, day))
    tasks = Task.objects.select_related("campaign")
    late = {task.title for task in tasks.filter(telling.overdue(NOON))}
    assert late == {task.title for task in tasks if task.is_overdue(NOON)}
    assert "Pacific/Kiritimati 10" in late  # it is the 11th there
    assert "UTC 10" not in late and "UTC 9" in late
    assert "Etc/GMT+12 9" in late and "Etc/GMT+12 10" not in late


@pytest.mark.django_db
@given(st.datetimes(datetime(2029, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)))
def test_the_database_and_the_row_agree_at_every_moment(now):
    campaign = Campaign.objects.get_or_create(slug="far", dimension="people", timezone="Asia/Kolkata")[0]
    task = Task.objects.create(campaign=campaign, title="x", due_on=now.date())
    assert Task.objects.filter(telling.overdue(now), pk=task.pk).exists() == task.is_overdue(now)


def told(person) -> int:
    return Notification.objects.filter(person=person, kind="task_overdue").count()


def test_people_are_told_once_and_again_for_another_day(mark, vera, anna):
    task = give(make_campaign(owner=mark), mark, group=make_team(vera, anna), due_on=date(2030, 5, 8))
    for _pass in range(2):
        telling.recover(NOON)
    assert (told(vera), told(anna), told(mark)) == (1, 1, 1)
    writing.change_task(task, by=mark, due_on=date(2030, 5, 9))
    telling.recover(NOON)
    assert told(vera) == 2
    sentence = Notification.objects.filter(person=vera, kind="task_overdue").latest("pk").sentence
    assert sentence == "“Write the text” on “Spring” was due on May 9, 2030."


def test_what_is_done_or_has_no_day_is_nobody_s_concern(mark, django_assert_max_num_queries):
    campaign = make_campaign(owner=mark)
    done = give(campaign, mark, due_on=date(2030, 5, 8))
    transitions.move(done, to="done", by=mark)
    give(campaign, mark)
    with django_assert_max_num_queries(2):
        telling.recover(NOON)
    assert not Notification.objects.filter(kind="task_overdue").exists()
