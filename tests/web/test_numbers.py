"""Numbers that strangers send."""

from __future__ import annotations

import pytest

from orchcamp.web.numbers import whole


@pytest.mark.parametrize("text", [None, "", " 1", "-1", "1.5", "x", "²", "٣", "1_0", "9" * 19, "9" * 5000])
def test_what_is_no_number_of_ours_is_none(text):
    assert whole(text) is None


def test_digits_are_their_number():
    assert (whole("0"), whole("007"), whole("9" * 18)) == (0, 7, 10**18 - 1)
