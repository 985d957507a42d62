"""A rule about rows of a file, or over a link of an enrichment, is edited like any other."""

from __future__ import annotations

from dataclasses import replace

from orchcamp.datasets.rules import forms
from orchcamp.datasets.schema import ColumnShape, DatasetShape, Step

from .shop import NOW, model

BASE = model({})
GIFTS = DatasetShape(
    "link:gifts", "Gifts", ("line",), {"line": ColumnShape("line", "Line", "integer"), "kind": ColumnShape("kind", "Kind", "string")}
)  # fmt: skip
STEP = Step("gifts", "people", ("id",), "link:gifts", ("line",), False)


def test_the_page_carries_what_only_this_place_knows():
    people = BASE.datasets["people"]
    steps = {**people.steps, "gifts": STEP}
    here = replace(BASE, datasets={**BASE.datasets, "link:gifts": GIFTS, "people": replace(people, steps=steps)})
    text = forms.sealed(forms.Nowhere(model=here, dimension="people"))
    found = forms.unsealed(text, BASE, NOW)
    assert found.ctx.model.dataset("link:gifts") == GIFTS
    assert found.ctx.model.dataset("people").steps == steps
    rule = {"link": "gifts", "where": {"attribute": "kind", "operator": "equals", "value": "tea"}}
    assert "gifts" in forms.said(rule, "people", found.ctx)


def test_a_place_without_any_carries_nothing():
    found = forms.unsealed(forms.sealed(forms.Nowhere(model=BASE, dimension="people")), BASE, NOW)
    assert found.ctx.model is BASE
