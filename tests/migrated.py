"""A migrated database that is kept between runs of the suite, so that not every worker makes it anew.

Only for SQLite in memory. Its name tells all that it was made from: migrations, rights, libraries; a change of any of
these makes another. Django's own ``migrate`` runs all the same and finds that there is nothing left to do.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".pytest_cache"


def template() -> Path:
    """Where the database that belongs to this state of the code lies, or would."""
    made_from = [
        *ROOT.glob("orchcamp/*/migrations/*.py"),
        *ROOT.glob("campaigns/migrations/*.py"),
        ROOT / "orchcamp" / "accounts" / "roles.py",
        ROOT / "orchcamp" / "settings.py",
        *ROOT.glob("requirements*.txt"),
    ]
    seen = hashlib.sha256(sys.version.encode())
    for path in sorted(made_from):
        seen.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return KEPT / f"migrated-{seen.hexdigest()[:20]}.sqlite3"


def fill() -> sqlite3.Connection | None:
    """Pour what is kept into the database in memory; the connection keeps it alive until Django has one of its own."""
    name = connection.creation._get_test_db_name()
    if not connection.creation.is_in_memory_db(name):
        return None
    try:
        source = sqlite3.connect(f"{template().as_uri()}?mode=ro", uri=True)
    except sqlite3.OperationalError:  # nothing is kept
        return None
    memory = sqlite3.connect(name, uri=True, check_same_thread=False)
    source.backup(memory)
    source.close()
    return memory


def keep() -> None:
    """Store the database that Django has just migrated; what older code had made goes."""
    kept = template()
    if kept.exists() or not connection.is_in_memory_db():
        return
    KEPT.mkdir(exist_ok=True)
    for old in KEPT.glob("migrated-*.sqlite3"):
        old.unlink(missing_ok=True)
    new = kept.with_suffix(f".{os.getpid()}")
    with sqlite3.connect(new) as target:
        connection.connection.backup(target)
    target.close()
    new.replace(kept)
