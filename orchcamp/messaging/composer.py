"""From one row of a plan to the bytes of its message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import content, mime, plan
from .models import ChannelConfiguration
from .tracking import Tracker


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready for the transport."""

    recipient: str
    data: bytes


class Composer:
    """Makes the messages of one delivery; content is compiled once."""

    def __init__(self, written: content.Content, configuration: ChannelConfiguration, delivery: int):
        self.sender = mime.wire_address(configuration.sender_address)
        self._compiled = content.compile(written)
        self._written = written
        self._tracker = Tracker(delivery)
        self._assembler = mime.Assembler(
            configuration.sender_name, configuration.sender_address, configuration.reply_to
        )

    def letter(self, row: Mapping[str, Any]) -> Letter:
        """The message of one row. Raises RenderError when this recipient cannot get it."""
        message_id, written, tracker = row["message_id"], self._written, self._tracker
        leave = tracker.unsubscribe(message_id)
        recipient, rendered = self.rendered(row, leave)
        html = rendered.html
        if written.track_clicks:
            html = tracker.with_links(html, message_id)
        if written.track_opens:
            html = tracker.with_pixel(html, message_id)
        data = self._assembler.message(
            message_id, recipient, rendered.subject, html, rendered.text, leave if written.marketing else ""
        )
        return Letter(recipient, data)

    def rendered(self, row: Mapping[str, Any], leave: str = "#") -> tuple[str, content.Rendered]:
        """To whom, and what they read; ``leave`` is the address of the unsubscribe link. Raises RenderError."""
        try:
            recipient = mime.wire_address(row["address"])
        except UnicodeError:
            raise content.RenderError(f"The address “{row['address']}” has no form that mail servers know.") from None
        return recipient, self._compiled.render({**plan.fields(row), content.UNSUBSCRIBE: leave})
