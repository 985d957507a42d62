"""``manage.py sink``: the demo's mail server."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings

from orchcamp.messaging import sink
from orchcamp.web.commands import SentenceCommand
from orchcamp.web.errors import Refused


class Command(SentenceCommand):
    help = "Receive mail on this machine and keep it for “Delivered mail”. Ends with Ctrl-C."
    serves = True

    def handle(self, **options: Any) -> None:
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        controller = sink.controller()
        try:
            controller.start()
        except OSError as error:
            raise Refused(
                f"The mailbox cannot listen on port {settings.SINK_PORT}: {error.strerror or error}. "
                "Set ORCHCAMP_SINK_PORT to another one."
            ) from None
        self.answer({"port": settings.SINK_PORT}, f"Mail is received on 127.0.0.1:{settings.SINK_PORT}.")
        self.stdout.flush()
        over.wait()
        controller.stop()
