"""What people say to each other about a node, a version, a run or a task."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign, CampaignVersion
from .run import Run
from .task import Task

PLACES = {"node_id": "", "version": None, "run": None, "task": None}  # a field of the subject -> what means "not here"


def _only(name: str) -> Q:
    """That a comment is about this and about nothing else."""
    here = Q(**{f"{name}__isnull": False}) if PLACES[name] is None else ~Q(**{name: ""})
    for other, nothing in PLACES.items():
        if other != name:
            here &= Q(**{other: nothing})
    return here


class Comment(models.Model):
    """One comment; a thread is a comment and those that answer it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="comments")
    node_id = models.CharField(max_length=60, blank=True)
    version = models.ForeignKey(CampaignVersion, null=True, on_delete=models.CASCADE, related_name="comments")
    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="comments")
    task = models.ForeignKey(Task, null=True, on_delete=models.CASCADE, related_name="comments")
    thread = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="answers")  # None: begins one
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(_("comment"), max_length=4000)
    written_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # its text is empty then; the thread goes on
    resolved_at = models.DateTimeField(null=True)  # of what begins a thread
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["written_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=_only("node_id") | _only("version") | _only("run") | _only("task"),
                name="a_comment_is_about_one_thing",
            ),
            models.CheckConstraint(condition=Q(thread=None) | Q(resolved_at=None), name="a_thread_is_resolved_whole"),
        ]
        indexes = [models.Index(fields=["campaign", "node_id"], name="comments_by_node")]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def begins_thread(self) -> bool:
        return self.thread_id is None


class Mention(models.Model):
    """That a comment names a person, until they have taken note of it."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    noted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="one_mention_per_person")]
        indexes = [models.Index(fields=["person"], condition=Q(noted_at=None), name="mentions_to_note")]

    def __str__(self) -> str:
        return f"{self.person}: {self.comment}"
