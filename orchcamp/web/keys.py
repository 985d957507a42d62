"""Secrets of this installation: each made once, in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text of the file; where there is none, what ``make`` gives, from then on.

    Processes that start at the same moment all get the first one's: the file appears whole.
    Raises OSError where it cannot be read or written.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(part, path)
        except OSError:
            if not path.exists():  # a file system without hard links
                os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    return path.read_text().strip()
