"""The processes of the test of signals at once: ``python -m tests.contract.signal_stage setup | serve | work | report``.

They run on the product's own settings with a database of their own (``ORCHCAMP_DATA``), so that threads do not share a
connection.
"""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchcamp.settings")
TOWN = {"name": "town", "type": "text", "value": "Paris"}
PARAMETERS: dict[str, list[dict[str, str]]] = {"first": [], "second": [], "back-in-stock": [TOWN]}


def setup() -> None:
    """The tables, campaigns that begin by a signal, and a token, whose secret is printed."""
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from orchcamp.accounts import tokens
    from orchcamp.accounts.models import User
    from tests.builders import make_shop
    from tests.campaigns.builders import audience, graph, make_campaign

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # the tables as they are now
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    make_shop()
    owner = User.objects.create_superuser("root", "root@example.org", "correct horse")
    canvas = graph({"a": ("build_audience", audience()), "z": ("end", {})}, "a>z")
    for slug, parameters in PARAMETERS.items():
        schedule = {"frequency": "signal", "parameters": parameters}
        campaign = make_campaign(canvas, owner=owner, slug=slug, status="live", schedule=schedule)
        now = timezone.now()
        campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    sys.stdout.write(tokens.make(owner, "Till")[1])


def serve() -> None:
    """Answer on a free port, which is printed, each call in a thread of its own, until the process is ended."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def work() -> None:
    """Carry out what has begun, as a worker would."""
    from campaigns import execution
    from campaigns.models import Run

    for run in Run.objects.open():
        execution.run_to_end(run)


def report() -> None:
    from campaigns.models import Run, Signal

    runs = {slug: list(Run.objects.filter(campaign__slug=slug).values_list("pk", flat=True)) for slug in PARAMETERS}
    taken = Signal.objects.filter(status=Signal.Status.TAKEN)
    sys.stdout.write(json.dumps({"runs": runs, "taken": list(taken.values_list("run_id", flat=True))}))


if __name__ == "__main__":
    django.setup()
    {"setup": setup, "serve": serve, "work": work, "report": report}[sys.argv[1]]()
