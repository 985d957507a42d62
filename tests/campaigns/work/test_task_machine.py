"""Whatever people do to a task, in whatever order: it stays in its table, and is for one or for a team."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from campaigns.models import Task
from campaigns.work import transitions
from campaigns.work.transitions import MOVES
from orchcamp.accounts.models import AuditEntry
from orchcamp.web.errors import Refused
from tests.campaigns.builders import make_campaign
from tests.campaigns.test_run_machine import Stage
from tests.conftest import person

from .stage import give, make_team

CAST = {"mark": "manager", "vera": "viewer", "vic": "viewer", "wanda": "viewer"}
PEOPLE = st.sampled_from(sorted(CAST))


class TaskMachine(Stage):
    """Mark manages and gives; Vera and Vic are in the team; Wanda is not."""

    def furnish(self) -> None:
        """Tasks need no customer data."""

    @initialize()
    def begin(self):
        self.people = {name: person(name, profile) for name, profile in CAST.items()}
        campaign = make_campaign(owner=self.people["mark"])
        self.team = make_team(self.people["vera"], self.people["vic"])
        self.pk = give(campaign, self.people["mark"], group=self.team).pk
        self.expected = ("open", None)

    def task(self) -> Task:
        return Task.objects.select_related("campaign", "assignee", "group", "team").get(pk=self.pk)

    def attempt(self, deed) -> bool:
        before = AuditEntry.objects.count()
        try:
            deed()
        except Refused as refused:
            assert str(refused)
            assert AuditEntry.objects.count() == before
            return False
        assert AuditEntry.objects.count() == before + 1
        return True

    @rule(who=PEOPLE, to=st.sampled_from(Task.Status.values), seen=st.sampled_from([None, *Task.Status.values]))
    def move(self, who, to, seen):
        status, holder = self.expected
        task, by = self.task(), self.people[who]
        member = who in {"vera", "vic"}
        step = next((move for move in MOVES if (seen or status) in move.sources and move.target == to), None)
        plays = {"creator", "changer"} if who == "mark" else {"member"} if member else set()
        allowed = step is not None and bool(plays & step.who) and (seen in (None, status))
        assert self.attempt(lambda: transitions.move(task, to=to, by=by, seen=seen)) == allowed
        if allowed:
            takes = step.key == "begin" and holder is None and member
            self.expected = (to, who if takes else holder)

    @rule(who=PEOPLE)
    def take(self, who):
        status, holder = self.expected
        task = self.task()
        allowed = holder is None and who in {"vera", "vic"} and status in Task.ACTIVE
        assert self.attempt(lambda: transitions.take(task, by=self.people[who])) == allowed
        if allowed:
            self.expected = (status, who)

    @rule(who=PEOPLE)
    def hand_back(self, who):
        status, holder = self.expected
        task = self.task()
        allowed = holder is not None and who in {holder, "mark"} and status in Task.ACTIVE
        assert self.attempt(lambda: transitions.hand_back(task, by=self.people[who])) == allowed
        if allowed:
            self.expected = (status, None)

    @invariant()
    def it_is_as_expected(self):
        if not hasattr(self, "pk"):
            return
        task = self.task()
        holder = task.assignee.username if task.assignee else None
        assert (task.status, holder) == self.expected
        assert (task.group is None) == (holder is not None)
        assert task.team == Group.objects.get(pk=self.team.pk)
        assert (task.done_at is not None) == (task.status == Task.Status.DONE)


@pytest.mark.django_db
def test_a_task_is_where_its_table_says_whatever_people_try():
    run_state_machine_as_test(
        TaskMachine,
        settings=settings(
            max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
