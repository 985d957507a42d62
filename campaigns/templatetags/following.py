"""What the reader hears of a campaign."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from campaigns import following, heading
from campaigns.models import Campaign, Following
from campaigns.running_settings import lenient

register = template.Library()


@register.inclusion_tag("campaigns/_following.html", takes_context=True)
def follow_control(context: Context) -> dict[str, Any]:
    """The button of a page about one campaign; nothing on others."""
    campaign = context.get("campaign")
    if not isinstance(campaign, Campaign) or campaign.pk is None:
        return {"campaign": None}
    choices = Following.Extent.choices
    return {
        "campaign": campaign,
        "extent": heading.shown(context["request"], campaign).extent,
        "choices": choices,
        "request": context["request"],
    }


@register.simple_tag(takes_context=True)
def follow_choice(context: Context, campaign: Campaign) -> str:
    """How much the reader hears of a campaign."""
    return heading.shown(context["request"], campaign).extent


@register.simple_tag
def unsupervised(campaign: Campaign) -> bool:
    """Whether nobody would be told as a supervisor when the campaign fails; its settings are those that would run next."""
    return not following.supervisors(campaign, lenient(campaign.settings)).exists()
