"""Where a batch keeps what happened to its messages: the journal while it is sent, and the files of its answers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from django.conf import settings

from orchcamp.datasets import engine
from orchcamp.messaging.journal import Journal
from orchcamp.messaging.models import Delivery

from .models import Batch

OUTCOME = pa.schema(
    [
        ("message_id", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("code", pa.int64()),
        ("reply", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)


def journal_folder(batch: Batch) -> Path:
    return engine.root() / _folder(batch.delivery) / "journal"


def open_journal(batch: Batch) -> Journal:
    """The journal, for this worker alone. Raises Busy when another holds it."""
    return Journal(journal_folder(batch), batch.number, batch.attempts, synchronise=settings.JOURNAL_FSYNC)


def outcome_path(batch: Batch, attempt: int | None = None) -> str:
    """Where a batch's answers are kept; what came after a sending was taken up again lies beside the first file."""
    later = "" if attempt is None else f".{attempt:06d}"
    return f"{_folder(batch.delivery)}/outcomes/{batch.number}{later}.parquet"


def outcome_paths(batch: Batch) -> list[str]:
    """Every file with answers of the batch; each message stands in one of them at most."""
    first = outcome_path(batch)
    if not engine.exists(first):
        return []
    folder = (engine.root() / first).parent
    later = sorted(file.name for file in folder.glob(f"{batch.number}.*.parquet"))
    return [first, *(f"{_folder(batch.delivery)}/outcomes/{name}" for name in later)]


def _folder(delivery: Delivery) -> str:
    return delivery.plan.rpartition("/")[0]
