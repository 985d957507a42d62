"""The processes of the crash test: ``python -m tests.campaigns.crash_stage setup N PORT BATCH | work | report``.

They run on the product's own settings with a database and a lake of their own (``ORCHCAMP_DATA``).
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchcamp.settings")


def address(number: int) -> str:
    return f"p{number}@example.org"


def setup(count: int, port: int, batch: int) -> None:
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    from orchcamp.messaging import plan
    from tests.campaigns.sending_stage import make_run

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # the tables as they are now
    call_command("migrate", run_syncdb=True, verbosity=0)
    plan.BATCH_SIZE = batch
    make_run([address(number) for number in range(count)], port=port)


def work() -> None:
    """A worker without the queue: frees what was left, claims, sends, until everything is settled."""
    from campaigns import dispatch, sending
    from campaigns.models import NodeRun

    dispatch.SILENCE, dispatch.LOOK, dispatch.HELD = timedelta(seconds=0.5), 0.2, timedelta(seconds=0.2)
    sending.QUEUE_LEASE = timedelta(seconds=1)
    while NodeRun.objects.filter(status=NodeRun.Status.SENDING).exists():
        sending.recover()
        node = NodeRun.objects.select_related("run").get()
        for pk in sending.claim_pending(node.run, at_most=4):
            sending.send_one(pk)
        time.sleep(0.02)


def report() -> None:
    from campaigns import sending
    from campaigns.models import DoubtfulMessage, NodeRun
    from orchcamp.datasets import engine
    from orchcamp.messaging.models import Delivery

    delivery, node = Delivery.objects.get(), NodeRun.objects.get()
    folder = f"{Path(delivery.plan).parent}/outcomes"
    outcomes = engine.rows(engine.table(folder)) if engine.exists(folder) else []
    facts = {
        "status": node.status,
        "books": sending.balance(delivery),
        "doubtful": list(DoubtfulMessage.objects.values_list("address", flat=True)),
        "outcomes": {row["message_id"]: row["status"] for row in outcomes},
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    django.setup()
    command, *arguments = sys.argv[1:]
    {"setup": setup, "work": work, "report": report}[command](*map(int, arguments))
