"""Every form of a rule: saved in the panel, counted by the builder, by ``count_audience`` and by ``run_campaign``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from orchcamp.datasets import audiences, predefined, schema
from orchcamp.datasets.models import Audience, Dataset
from orchcamp.datasets.rules.moments import PERIODS
from orchcamp.datasets.rules.operators import AGGREGATES, OPERATORS
from tests.builders import PEOPLE, PURCHASES, make_dataset, make_shop
from tests.campaigns.builders import graph, make_campaign
from tests.campaigns.hands_stage import Hands, NodeForm
from tests.campaigns.rule_forms import FAMILIES, VARIABLES, VIPS, Form, visits, where

pytestmark = pytest.mark.django_db
FEW = 6  # nodes on one canvas: every request looks at all of them


@pytest.fixture
def today() -> Iterator[Any]:
    day = timezone.localdate()
    yield day
    if timezone.localdate() != day:
        pytest.skip("midnight went by")


@pytest.fixture
def hands(mark, anna, today) -> Hands:
    """A manager before an empty canvas, with visits of every day that matters, an audience and a filter."""
    make_shop()
    Dataset.objects.filter(slug="purchases").update(target={"email": "product_id"})
    columns = {"id": "integer", "day": "date", "at": "datetime"}
    make_dataset("visits", ["id"], columns, visits(today), target={"email": "id"})
    people = Dataset.objects.get(slug="people")
    audiences.create("VIPs", people, slug="vips")
    rows = schema.load().table("people")
    audiences.save(Audience.objects.get(), audiences.Rows(rows.filter(rows.id.isin(VIPS)).select("id")))
    predefined.create(
        label="Lives in", dataset="people", rule=where("city", "equals", {"parameter": "town"}),
        parameters={"town": {"type": "text", "default": "Nice", "label": "Town"}}, shared=True, by=mark,
    )  # fmt: skip
    return Hands(make_campaign(graph({}), owner=mark), mark, anna)


def rows_of(form: Form, today: Any) -> list[dict[str, Any]]:
    return {"people": PEOPLE, "purchases": PURCHASES, "visits": visits(today)}[form.dimension]


def saved(hands: Hands, form: Form) -> str:
    """A node with the rule, saved in its panel."""
    return hands.put("build_audience", dimension=form.dimension, rule=json.dumps(form.rule), keep_empty=True)


def by_the_builder(hands: Hands, node: str) -> int | str:
    """What the button “Count” in the panel says."""
    data = NodeForm(hands.page("node", node)).filled({})
    answer = hands.client(hands.manager).post(reverse("datasets:rule_count"), data | {"name": "rule"})
    found = re.search(r"<strong>([\d,]+)</strong>", answer.content.decode())
    return int(found[1].replace(",", "")) if found else re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())


def by_command(folder: Path, forms: dict[str, Form]) -> dict[str, int | str]:
    """What ``count_audience`` prints of each; one that reads a variable of a campaign has no count there."""
    found: dict[str, int | str] = {}
    for dimension in {form.dimension for form in forms.values()}:
        files = {
            name: folder / f"{place}.json" for place, name in enumerate(forms) if forms[name].dimension == dimension
        }
        for name, file in files.items():
            file.write_text(json.dumps(forms[name].rule))
        out = StringIO()
        try:
            call_command("count_audience", dimension, *map(str, files.values()), "--json", stdout=out)
        except CommandError:
            assert any(forms[name].of_campaign for name in files), out.getvalue()
        for name, entry in zip(files, json.loads(out.getvalue()), strict=True):
            found[name] = entry["count"] if "count" in entry else entry["error"]
    return found


def on_a_canvas(hands: Hands, forms: dict[str, Form]) -> dict[str, tuple[int | str, int]]:
    """What the builder counts of each, and how many rows a run gives."""
    hands.campaign = make_campaign(graph({}), owner=hands.manager, slug=f"c{uuid4().hex}", variables=VARIABLES)
    nodes = {name: saved(hands, form) for name, form in forms.items()}
    assert hands.alerts() == []
    out = StringIO()
    call_command("run_campaign", hands.campaign.slug, "--test", "--json", stdout=out)
    ran = json.loads(out.getvalue())["nodes"]
    return {name: (by_the_builder(hands, id), ran[id]["outputs"]["out"]["rows"]) for name, id in nodes.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_it_counts_the_same_wherever_it_is_asked(family, hands, today, tmp_path):
    forms = FAMILIES[family](today)
    expected = {name: form.expected(rows_of(form, today)) for name, form in forms.items()}
    assert any(expected.values())
    names = list(forms)
    for start in range(0, len(names), FEW):
        few = names[start : start + FEW]
        found = on_a_canvas(hands, {name: forms[name] for name in few})
        assert found == {name: (expected[name], expected[name]) for name in few}
    counted = by_command(tmp_path, forms)
    of_data = {name for name, form in forms.items() if not form.of_campaign}
    assert {name: counted[name] for name in of_data} == {name: expected[name] for name in of_data}
    assert all("no variable" in str(counted[name]) for name in forms if name not in of_data)


def test_every_operator_function_and_period_stands_in_a_form(today):
    rules = json.dumps([form.rule for family in FAMILIES.values() for form in family(today).values()])
    named = set(re.findall(r'"(?:operator|aggregate|period|group)": "(\w+)"', rules))
    assert set(OPERATORS) | set(AGGREGATES) | set(PERIODS) | {"and", "or", "except"} <= named
