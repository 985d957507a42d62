"""The settings of a campaign as a file has them: read strictly, and leniently by a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.running_settings import BadSettings, NodeSettings, RunningSettings, lenient, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("on_error", "consecutive_errors", "supervisors", "keep_interim", "history_days", "max_minutes", "nodes")
POLICY = st.sampled_from(["suspend", "ignore", "abort"])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "must be an object"),
        ({"on_error": "explode"}, "“settings.on_error” of the campaign must be “suspend”, “ignore” or “abort”"),
        ({"on_error": ["ignore"]}, "settings.on_error"),
        ({"consecutive_errors": -1}, "a whole number from 0 to 1000"),
        ({"consecutive_errors": True}, "settings.consecutive_errors"),
        ({"history_days": 0}, "from 1 to 3650"),
        ({"max_minutes": 1.5}, "from 1 to 10080"),
        ({"keep_interim": "yes"}, "true or false"),
        ({"supervisors": ["ada"]}, "the lists of names “groups” and “people”"),
        ({"supervisors": {"groups": [1]}}, "settings.supervisors"),
        ({"nodes": {"mail": {"on_error": "never"}}}, "settings.nodes"),
        ({"nodes": {"mail": 7}}, "settings.nodes"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(value, words):
    with pytest.raises(BadSettings, match=words):
        read(value)


def test_what_the_format_has_always_allowed_is_valid():
    assert read({"on_error": "suspend"}) == RunningSettings() == read({})


@given(st.dictionaries(st.sampled_from(NAMES), JSON) | JSON)
def test_a_run_reads_whatever_is_kept(value):
    found = lenient(value)
    assert found.on_error in {"suspend", "ignore", "abort"}
    assert read(found.to_json()) == lenient(found.to_json())


@given(
    st.builds(
        RunningSettings,
        on_error=POLICY,
        consecutive_errors=st.integers(0, 1000),
        groups=st.lists(st.text(min_size=1, max_size=9), max_size=2).map(tuple),
        people=st.lists(st.text(min_size=1, max_size=9), max_size=2).map(tuple),
        keep_interim=st.booleans(),
        history_days=st.none() | st.integers(1, 3650),
        max_minutes=st.none() | st.integers(1, 10080),
        nodes=st.dictionaries(
            st.text(max_size=5), st.builds(NodeSettings, on_error=POLICY, max_minutes=st.none() | st.integers(1, 9))
        ),
    )
)
def test_settings_travel_through_a_file_unchanged(settings):
    assert read(settings.to_json()) == settings
