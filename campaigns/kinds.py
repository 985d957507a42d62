"""What people can be told of about campaigns: each kind as it stands in a person's preferences."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orchcamp.accounts import notifying
from orchcamp.accounts.notifying import Kind

from . import notices

KINDS = (
    Kind(
        "approval_requested",
        _("An approval is asked of you"),
        _("Somebody asks for the approval of a campaign that you may give."),
        mail="now",
    ),
    Kind(
        "approval_decided",
        _("Your request is decided"),
        _("A campaign for which you asked is approved or sent back."),
        mail="now",
    ),
    Kind(
        "approval_withdrawn",
        _("A request is withdrawn"),
        _("What was asked of you needs no answer any more."),
        mail="digest",
    ),
    Kind(
        "approval_due", _("An approval is due"), _("A request that waits for you has to be answered soon."), mail="now"
    ),
    Kind("approval_expired", _("An approval has expired"), _("Nobody answered a request in time."), mail="now"),
    Kind(
        "task_assigned", _("A task is yours"), _("Somebody gives a task to you or to one of your groups."), mail="now"
    ),
    Kind("task_changed", _("A task changed"), _("A task of yours is changed, done or taken away."), mail="digest"),
    Kind("task_overdue", _("A task is overdue"), _("A task of yours has passed its date."), mail="digest"),
    Kind("mention", _("You are mentioned"), _("Somebody names you in a comment."), mail="now"),
    Kind("comment", _("A comment"), _("Somebody comments where you take part."), mail="digest"),
    Kind(
        "campaign_state",
        _("A campaign you follow moves on"),
        _("It is submitted, approved, published, launched, paused, completed, stopped, archived, and so on."),
        mail="digest",
    ),
    Kind(
        "campaign_failed",
        _("A campaign fails"),
        _("A node or a run of a campaign that you supervise fails, stands still or was not launched."),
        mail="now",
        unwritten=notices.unwritten,
    ),
    Kind(
        "sending_waits",
        _("A sending waits to be confirmed"),
        _("Messages of a campaign wait for somebody who may confirm sendings."),
        mail="now",
    ),
    Kind("question", _("A question is put to you"), _("A run waits for your answer."), mail="now"),
)


def declare() -> None:
    notifying.declare(*KINDS)
