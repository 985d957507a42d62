"""Runs of campaigns that end in files, datasets and webhooks, and a real SFTP server to put files onto."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from activities.graph import Graph
from campaigns import execution
from campaigns.models import Campaign, NodeRun, Run
from orchcamp.messaging import secrets
from orchcamp.messaging.models import Connection
from tests.campaigns.builders import audience, graph, make_campaign

NOW = "2026-01-01T00:00Z"


def ending_in(type: str, settings: dict[str, Any], rule: dict[str, Any] | None = None, **more: Any) -> Graph:
    """Everyone, or some, → the node “it” → the end; its rejects and errors end apart."""
    nodes = {
        "people": ("build_audience", audience(rule, keep_empty=True)),
        "it": (type, settings),
    }
    edges = ["people>it"]
    if settings.get("outbound", True):
        nodes["end"] = ("end", {})
        edges.append("it>end")
    if more.get("port"):
        nodes["bad"] = ("end", {})
        edges.append(f"it.{more['port']}>bad")
    return graph(nodes, *edges)


def run(canvas: Graph | Campaign, *, mode: str = "live", by: Any = None, **properties: Any) -> tuple[Run, NodeRun]:
    """A run to its end, and its node “it”."""
    campaign = canvas if isinstance(canvas, Campaign) else make_campaign(canvas, **properties)
    version = campaign.latest_version()
    if mode == "live":
        version.published_at = version.approved_at = version.frozen_at = NOW
        version.save()
        Campaign.objects.filter(pk=campaign.pk).update(status="live")
        campaign.refresh_from_db()
    found = execution.run_to_end(execution.start(version, mode=mode, by=by))
    return found, found.nodes.get(node_id="it")


def again(found: Run) -> NodeRun:
    """The node “it” once more under the same key, as after a crash before it was written down."""
    Run.objects.filter(pk=found.pk).update(status="running")
    found.nodes.filter(node_id="it").update(status=NodeRun.Status.QUEUED, outputs={}, follows=[])
    node = found.nodes.get(node_id="it")
    execution.execute(node.pk)
    node.refresh_from_db()
    return node


@dataclass
class SftpServer:
    root: Path
    port: int
    key: str
    uploads: list[str]

    def connection(self, **changes: Any) -> Connection:
        facts = {"label": "Partner", "kind": "sftp", "host": "127.0.0.1", "port": self.port, "username": "camp"}
        facts |= {"host_key": self.key, "secret": secrets.encrypted("sesame"), **changes}
        return Connection.objects.create(slug="partner", **facts)


class _Doorman(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("camp", "sesame")


@contextmanager
def sftp_server(root: Path) -> Iterator[SftpServer]:
    """A real server on the loopback that shows one folder."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop, ready = asyncio.new_event_loop(), threading.Event()
    server = SftpServer(root, 0, key.export_public_key().decode().strip(), [])

    class Shelf(asyncssh.SFTPServer):
        def __init__(self, channel: Any):
            super().__init__(channel, chroot=str(root).encode())

        def open(self, path: bytes, flags: int, attrs: Any) -> Any:
            if flags & asyncssh.FXF_WRITE:
                server.uploads.append(path.decode().rsplit("/", 1)[-1])
            return super().open(path, flags, attrs)

    async def serve() -> None:
        listening = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Doorman, server_host_keys=[key], sftp_factory=Shelf
        )
        server.port = listening.get_port()
        ready.set()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
