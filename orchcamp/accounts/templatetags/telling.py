"""The bell, and how a notification is shown."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from orchcamp.accounts import notifying
from orchcamp.accounts.models import Letter, Notification
from orchcamp.accounts.telling import bell as bells
from orchcamp.accounts.telling import texts

register = template.Library()


@register.inclusion_tag("accounts/_bell.html", takes_context=True)
def bell(context: Context) -> dict[str, Any]:
    """The bell of the person who reads the page; its number comes with those of the menu where that asked for them."""
    request = context["request"]
    known = getattr(request, "waiting", {}).get("unread")
    return {"unread": bells.unread(request.user) if known is None else known}


@register.filter
def what(told: Notification) -> str:
    """What a notification is about."""
    return texts.what(told)


@register.filter
def by_mail(told: Notification) -> str:
    """Whether it goes by mail too, and how that stands."""
    if told.mail == Notification.Plan.GATHERED and told.letter is not None:
        return f"{told.get_mail_display()}: {Letter.State(told.letter.state).label}".lower().capitalize()
    return str(told.get_mail_display())


@register.filter
def kinds_told(letter: Letter) -> str:
    """What a letter is about by its kinds alone: who reads this may not see what they are about."""
    kinds = dict.fromkeys(told.kind for told in letter.notifications.all())
    return ", ".join(str(notifying.KINDS[slug].label) for slug in kinds if slug in notifying.KINDS)
