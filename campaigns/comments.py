"""Comments on nodes, versions, runs and tasks: written, answered, edited, deleted, resolved; and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts import access, audit, notifying
from orchcamp.accounts.models import User

from . import mentions
from .errors import CampaignError, NotAllowed, WrongStatus
from .mentions import Named
from .models import Campaign, CampaignVersion, Comment, Mention, Run, Task

EDITABLE_FOR = timedelta(hours=24)  # after that others have acted on it: it stands, and is answered
LONGEST = 4000
SHOWN, EVERY = 30, 1000  # threads: at first, and when all are asked for


@dataclass(frozen=True)
class Subject:
    """What comments are about: exactly one of a node, a version, a run, a task."""

    campaign: Campaign
    node_id: str = ""
    version: CampaignVersion | None = None
    run: Run | None = None
    task: Task | None = None

    @property
    def fields(self) -> dict[str, Any]:
        return {"node_id": self.node_id, "version": self.version, "run": self.run, "task": self.task}

    @property
    def key(self) -> str:
        """What its part of a page is called."""
        if self.node_id:
            return f"node-{self.node_id}"
        kind, thing = next((kind, self.fields[kind]) for kind in ("version", "run", "task") if self.fields[kind])
        return f"{kind}-{thing.pk}"

    @property
    def label(self) -> str:
        """What it is, in words."""
        if self.node_id:
            graph = self.campaign.latest_version().graph
            node = graph.nodes.get(self.node_id)
            return _("the node “%(name)s”") % {"name": node.name} if node else _("a node that was removed")
        if self.version:
            return _("version %(number)s") % {"number": self.version.number}
        if self.run:
            return _("run %(number)s") % {"number": self.run.pk}
        return _("the task “%(title)s”") % {"title": self.task}

    @property
    def short(self) -> str:
        """The same without a look at the canvas: a list says it of many."""
        return _("a node") if self.node_id else self.label

    @property
    def address(self) -> str:
        """Where its comments are read and written."""
        slug = self.campaign.slug
        if self.node_id:
            return reverse("campaigns:node_comments", args=[slug, self.node_id])
        if self.version:
            return reverse("campaigns:version_comments", args=[slug, self.version.number])
        if self.run:
            return reverse("campaigns:run_comments", args=[slug, self.run.pk])
        return reverse("campaigns:task_comments", args=[self.task.pk]) if self.task else ""

    @property
    def page(self) -> str:
        """The page on which they stand beside what they are about."""
        return reverse("campaigns:task", args=[self.task.pk]) if self.task else self.address


def about(comment: Comment) -> Subject:
    return Subject(comment.campaign, comment.node_id, comment.version, comment.run, comment.task)


def address(comment: Comment) -> str:
    """An address that leads to where a comment stands, also when many have come after it."""
    return reverse("campaigns:comment", args=[comment.pk])


def place(comment: Comment) -> str:
    """Where a comment stands now."""
    subject = about(comment)
    later = _begun(subject).filter(pk__gt=comment.thread_id or comment.pk).count()
    return f"{subject.page}{'?all=1' if later >= SHOWN else ''}#comment-{comment.pk}"


def _begun(subject: Subject) -> QuerySet[Comment]:
    return Comment.objects.filter(campaign=subject.campaign, thread=None, **subject.fields)


def threads(subject: Subject, most: int = SHOWN) -> tuple[list[Comment], bool]:
    """The latest threads about something with their answers, the oldest of them first, and whether there are earlier
    ones: a few queries, however long they are.
    """
    named = Prefetch("mentions", Mention.objects.select_related("person"))
    answers = Comment.objects.select_related("author").prefetch_related(named)
    rows = _begun(subject).select_related("author", "resolved_by").order_by("-pk")
    found = list(rows.prefetch_related(named, Prefetch("answers", answers))[: most + 1])
    shown = [thread for thread in reversed(found[:most]) if thread.deleted_at is None or _alive(thread)]
    return shown, len(found) > most


def _alive(thread: Comment) -> bool:
    return any(answer.deleted_at is None for answer in thread.answers.all())


def open_by_node(campaign: Campaign) -> dict[str, int]:
    """Node → how many comments its open threads have; one query for a canvas."""
    rows = Comment.objects.filter(campaign=campaign, deleted_at=None, thread__resolved_at=None, resolved_at=None)
    counted = rows.exclude(node_id="").order_by().values("node_id").annotate(number=Count("pk"))
    return dict(counted.values_list("node_id", "number"))


def by_version(campaign: Campaign) -> dict[int, int]:
    """Number of a version → how many comments there are on it."""
    rows = Comment.objects.filter(campaign=campaign, deleted_at=None, version__isnull=False).order_by()
    return dict(rows.values("version__number").annotate(number=Count("pk")).values_list("version__number", "number"))


def count(subject: Subject) -> int:
    """How many comments there are about something."""
    return Comment.objects.filter(campaign=subject.campaign, deleted_at=None, **subject.fields).count()


def may_comment(user: User, campaign: Campaign) -> bool:
    """Whether the person may write here: a viewer reads."""
    return access.may(user, "add", Comment) and access.may(user, "view", campaign)


def is_fresh(comment: Comment, user: User) -> bool:
    """Whether it is the person's own and young enough to be changed; asks the database nothing."""
    young = timezone.now() - comment.written_at < EDITABLE_FOR
    return comment.author_id == user.pk and comment.deleted_at is None and young


def may_edit(user: User, comment: Comment) -> bool:
    """Whether the person may still change what they wrote."""
    return is_fresh(comment, user) and may_comment(user, comment.campaign)


def may_delete(user: User, comment: Comment) -> bool:
    """Whether the person may take this away: their own while they may change it; administrators every one."""
    if comment.deleted_at is None and access.may(user, "delete", Comment):
        return access.may(user, "view", comment.campaign)
    return may_edit(user, comment)


def write(subject: Subject, text: str, *, by: User, thread: Comment | None = None) -> tuple[Comment, Named]:
    """Say something, or answer; whom it names is told, and those who take part."""
    _demand(by, subject.campaign)
    text = _text(text)
    if thread is not None:
        if about(thread).key != subject.key or thread.thread_id is not None:
            raise CampaignError(_("What you answer is not about this; reload the page and answer again."))
        if thread.resolved_at is not None:
            raise WrongStatus(_("This thread is resolved: reopen it to answer, or begin a new one."))
    named = mentions.read(text, subject.campaign)
    with transaction.atomic():
        facts = {"campaign": subject.campaign, "author": by, "text": text, "thread": thread, **subject.fields}
        comment = Comment.objects.create(**facts)
        Mention.objects.bulk_create(Mention(comment=comment, person=person) for person in named.people)
        if thread is not None:  # who answers has taken note
            mine = Mention.objects.filter(Q(comment=thread) | Q(comment__thread=thread), person=by, noted_at=None)
            mine.update(noted_at=timezone.now())
        _record(by, "commented", comment, text=text)
        _tell(comment, named, by)
    return comment, named


def edit(comment: Comment, text: str, *, by: User) -> Named:
    """Put one's own words right; whom it names now and did not before is told."""
    demand_editable(comment, by)
    text = _text(text)
    named = mentions.read(text, comment.campaign)
    with transaction.atomic():
        before = Comment.objects.select_for_update().get(pk=comment.pk)
        if before.deleted_at is not None:
            raise WrongStatus(_("This comment was deleted meanwhile."))
        Comment.objects.filter(pk=comment.pk).update(text=text, edited_at=timezone.now())
        comment.mentions.exclude(person__in=named.people).delete()
        Mention.objects.bulk_create(
            (Mention(comment=comment, person=person) for person in named.people), ignore_conflicts=True
        )
        _record(by, "edited comment", comment, changes=audit.differences({"text": before.text}, {"text": text}))
        comment.refresh_from_db()
        _tell_mentioned(comment, named, by)
    return named


def delete(comment: Comment, *, by: User) -> None:
    """Take words back; the audit trail keeps what they were, and answers to them stay."""
    if not may_delete(by, comment):
        demand_editable(comment, by)
    with transaction.atomic():
        text = comment.text
        if Comment.objects.filter(pk=comment.pk, deleted_at=None).update(text="", deleted_at=timezone.now()):
            comment.mentions.all().delete()
            _record(by, "deleted comment", comment, changes=audit.differences({"text": text}, {"text": ""}))


def resolve(thread: Comment, *, by: User, resolved: bool = True) -> None:
    """Say that a thread is settled, or open it again; a second time changes nothing."""
    _demand(by, thread.campaign)
    if thread.thread_id is not None:
        raise CampaignError(_("Only a whole thread is resolved, by the comment that begins it."))
    facts = (
        {"resolved_at": timezone.now(), "resolved_by": by} if resolved else {"resolved_at": None, "resolved_by": None}
    )
    with transaction.atomic():
        if Comment.objects.filter(pk=thread.pk, resolved_at__isnull=resolved).update(**facts):
            _record(by, "resolved thread" if resolved else "reopened thread", thread)
    thread.refresh_from_db()


def note(mention: Mention, *, by: User) -> bool:
    """Take note of a comment that names the person; whether it was new."""
    mine = Mention.objects.filter(pk=mention.pk, person=by, noted_at=None)
    return bool(mine.update(noted_at=timezone.now()))


# --- Rules and news ----------------------------------------------------------------------------------------


def _text(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise CampaignError(_("Write something first; an empty comment says nothing."))
    if len(text) > LONGEST:
        raise CampaignError(
            _("A comment has at most %(most)s characters; this one has %(n)s. Shorten it, or write two.")
            % {"most": LONGEST, "n": len(text)}
        )
    return text


def _demand(user: User, campaign: Campaign) -> None:
    if not may_comment(user, campaign):
        raise NotAllowed(access.refusal(Comment, "add"))


def demand_editable(comment: Comment, user: User) -> None:
    """Raise a sentence unless the person may change this comment."""
    _demand(user, comment.campaign)
    if comment.author_id != user.pk:
        raise NotAllowed(_("Only its author can change or delete a comment; answer it instead."))
    if not may_edit(user, comment):
        raise WrongStatus(_("A comment can be changed for a day after it was written; answer it instead."))


def _record(by: User, verb: str, comment: Comment, **facts: Any) -> None:
    audit.record(by, verb, comment.campaign, comment=comment.pk, about=about(comment).key, **facts)


def _tell(comment: Comment, named: Named, by: User) -> None:
    _tell_mentioned(comment, named, by)
    part = Q(pk__in=Comment.objects.filter(_thread(comment), deleted_at=None).values("author"))
    if comment.task is not None:
        part |= Q(pk__in=[pk for pk in (comment.task.assignee_id, comment.task.created_by_id) if pk])
    told = [person.pk for person in named.people]
    people = access.who_may("view", comment.campaign).filter(part).exclude(pk__in=told)
    sentence = _("%(who)s commented on %(what)s of “%(campaign)s”: %(text)s")
    notifying.tell(
        people, "comment", sentence % _facts(comment, by), address=address(comment), key=f"comment-{comment.pk}", by=by
    )


def _tell_mentioned(comment: Comment, named: Named, by: User) -> None:
    sentence = _("%(who)s mentions you on %(what)s of “%(campaign)s”: %(text)s")
    key = f"mention-{comment.pk}"
    notifying.tell(named.people, "mention", sentence % _facts(comment, by), address=address(comment), key=key, by=by)


def _thread(comment: Comment) -> Q:
    first = comment.thread_id or comment.pk
    return Q(pk=first) | Q(thread=first)


def _facts(comment: Comment, by: User) -> dict[str, str]:
    text = comment.text if len(comment.text) <= 160 else f"{comment.text[:160]}…"
    return {"who": str(by), "what": about(comment).label, "campaign": comment.campaign.name, "text": text}
