"""Which engine ORCHCAMP_ENGINE asks for, with which options."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from django.conf import settings
from django.utils.translation import gettext as _

from .errors import BadEngine

EXAMPLES = {
    "duckdb": "duckdb://?memory_limit=4GB&threads=2",
    "spark": "local[2]?driver_memory=4g",
}
MASTER = re.compile(r"local(\[(\*|[1-9][0-9]*)\])?|spark://[^\s/?]+")


@dataclass(frozen=True)
class Address:
    """An engine by name, the Spark master it is reached by, and options as they were written."""

    name: str
    master: str
    options: Mapping[str, str]


def address() -> Address:
    """What ORCHCAMP_ENGINE says. Raises BadEngine."""
    return _read(str(settings.ENGINE))


@lru_cache(maxsize=8)
def _read(given: str) -> Address:
    place, _mark, query = given.strip().partition("?")
    options = {name: values[-1] for name, values in parse_qs(query).items()}
    if place.startswith("duckdb:"):
        return Address("duckdb", "", options)
    if MASTER.fullmatch(place):
        return Address("spark", place, options)
    raise BadEngine(
        _(
            "ORCHCAMP_ENGINE is “%(given)s”, which names no engine; write duckdb:// or, for Apache Spark, spark://host:port"
            " or local[*], each perhaps with options (%(duckdb)s)."
        )
        % {"given": given, "duckdb": EXAMPLES["duckdb"]}
    )


def refused(name: str, why: object) -> BadEngine:
    """The engine does not start as it is asked to."""
    return BadEngine(
        _("ORCHCAMP_ENGINE is “%(given)s”, which the engine refuses (%(why)s); write it as %(example)s.")
        % {"given": settings.ENGINE, "why": str(why).strip().splitlines()[0], "example": EXAMPLES[name]}
    )


def spill() -> Path:
    """This process's folder for what does not fit in memory; those of dead processes of this host are removed."""
    folder, host = Path(settings.DATA_DIR) / "spill", socket.gethostname()
    folder.mkdir(parents=True, exist_ok=True)
    for place in folder.glob(f"{host}-*"):
        if not Path(f"/proc/{place.name.rpartition('-')[2]}").exists() and Path("/proc/self").exists():
            shutil.rmtree(place, ignore_errors=True)
    return folder / f"{host}-{os.getpid()}"
