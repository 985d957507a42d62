"""One execution of a canvas: the run, its nodes, its batches. Populations lie in the lake."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.graph import Graph
from orchcamp.messaging.models import Delivery

from .campaign import Campaign, CampaignVersion


class ClaimQuerySet(models.QuerySet):
    """Rows that workers take by a conditional update: exactly one wins.

    Narrow by ``run__in=…``, never by a joined field (``run__status=…``): Django moves a join into a subquery that
    PostgreSQL does not look at again after waiting for a row, and two workers would win.
    """

    def claim(self, pk: int, *, source: str, target: str, lease: timedelta) -> bool:
        return bool(
            self.filter(pk=pk, status=source).update(
                status=target, attempts=F("attempts") + 1, lease_until=timezone.now() + lease
            )
        )

    def expired(self) -> ClaimQuerySet:
        return self.filter(lease_until__lt=timezone.now())


class RunQuerySet(models.QuerySet):
    def running(self) -> RunQuerySet:
        return self.filter(status=Run.Status.RUNNING)

    def open(self) -> RunQuerySet:
        return self.filter(status__in=[Run.Status.RUNNING, Run.Status.PAUSED])

    def live(self) -> RunQuerySet:
        return self.filter(mode=Run.Mode.LIVE)

    def tests(self) -> RunQuerySet:
        return self.filter(mode=Run.Mode.TEST)

    def dry(self) -> RunQuerySet:
        return self.filter(mode=Run.Mode.DRY)


class Run(models.Model):
    """One execution of a canvas over pinned snapshots: a test, a dry run, or live. Only live ones send and change anything."""

    class Mode(models.TextChoices):
        TEST = "test", _("Test")
        DRY = "dry", _("Dry run")
        LIVE = "live", _("Live")

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    OPEN = frozenset({Status.RUNNING, Status.PAUSED})

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    version = models.ForeignKey(CampaignVersion, on_delete=models.CASCADE, related_name="runs")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    scheduled_for = models.DateTimeField()  # the slot: with version and mode, the run's identity
    document = models.JSONField()  # the canvas as it was at the start
    snapshots = models.JSONField(default=dict)  # dataset -> snapshot number, pinned
    variables = models.JSONField(default=dict)
    memory = models.JSONField(default=dict)  # node -> what earlier live runs left it, pinned
    files = models.JSONField(default=dict)  # name of a campaign's file -> lake path, pinned
    foresight = models.JSONField(default=dict)  # of a dry run that is over: whom it reaches and how long it would take
    policy = models.JSONField(default=dict)  # the campaign's settings as this began: errors, limits, whom to tell
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING, db_index=True)
    error = models.TextField(blank=True)
    errors = models.PositiveIntegerField(default=0)  # nodes that failed and were gone on without, once it is over
    aborted = models.BooleanField(default=False)  # failed, and the error policy ended it at once
    trigger = models.CharField(max_length=20, blank=True)  # what began it: test, review, published, command
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    purging_at = models.DateTimeField(null=True)  # from then on its populations are being removed
    purged_at = models.DateTimeField(null=True)  # since then they are gone; the counts stay
    forgotten_at = models.DateTimeField(null=True)  # since then its log and files are being removed, or are gone

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["campaign", "-started_at", "-id"], name="runs_by_campaign"),
            models.Index(fields=["mode", "scheduled_for"], name="runs_by_slot"),
            models.Index(fields=["status", "finished_at"], name="runs_by_end"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["version", "scheduled_for", "mode"], name="one_run_per_slot"),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(mode="live", status__in=["running", "paused"]),
                name="one_live_run_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} · {self.get_mode_display()} {self.pk}"

    def get_status_display(self) -> str:
        """The status in words; a run that went on without failed nodes says so."""
        return self.status_in_words(self.status, self.errors)

    @classmethod
    def status_in_words(cls, status: str, errors: int) -> str:
        """The same for a status and a number of errors that come without their row."""
        if status == cls.Status.SUCCEEDED and errors > 0:
            return str(_("Succeeded with errors"))
        return str(cls.Status(status).label)

    @property
    def with_errors(self) -> bool:
        """Whether it came to its end without nodes that had failed."""
        return self.status == self.Status.SUCCEEDED and self.errors > 0

    @property
    def graph(self) -> Graph:
        return Graph.from_json(self.document)

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class NodeRun(models.Model):
    """One node of one run."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Not started")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SUCCEEDED = "succeeded", _("Succeeded")
        SKIPPED = "skipped", _("Not reached")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")

    class WaitingFor(models.TextChoices):
        NOTHING = "", ""
        TIME = "time", _("Time")
        CONFIRMATION = "confirmation", _("Confirmation")
        ANSWER = "answer", _("An answer")
        SIGNAL = "signal", _("A signal")
        BREAKPOINT = "breakpoint", _("Its breakpoint")

    SETTLED = frozenset({Status.SUCCEEDED, Status.SKIPPED})

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="nodes")
    node_id = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    waiting_for = models.CharField(max_length=12, choices=WaitingFor.choices, blank=True)
    resume_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)  # when its breakpoint stopped the run; it does so once
    attempts = models.PositiveIntegerField(default=0)  # also the fence: a late worker's number is too low
    losses = models.PositiveIntegerField(default=0)  # workers that fell silent over it, one after the other
    taken_at = models.DateTimeField(null=True)  # when a worker last took it in hand
    worked = models.FloatField(default=0)  # seconds that workers had it in hand before that
    ignored = models.BooleanField(default=False)  # failed, and the error policy lets the run go on without it
    lease_until = models.DateTimeField(null=True)
    outputs = models.JSONField(default=dict)  # port -> {"rows", "dimension", "key"}
    follows = models.JSONField(default=list)  # the ports that were activated
    lost = models.JSONField(default=list)  # [{"reason", "rows"}]: rows that left through no port, and why
    answer = models.CharField(max_length=60, blank=True)  # what a person or a signal decided
    memory = models.JSONField(default=dict)  # what the node would keep for the next run, if this one ends well
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "node_id"], name="one_row_per_node")]
        indexes = [models.Index(fields=["status", "lease_until"], name="node_runs_by_lease")]

    def __str__(self) -> str:
        return f"{self.run}: {self.node_id}"

    @property
    def is_settled(self) -> bool:
        """Whether what comes after it need not wait for it: done, not reached, or in error and gone on without."""
        return self.status in self.SETTLED or self.ignored

    @property
    def weighs(self) -> str:
        """Its status as it counts for the run: an error that is ignored is a node that was not reached."""
        return self.Status.SKIPPED if self.ignored and self.status == self.Status.FAILED else self.status


class Batch(models.Model):
    """Some hundred messages of one delivery, sent by one worker at a time."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SETTLED = "settled", _("Settled")
        STOPPED = "stopped", _("Stopped")

    node_run = models.ForeignKey(NodeRun, on_delete=models.CASCADE, related_name="batches")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)  # back-off after temporary failures
    hurried_at = models.DateTimeField(null=True)  # a person did not wait: what was put off before this is due
    taken_at = models.DateTimeField(null=True)  # when a worker last took it in hand
    done_before = models.PositiveIntegerField(
        default=0
    )  # messages handed over before that: what came since is its rate
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    excluded = models.PositiveIntegerField(default=0)  # consent or suppression that came after the plan
    in_doubt = models.PositiveIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="one_batch_per_number")]
        indexes = [models.Index(fields=["status", "lease_until"], name="batches_by_lease")]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"{self.delivery} {self.number}"


class DoubtfulMessage(models.Model):
    """A message that was begun and never answered; a person says what became of it."""

    class Resolution(models.TextChoices):
        OPEN = "", _("Open")
        ACCEPTED = "accepted", _("It was sent")
        NOT_SENT = "not_sent", _("It was not sent")

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="doubtful")
    message_id = models.CharField(max_length=32)
    address = models.CharField(max_length=320)
    begun_at = models.DateTimeField()
    evidence = models.TextField()
    resolution = models.CharField(max_length=10, choices=Resolution.choices, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["begun_at"]
        constraints = [models.UniqueConstraint(fields=["batch", "message_id"], name="one_doubt_per_message")]

    def __str__(self) -> str:
        return self.message_id


class LogEntry(models.Model):
    """What a run says about itself, in sentences."""

    class Severity(models.TextChoices):
        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="log")
    node_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.INFO)
    message = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.message


class Beat(models.Model):
    """When something that must stay alive last said so."""

    name = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
