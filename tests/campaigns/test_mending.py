"""Every failure ends in a sentence that says what to do, and none repeats a value of the data."""

from __future__ import annotations

import errno

import pytest
from django.db import OperationalError

from campaigns import mending


class OutOfMemoryException(Exception):  # noqa: N818 - as the engine calls it
    pass


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OutOfMemoryException("could not allocate"), "memory_limit"),
        (MemoryError(), "memory_limit"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk of the lake is full"),
        (PermissionError(errno.EACCES, "denied"), "rights of ORCHCAMP_LAKE"),
        (OperationalError("database is locked"), "did not answer"),
        (ValueError("ann@example.org"), "unexpected went wrong (ValueError)"),
    ],
)
def test_a_failure_says_what_to_do(error, words):
    sentence = mending.sentence(error)
    assert words in sentence
    assert "ry it again" in sentence
    assert "ann@example.org" not in sentence
