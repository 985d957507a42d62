"""Questions of approval nodes: asked once, answered by those they are put to, reminded of, expired.

The author of a version may answer: this is a decision in the course of a run, not the approval of the version.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.base import Asked, Gate
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

from . import calling
from .advance import name_of, note
from .errors import AlreadyDecided, CampaignError, NotAllowed, WrongStatus
from .models import Answer, LogEntry, NodeRun, Question, Run

WAITING = {"status": NodeRun.Status.WAITING, "waiting_for": NodeRun.WaitingFor.ANSWER}


def ask(node: NodeRun, asked: Asked, *, expires_at: datetime | None) -> Question:
    """Put a node's question, once. Raises CampaignError when nobody is there to answer it."""
    group = Group.objects.filter(name=asked.group).first() if asked.group else None
    person = User.objects.filter(username=asked.person, is_active=True).first() if asked.person else None
    if group is None and person is None:
        raise CampaignError(
            _("There is nobody to answer: “%(name)s” is no group or active person here.")
            % {"name": asked.group or asked.person}
        )
    facts = {
        "title": asked.title,
        "message": asked.message,
        "answers": [{"code": code, "label": label} for code, label in asked.answers],
        "group": group,
        "person": person,
        "several": asked.several,
        "expires_at": expires_at,
        "expiry": Gate.expiry if expires_at else "",
        "remind_at": asked.remind_at,
    }
    with transaction.atomic():
        question, new = Question.objects.get_or_create(node_run=node, defaults=facts)
        if new:
            calling.to_answer(question)
    return question


def may_answer(user: User, question: Question) -> bool:
    """Whether the question is put to this person; administrators can always answer."""
    if not access.may(user, "view", question.node_run.run.campaign):
        return False
    return access.administers(user) or question.person_id == user.pk or _is_in(user, question.group)


def _is_in(user: User, group: Group | None) -> bool:
    return group is not None and user.groups.filter(pk=group.pk).exists()


def put_to(user: User) -> QuerySet[Question]:
    """Open questions that the person may answer and has not, of runs that are on; ``user`` sees their campaigns."""
    mine = Q() if access.administers(user) else Q(person=user) | Q(group__in=user.groups.all())
    open_nodes = NodeRun.objects.filter(**WAITING, run__in=Run.objects.open()).values("pk")
    found = Question.objects.filter(mine, answered_at=None, node_run__in=open_nodes).exclude(given__by=user)
    return found.select_related("node_run__run__campaign", "group", "person")


def answer(question: Question, *, code: str, by: User, comment: str = "") -> bool:
    """Take one person's answer; whether the question is decided by it."""
    if not may_answer(by, question):
        raise NotAllowed(_("This question is not put to you; ask one of those it is put to, or an administrator."))
    if code not in {row["code"] for row in question.answers}:
        codes = ", ".join(row["code"] for row in question.answers)
        raise CampaignError(_("There is no answer “%(code)s”; there are: %(codes)s.") % {"code": code, "codes": codes})
    run = question.node_run.run
    with transaction.atomic():
        locked = Question.objects.select_for_update().get(pk=question.pk)
        if locked.answered_at is not None:
            raise AlreadyDecided(_("This question has been answered already: %(answer)s.") % {"answer": said(locked)})
        given = {"code": code, "comment": comment.strip()[:2000]}
        Answer.objects.update_or_create(question=locked, by=by, defaults=given)
        facts = {"node": name_of(run, question.node_run.node_id), "by": by, "answer": label(locked, code)}
        note(run, _("%(node)s: %(by)s answers “%(answer)s”.") % facts, node_id=question.node_run.node_id, by=by)
        audit.record(by, "answered question", run.campaign, run=run.pk, node=question.node_run.node_id, answer=code)
        decided = _decided(locked, code)
        if decided:
            _close(locked, decided)
    question.refresh_from_db()
    return bool(decided)


def _decided(question: Question, code: str) -> str:
    """The code that is decided by now; "" while others are still to answer."""
    if not question.several or question.group is None:
        return code
    answered = set(question.given.values_list("by_id", flat=True))
    campaign = question.node_run.run.campaign
    members = question.group.user_set.filter(is_active=True)
    if any(member.pk not in answered and access.may(member, "view", campaign) for member in members):
        return ""
    return _most_frequent(question)


def _most_frequent(question: Question) -> str:
    """What most have said; of equals the one that stands lower in the list, the more careful one as a rule."""
    votes = Counter(question.given.values_list("code", flat=True))
    codes = [row["code"] for row in question.answers]
    return max(codes, key=lambda code: (votes[code], codes.index(code))) if votes else ""


def _close(question: Question, code: str) -> None:
    """Let the run go on through the port of an answer."""
    now = timezone.now()
    if not Question.objects.filter(pk=question.pk, answered_at=None).update(answered_at=now, answer=code):
        raise AlreadyDecided(_("This question has been answered already."))
    nodes = NodeRun.objects.filter(pk=question.node_run_id, **WAITING, run__in=Run.objects.open())
    if not nodes.update(status=NodeRun.Status.PENDING, waiting_for="", resume_at=None, answer=code):
        raise WrongStatus(_("The run does not wait for this answer any more; it was stopped or has gone on."))


def recover(now: datetime) -> None:
    """Remind of questions that wait for long, and close those whose time is over."""
    open_nodes = NodeRun.objects.filter(**WAITING, run__in=Run.objects.running()).values("pk")
    waiting = Question.objects.filter(answered_at=None, node_run__in=open_nodes).select_related("node_run__run")
    for question in waiting.filter(remind_at__lte=now, reminded_at=None):
        if Question.objects.filter(pk=question.pk, reminded_at=None).update(reminded_at=now):
            _note(question, _("%(node)s: nobody has decided yet; the answer is overdue."))
    for question in waiting.filter(expires_at__lte=now):
        with contextlib.suppress(WrongStatus):  # the run was stopped just now
            _expire(question)
    late = NodeRun.objects.filter(
        status=NodeRun.Status.WAITING,
        waiting_for=NodeRun.WaitingFor.SIGNAL,
        resume_at__lte=now,
        run__in=Run.objects.running(),
    )
    late.update(status=NodeRun.Status.PENDING, waiting_for="", answer=Gate.expiry)


def _expire(question: Question) -> None:
    with transaction.atomic():
        locked = Question.objects.select_for_update().get(pk=question.pk)
        if locked.answered_at is None:
            _close(locked, _most_frequent(locked) if locked.several and locked.given.exists() else locked.expiry)
            _note(question, _("%(node)s: the time to answer is over."))


def _note(question: Question, sentence: str) -> None:
    node = question.node_run
    text = sentence % {"node": name_of(node.run, node.node_id)}
    note(node.run, text, node_id=node.node_id, severity=LogEntry.Severity.WARNING)


def label(question: Question, code: str) -> str:
    """What an answer is called."""
    return next((row["label"] for row in question.answers if row["code"] == code), code)


def said(question: Question) -> str:
    """What was decided, in words."""
    return label(question, question.answer) if question.answer != question.expiry else _("Expired")
