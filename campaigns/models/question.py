"""What an approval node asks people while a run waits, and what they answered."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .run import NodeRun


class Question(models.Model):
    """One decision that a run waits for; the answer's code is the port it goes on through."""

    node_run = models.OneToOneField(NodeRun, on_delete=models.CASCADE, related_name="question")
    title = models.CharField(max_length=200)
    message = models.TextField(blank=True)
    answers = models.JSONField(default=list)  # [{"code", "label"}]
    group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    several = models.BooleanField(default=False)  # all of the group answer; the most frequent code wins
    expires_at = models.DateTimeField(null=True)
    expiry = models.CharField(max_length=60, blank=True)  # the port that is taken when nobody answered in time
    remind_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=60, blank=True)  # the code that was decided

    class Meta:
        ordering = ["asked_at"]
        indexes = [models.Index(fields=["expires_at"], condition=Q(answered_at=None), name="open_questions")]

    def __str__(self) -> str:
        return self.title


class Answer(models.Model):
    """What one person said."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="given")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    code = models.CharField(max_length=60)
    comment = models.TextField(_("comment"), blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["question", "by"], name="one_answer_per_person")]

    def __str__(self) -> str:
        return f"{self.question}: {self.code}"
