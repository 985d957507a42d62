"""What a node tells others: alerts to people, signals to other campaigns; each once a run."""

from __future__ import annotations

from django.utils.translation import gettext as _

from activities.base import Written

from . import signals
from .advance import name_of, note
from .models import Alert, NodeRun


def tell(node: NodeRun, written: Written) -> None:
    """Raise the alerts and send the signals of one node. Raises CampaignError when a signal is not taken."""
    run = node.run
    for raised in written.alerts:
        facts = {"title": raised.title, "message": raised.message, "severity": raised.severity}
        _alert, new = Alert.objects.get_or_create(run=run, node_id=node.node_id, defaults=facts)
        if new:
            sentence = _("%(node)s: %(title)s") % {"node": name_of(run, node.node_id), "title": raised.title}
            note(run, sentence, node_id=node.node_id, severity=raised.severity)
    for call in written.signals:
        source = f"{run.campaign.name} · {run.graph.node(node.node_id).name}"
        key = f"{run.pk}-{node.node_id}"
        target = signals.target(call.campaign)
        sent = signals.send(target, call.parameters, key=key, source=source, by=run.started_by, paced=True)
        sentence = _("%(node)s: signal to “%(name)s”, taken by its run %(run)s.")
        facts = {"node": name_of(run, node.node_id), "name": target.name, "run": sent.run_id}
        note(run, sentence % facts, node_id=node.node_id)
