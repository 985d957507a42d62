"""Secrets of an installation: made once, whole, for their owner's eyes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

from orchcamp.web import keys


def test_a_secret_is_made_once_and_read_by_its_owner_only(data_dir):
    path = data_dir / "keys" / "one"
    assert keys.kept(path, lambda: "first") == keys.kept(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["one"]


def test_processes_that_start_together_share_one_secret(data_dir):
    numbers = count()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: keys.kept(data_dir / "one", lambda: f"secret {next(numbers)}"), range(64)))
    assert len(found) == 1 and found.pop().startswith("secret ")
