"""Comments as they are shown."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from campaigns import comments, mentions
from campaigns.models import Comment

register = template.Library()


@register.simple_tag
def comment_text(comment: Comment) -> SafeString:
    """What somebody wrote, safe, with line breaks, links, and the names of those it was addressed to."""
    return mentions.shown(comment.text, {mention.person.username for mention in comment.mentions.all()})


@register.simple_tag
def may_edit(comment: Comment, user: Any) -> bool:
    return comments.is_fresh(comment, user)


@register.simple_tag
def comments_on(numbers: dict[int, int], version: int) -> str:
    """How many comments a version has, as the words of a link."""
    number = numbers.get(version, 0)
    if not number:
        return gettext("Comment")
    return ngettext("%(n)s comment", "%(n)s comments", number) % {"n": number}
