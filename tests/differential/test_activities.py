"""Every activity type gives the same rows on both engines."""

from __future__ import annotations

import pytest

from tests.activities.cases import Case, all_cases, compiled

from .compare import difference

pytestmark = pytest.mark.django_db  # plans ask who may not get a message
CASES = [pytest.param(kind, case, id=f"{kind}: {case.name}") for kind, case in all_cases()]


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_node_gives_the_same_rows_on_both_engines(kind: str, case: Case, both):
    for port, table in compiled(kind, case).items():
        assert not difference(*both(table)), port
