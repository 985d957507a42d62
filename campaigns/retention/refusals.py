"""What goes of signals: those that were refused. Those that were taken hold the keys of programs, and stay with their campaign."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import ngettext

from campaigns.models import Campaign, Signal
from campaigns.running_settings import lenient

from .budget import Pass
from .installation import installation


def forget_refused(work: Pass) -> None:
    """Remove the signals that were refused longer ago than their campaign keeps its histories."""
    default = installation().history_days
    for campaign in Campaign.objects.filter(signals__status=Signal.Status.REFUSED).distinct():
        if work.full():
            return
        kept_since = timezone.now() - timedelta(days=lenient(campaign.settings).history_days or default)
        old = campaign.signals.filter(status=Signal.Status.REFUSED, sent_at__lt=kept_since)
        number = old.count() if work.dry else old.delete()[0]
        if number:
            sentence = ngettext("%(n)s refused signal to %(name)s", "%(n)s refused signals to %(name)s", number)
            work.lines.append(sentence % {"n": number, "name": campaign})
