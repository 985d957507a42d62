"""Three hundred generated rules keep, and mark, the same rows on both engines."""

from __future__ import annotations

from typing import Any

import ibis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from orchcamp.datasets import rules
from tests.datasets.shop import COLUMNS, KEYS, context
from tests.datasets.test_rules_generated import CELLS, nodes

from .compare import difference

AT_ONCE = 10  # rules in one job: on tables as small as these it is the job that takes Spark long
KEPT = 3  # of them kept too: a filter is written in other ways than a column


@st.composite
def rows_of(draw: Any, slug: str) -> list[dict[str, Any]]:
    cells = {name: st.none() | CELLS[type] for name, type in COLUMNS[slug].items()}
    cells |= {name: CELLS[COLUMNS[slug][name]] for name in KEYS[slug]}
    found = draw(st.lists(st.fixed_dictionaries(cells), min_size=5, max_size=8))
    return list({tuple(row[name] for name in KEYS[slug]): row for row in found}.values())


DATA = st.fixed_dictionaries({slug: rows_of(slug) for slug in COLUMNS})


@settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None
)
@seed(20260301)
@given(data=DATA, dataset=st.sampled_from(["people", "purchases"]), content=st.data())
def test_generated_rules_keep_the_same_rows_on_both_engines(both, data, dataset, content):
    trees = [content.draw(nodes(dataset)) for _n in range(AT_ONCE)]
    ctx = context(data)
    table = marked = ctx.model.table(dataset)
    names = [f"rule_{n}" for n in range(AT_ONCE)]
    for name, tree in zip(names, trees, strict=True):
        marked = rules.mark(marked, tree, dataset, ctx, name)
    found = difference(*both(marked.select(*KEYS[dataset], *names)))
    assert not found, f"{found}\nmarking {trees}\nof {data}"
    kept = [rules.keep(table, tree, dataset, ctx).mutate(rule=ibis.literal(n)) for n, tree in enumerate(trees[:KEPT])]
    found = difference(*both(ibis.union(*kept)))
    assert not found, f"{found}\nkeeping {trees[:KEPT]}\nof {data}"
