"""Every function's example and every edge of the language gives the same column on both engines."""

from __future__ import annotations

import pytest

from orchcamp.datasets import expressions
from tests.datasets.expressions.dates import DATES
from tests.datasets.expressions.edges import EDGES
from tests.datasets.expressions.stage import added, context

from .compare import difference

AT_ONCE = 12  # expressions in one question
FIGURES = [one.example for one in expressions.functions() if one.aggregate]
SINGLE = [one.example for one in expressions.functions() if one.example not in FIGURES]


def batches(texts: list[str]) -> list[list[str]]:
    return [texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE)]


@pytest.mark.parametrize("texts", batches([*SINGLE, *(text for text, _expected in EDGES)]), ids=lambda texts: texts[0])
def test_values_are_the_same(both, texts):
    near, far = both(added({f"v{n}": text for n, text in enumerate(texts)}).order_by("id"))
    differing = [text for n, text in enumerate(texts) if near[f"v{n}"].to_pylist() != far[f"v{n}"].to_pylist()]
    assert (differing, difference(near, far)) == ([], "")


@pytest.mark.parametrize("zone", sorted({zone for _text, zone, _expected in DATES}))
def test_dates_are_the_same_in_every_zone(both, settings, zone):
    settings.TIME_ZONE = zone
    for texts in batches([text for text, where, _expected in DATES if where == zone]):
        ctx = context(timezone=zone)
        near, far = both(added({f"v{n}": text for n, text in enumerate(texts)}, ctx).order_by("id"))
        differing = [text for n, text in enumerate(texts) if near[f"v{n}"].to_pylist() != far[f"v{n}"].to_pylist()]
        assert (differing, difference(near, far)) == ([], "")


def test_figures_are_the_same(both):
    ctx = context()
    named = {f"v{n}": text for n, text in enumerate([*FIGURES, "Sum([amount]) / Count([note]) * 100", "Max([joined])"])}
    for by in ([], ["city"]):
        near, far = both(expressions.aggregate(ctx.model.table("people"), named, by, "people", ctx))
        assert difference(near, far) == ""
