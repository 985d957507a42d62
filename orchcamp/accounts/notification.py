"""What people are told: the notification, by which way they want to hear of a kind, and the letters they are written."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Mail(models.TextChoices):
    """When a person is written to about a kind."""

    NOW = "now", _("At once")
    DIGEST = "digest", _("In the digest")
    NEVER = "never", _("Never")


class Letter(models.Model):
    """One mail to one person about one notification or several: handed over at most once, or shown as in doubt."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To be written")
        SENDING = "sending", _("Being written")
        SENT = "sent", _("Written")
        FAILED = "failed", _("Could not be written")
        DOUBT = "doubt", _("In doubt")
        LEFT_OUT = "left_out", _("Left out")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="letters")
    day = models.DateField(null=True, blank=True)  # of the person's own calendar, for which it is the digest
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    claim = models.CharField(max_length=32, blank=True)  # the worker's errand in which it is written
    begun_at = models.DateTimeField(null=True)  # from here on the mail may have gone out
    not_before = models.DateTimeField(null=True)  # WAITING: the next attempt; SENDING: when the worker counts as lost
    attempts = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)  # why the last attempt did not end well

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "day"], condition=Q(day__isnull=False), name="one_digest_per_person_and_day"
            )
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state__in=["waiting", "sending"]), name="letters_to_write"),
            models.Index(fields=["claim"], condition=Q(state="sending"), name="letters_by_claim"),
        ]
        verbose_name = _("letter")
        verbose_name_plural = _("letters")

    def __str__(self) -> str:
        return f"{self.person}, {self.get_state_display()}"


class NotificationQuerySet(models.QuerySet):
    def in_bell(self, person: Any) -> NotificationQuerySet:
        """What the bell of one person holds."""
        return self.filter(person=person, bell=True)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    """One thing that one person is told, once however often it is said."""

    class Plan(models.TextChoices):
        NOW = "now", _("By mail at once")
        DIGEST = "digest", _("In the next digest")
        NEVER = "never", _("No mail, as you set it")
        NO_ADDRESS = "nobody", _("No mail: you have no e-mail address")
        READ = "read", _("No mail: you had read it")
        GATHERED = "gathered", _("By mail")  # a letter holds it; its state says the rest

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)  # what happened, told apart from every other time
    title = models.CharField(max_length=200, blank=True)
    sentence = models.TextField()
    address = models.CharField(max_length=500)  # the page to which it leads; that page asks for the right to see it
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    bell = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=8, choices=Plan.choices, default=Plan.NEVER)
    letter = models.ForeignKey(Letter, null=True, on_delete=models.SET_NULL, related_name="notifications")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_notification_per_key")]
        indexes = [
            models.Index(fields=["person", "-at", "-id"], name="notifications_by_person"),
            models.Index(fields=["person"], condition=Q(read_at=None, bell=True), name="notifications_unread"),
            models.Index(fields=["mail"], condition=Q(mail__in=["now", "digest"]), name="notifications_to_mail"),
            models.Index(fields=["read_at"], name="notifications_by_reading"),
        ]
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")

    def __str__(self) -> str:
        return self.sentence


class NotificationPreference(models.Model):
    """How one person wants to hear of one kind; without a row it is as the kind is declared."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    bell = models.BooleanField(default=True)
    mail = models.CharField(max_length=6, choices=Mail.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_preference_per_kind")]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class DigestTime(models.Model):
    """When one person's digest is written, by the clock of where they are."""

    class Days(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKDAYS = "weekdays", _("Monday to Friday")

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest_time")
    hour = models.PositiveSmallIntegerField(_("hour"), default=8, validators=[MaxValueValidator(23)])
    zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    days = models.CharField(_("days"), max_length=8, choices=Days.choices, default=Days.DAILY)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(hour__lte=23), name="digest_hour_of_a_day")]

    def __str__(self) -> str:
        return f"{self.person}, {self.hour}:00 {self.zone}"
