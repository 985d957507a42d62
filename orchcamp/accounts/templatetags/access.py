"""What a person may do, asked from templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from orchcamp.accounts import access
from orchcamp.accounts import menu as menus

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: Context, action: str, subject: Any) -> bool:
    """``{% may "publish" campaign as allowed %}``: whether the person who reads the page may."""
    return access.may(context["request"].user, action, subject)


@register.simple_tag(takes_context=True)
def menu(context: Context) -> list[menus.Group]:
    """The menu of the person who reads the page."""
    return menus.menu(context["user"])


@register.filter
def profile_label(user: Any) -> str:
    """What the person is here: the names of their profiles, else their address."""
    return ", ".join(access.profile_names(user)) or user.email
