"""Messages a second and core: our whole path beside Django's own, to the same local server, in one run.

``python -m tests.benchmarks.send [MESSAGES]``. Three rows, the same content each:

* the server's own ceiling: a client that does nothing but write bytes made beforehand, pipelined;
* Django: ``EmailMultiAlternatives`` with ``get_connection()`` opened once and kept, the body rendered by the same
  template engine, headers and tracking the same;
* Orchcamp: plan → render → MIME → SMTP → journal → outcome files, through ``sending.prepare`` and ``send_one``.

A core is a second of processor time of the sending process (user and system); the server runs in its own process and
is counted in neither.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

PORT = 9164
PARAGRAPH = "<p>Dear {{ name }}, a spring of small prices: <b>ten per cent</b> off everything that is green.</p>\n"
BODY = f"""<!doctype html><html><head><title>Spring</title><style>p {{ margin: 0 0 12px }}</style></head><body>
{PARAGRAPH * 50}<p><a href="https://shop.example/spring?who={{{{ id }}}}">Look</a>
<a href="https://shop.example/terms">Terms</a> <a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></p></body></html>"""
TEXT = (
    "Dear {{ name }},\n\n"
    + "a spring of small prices.\n" * 40
    + "\nhttps://shop.example/spring\n{{ unsubscribe_url }}\n"
)
SETTINGS = {"subject": "Spring for {{ name }}", "body": BODY, "text": TEXT, "track_opens": True, "track_clicks": True}


@dataclass
class Result:
    label: str
    messages: int
    wall: float
    processor: float

    @property
    def rate(self) -> float:
        return self.messages / self.wall

    @property
    def per_core(self) -> float:
        return self.messages / self.processor


@contextmanager
def measured(label: str, messages: int, results: list[Result]) -> Iterator[None]:
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    results.append(Result(label, messages, wall, processor))


def ceiling(letters: list[tuple[str, bytes]]) -> None:
    """Write and read as fast as the server lets: envelopes go out with the text before them."""
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = connection.makefile("rb")
    answers.readline()
    connection.sendall(b"EHLO bench\r\n")
    while answers.readline()[3:4] == b"-":
        pass
    text = b""
    for recipient, data in letters:
        envelope = f"MAIL FROM:<news@shop.example>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()
        connection.sendall(text + envelope)
        for _ in range(4 if text else 3):
            answers.readline()
        text = data + b".\r\n"
    connection.sendall(text)
    answers.readline()
    connection.close()


def by_django(delivery) -> Callable[[], None]:
    """The same content by ``EmailMultiAlternatives`` on a kept connection."""
    from django.core.mail import EmailMultiAlternatives, get_connection

    from orchcamp.messaging import content, plan
    from orchcamp.messaging.tracking import Tracker

    def send() -> None:
        connection = get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=PORT)
        connection.open()
        compiled, tracker = content.compile(content.Content.from_settings(delivery.content)), Tracker(delivery.pk)
        for number in plan.sizes(delivery.plan):
            for row in plan.batch(delivery.plan, number):
                leave = tracker.unsubscribe(row["message_id"])
                rendered = compiled.render({**plan.fields(row), "unsubscribe_url": leave})
                html = tracker.with_pixel(tracker.with_links(rendered.html, row["message_id"]), row["message_id"])
                headers = {
                    "Message-ID": f"<{row['message_id']}@shop.example>",
                    "List-Unsubscribe": f"<{leave}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                }
                message = EmailMultiAlternatives(
                    rendered.subject, rendered.text, "Shop <news@shop.example>", [row["address"]],
                    headers=headers, connection=connection,
                )  # fmt: skip
                message.attach_alternative(html, "text/html")
                message.send()
        connection.close()

    return send


def letters(delivery) -> list[tuple[str, bytes]]:
    from orchcamp.messaging import composer, plan
    from orchcamp.messaging.content import Content

    made = composer.Composer(Content.from_settings(delivery.content), delivery.configuration, delivery.pk)
    rows = (row for number in plan.sizes(delivery.plan) for row in plan.batch(delivery.plan, number))
    return [(letter.recipient, letter.data) for letter in map(made.letter, rows)]


def run(messages: int) -> list[Result]:
    from campaigns import sending
    from campaigns.models import NodeRun
    from orchcamp.datasets import engine
    from orchcamp.messaging.models import Delivery
    from tests.campaigns import crash_stage, sending_stage
    from tests.messaging.smtp_server import running

    results: list[Result] = []
    sending_stage.SETTINGS.update(SETTINGS)
    crash_stage.setup(messages, PORT, 500)
    node, delivery = NodeRun.objects.get(), Delivery.objects.get()
    ready = letters(delivery)
    size = sum(len(data) for _, data in ready) / len(ready)
    with running(PORT):
        with measured("Server’s ceiling (bytes made beforehand)", messages, results):
            ceiling(ready)
        with measured("Django EmailMultiAlternatives, kept connection", messages, results):
            by_django(delivery)()
        delivery.batches.all().delete()
        delivery.delete()
        engine.drop(f"runs/{node.run_id}/n1")
        with measured("Orchcamp, plan to outcome files", messages, results):
            sending_stage.prepare(node)
            sending_stage.send_all(node)
    books = sending.balance(Delivery.objects.get())
    assert books["accepted"] == messages, books
    print(f"\n{messages:,} messages of {size / 1024:.1f} KB, one sending process, one connection\n")
    return results


def table(results: list[Result]) -> None:
    print(f"{'':48}{'messages/s':>12}{'CPU s':>9}{'per s and core':>16}")
    for row in results:
        print(f"{row.label:48}{row.rate:>12,.0f}{row.processor:>9.2f}{row.per_core:>16,.0f}")
    ceiling_row, theirs, ours = results
    print(
        f"\nOrchcamp ÷ Django: {ours.rate / theirs.rate:.1f} × messages/s, {ours.per_core / theirs.per_core:.1f} × per core"
    )
    print(f"Orchcamp uses {ours.rate / ceiling_row.rate:.0%} of what the server takes")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(ORCHCAMP_DATA=folder, DJANGO_SETTINGS_MODULE="orchcamp.settings", ORCHCAMP_LOG_LEVEL="ERROR")
        Path(folder).mkdir(exist_ok=True)
        django.setup()
        table(run(count))
