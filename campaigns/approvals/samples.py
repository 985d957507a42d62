"""The messages of a dry run that an approver reads: the shortest, the longest, those with an empty field, what fails."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns import dry_runs, proofreading
from campaigns.models import Run

READ = ("shortest", "longest", "empty", "fails")


@dataclass(frozen=True)
class Sample:
    """One message, and why it was chosen."""

    chosen: dry_runs.Sample
    shown: proofreading.Shown


@dataclass(frozen=True)
class Read:
    """One channel of the dry run with the messages to read."""

    channel: dry_runs.Rehearsed
    samples: list[Sample]


def read(run: Run | None, *, masked: bool) -> list[Read]:
    """Every channel that the dry run came to, in the order of the canvas; nothing where there was none."""
    return [] if run is None else [Read(channel, _samples(channel, masked)) for channel in dry_runs.channels(run)]


def _samples(channel: dry_runs.Rehearsed, masked: bool) -> list[Sample]:
    wanted = [sample for sample in channel.samples if sample.why in READ]
    if not wanted:
        return []
    messages = [sample.message for sample in wanted]
    shown = proofreading.several(channel.sealed, channel.node.type, messages, masked=masked)
    return [Sample(sample, shown[sample.message]) for sample in wanted]
