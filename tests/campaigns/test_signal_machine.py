"""Whatever signals come in whatever order: no two runs lie nearer than the interval, and no key begins two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from campaigns import execution, signals
from campaigns.models import Campaign, Run, Signal
from campaigns.status import move
from orchcamp.accounts import tokens
from orchcamp.accounts.models import User
from tests.campaigns.builders import audience, graph
from tests.campaigns.runs_stage import publish
from tests.campaigns.test_run_machine import Stage

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
INTERVAL = 600


class SignalMachine(Stage):
    """Programs, other campaigns and people send one campaign signals, while time goes by and the campaign rests."""

    def __init__(self) -> None:
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.clock.stop()

    @initialize()
    def begin(self) -> None:
        schedule = {"frequency": "signal", "interval": INTERVAL}
        run = publish(graph({"a": ("build_audience", audience())}), slug="second", schedule=schedule)
        Run.objects.filter(pk=run.pk).delete()
        self.campaign = run.campaign
        owner = User.objects.create_user("otto")
        self.token, _secret = tokens.make(owner, "Till")
        self.told: dict[str, int] = {}  # key -> the run that it was told
        self.begun: list[tuple[datetime, bool]] = []  # when, and whether it keeps the interval
        self.number = 0

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @rule(seconds=st.sampled_from([1, INTERVAL - 1, INTERVAL, 5000]))
    def time_goes_by(self, seconds: int) -> None:
        self.traveller.shift(timedelta(seconds=seconds))

    @rule(key=st.sampled_from(["a", "b", ""]), who=st.sampled_from(["program", "end", "person"]))
    def a_signal_comes(self, key: str, who: str) -> None:
        self.number += 1
        name = f"{who}-{key}" if key else f"{who}-once-{self.number}"
        on = Run.objects.open().live().exists()
        live = Campaign.objects.get().status == Campaign.Status.LIVE
        near = bool(self.begun) and self.now - self.begun[-1][0] < timedelta(seconds=INTERVAL)
        paced = who != "person"
        more = {"token": self.token} if who == "program" else {"paced": who == "end"}
        try:
            sent = signals.send(self.campaign, {}, key=name, **more)
        except signals.SignalError as refusal:
            expected = "not_live" if not live else "too_soon" if paced and near else "busy"
            assert name not in self.told and (not live or on or (paced and near))
            assert refusal.code == expected
            return
        if name in self.told:
            assert sent.run_id == self.told[name]
            return
        assert live and not on and not (paced and near)
        self.told[name] = sent.run_id
        self.begun.append((self.now, paced))

    @rule()
    @precondition(lambda self: Run.objects.open().live().exists())
    def a_worker_carries_the_run_out(self) -> None:
        for run in Run.objects.open().live():
            assert execution.run_to_end(run).status == Run.Status.SUCCEEDED
        self.traveller.shift(timedelta(milliseconds=1))  # no run begins and ends in one moment

    @rule()
    @precondition(lambda self: self.campaign.status == Campaign.Status.LIVE)
    def somebody_pauses_the_campaign(self) -> None:
        move(self.campaign, "pause")

    @rule()
    @precondition(lambda self: self.campaign.status == Campaign.Status.PAUSED)
    def somebody_resumes_it(self) -> None:
        move(self.campaign, "resume")

    @invariant()
    def every_run_was_begun_by_the_one_signal_that_says_so(self) -> None:
        taken = list(Signal.objects.filter(status=Signal.Status.TAKEN).values_list("run_id", flat=True))
        assert sorted(taken) == sorted(self.told.values()) == sorted(Run.objects.live().values_list("pk", flat=True))

    @invariant()
    def who_keeps_the_interval_is_never_nearer_than_that_to_the_one_before(self) -> None:
        for (before, _any), (after, paced) in zip(self.begun, self.begun[1:], strict=False):
            assert not paced or after - before >= timedelta(seconds=INTERVAL)


@pytest.mark.django_db
def test_signals_in_any_order_begin_what_they_may_and_nothing_twice():
    limits = settings(
        max_examples=15,
        stateful_step_count=20,
        deadline=None,
        phases=[Phase.generate],  # with real runs, making a failure small takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(SignalMachine, settings=limits)
