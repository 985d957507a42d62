"""What can go wrong with an engine, whichever it is."""

from __future__ import annotations

import duckdb

from orchcamp.web.errors import Refused

Error = duckdb.Error
Failed = duckdb.Error  # whatever the engine could not do
Interrupted = duckdb.InterruptException  # what a query that was called off raises


class BadEngine(Refused):
    """An engine that cannot be started as ORCHCAMP_ENGINE asks."""


class Unreadable(Refused):
    """A file of the lake that is not there, or no longer what was written."""
