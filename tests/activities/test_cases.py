"""What the cases of every type say they expect; on DuckDB. Both engines: ``tests/differential``."""

from __future__ import annotations

import pytest

from activities import catalogue
from orchcamp.datasets import engine

from .cases import Case, all_cases, compiled

pytestmark = pytest.mark.django_db  # plans ask who may not get a message
CASES = list(all_cases())
TOLD = [pytest.param(kind, case, id=f"{kind}: {case.name}") for kind, case in CASES if case.expected is not None]


@pytest.mark.parametrize(("kind", "case"), TOLD)
def test_a_case_gives_what_it_says(kind: str, case: Case):
    tables = compiled(kind, case)
    found = {port: in_order(next(iter(row.values())) for row in engine.rows(tables[port])) for port in case.expected}
    assert found == {port: in_order(keys) for port, keys in case.expected.items()}


def in_order(keys):
    return sorted(keys, key=lambda key: (key is None, key))


def test_every_type_has_cases():
    assert {kind for kind, _case in CASES} == {kind.key for kind in catalogue.all_types()}
