"""Why a row is in or out: verdicts that cannot differ from membership, and the values beside them."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchcamp.datasets.rules import explaining
from orchcamp.datasets.rules.verdicts import MASK, Verdict, culprits, masked
from tests.datasets.rule_stage import ROWS, both, bought, where
from tests.datasets.second_reading import satisfies
from tests.datasets.shop import KEYS, context
from tests.datasets.test_rules_generated import DATA, nodes


def told(tree: dict, key: object, dataset: str = "people", **options) -> Verdict:
    ctx = context(options.pop("rows", ROWS), **options)
    name = KEYS[dataset][0]
    found = explaining.explain(ctx.model.table(dataset), tree, dataset, ctx, lambda table: table[name] == key)
    assert found is not None
    return found


def agrees(verdict: Verdict) -> bool:
    """Whether a group's verdict is what its parts make of it."""
    if verdict.of is not None:
        return verdict.rows is not None and verdict.rows <= verdict.of
    inner = [item.wanted for item in verdict.items]
    if verdict.kind in ("and", "except"):
        own = verdict.holds is all(inner)
    elif verdict.kind == "or":
        own = verdict.holds is (any(inner) or not inner)
    else:
        own = not verdict.items or verdict.holds is verdict.items[0].holds
    return own and all(agrees(item) for item in verdict.items)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=DATA, dataset=st.sampled_from(["people", "purchases"]), content=st.data())
def test_the_verdict_of_a_rule_is_membership_and_its_parts_agree(data, dataset, content):
    if not data[dataset]:
        return
    tree, row = content.draw(nodes(dataset)), content.draw(st.sampled_from(data[dataset]))
    verdict = told(tree, row[KEYS[dataset][0]], dataset, rows=data)
    assert verdict.holds is satisfies(data, dataset, row, tree)
    assert agrees(verdict)
    blamed = list(culprits(verdict))
    assert bool(blamed) is not verdict.holds or (not blamed and not verdict.items)


def test_each_condition_has_its_value_and_its_verdict():
    verdict = told(both(where("city", "equals", "Paris"), where("age", "greater_than", 25)), 1)
    assert (verdict.kind, verdict.holds) == ("and", False)
    assert [(item.words, item.holds, [c.value for c in item.cells]) for item in verdict.items] == [
        ("City is Paris", True, ["Paris"]),
        ("Age is more than 25", False, [20]),
    ]
    assert [each.words for each in culprits(verdict)] == ["Age is more than 25"]


def test_a_condition_against_another_column_shows_both_values():
    (left, right) = told(where("age", "less_than", {"attribute": "shop_x"}), 1).cells
    assert (left.value, right.label, right.value) == (20, "Shop x", 1)


def test_a_condition_over_a_link_shows_the_value_there():
    assert told(where("shop.region", "equals", "south"), 1).cells[0].value == "north"


def test_linked_rows_are_counted_part_by_part_and_the_first_are_shown():
    tree = {
        "link": "purchases",
        "where": both(where("amount", "greater_than", 50), where("product.brand", "equals", "Leaf")),
    }
    verdict = told(tree, 1)
    assert (verdict.holds, verdict.rows, verdict.of) == (False, 0, 2)
    assert [(item.rows, item.of) for item in verdict.items] == [(1, 2), (1, 2)]
    assert len(verdict.samples) == 2, "none satisfies all of it, so those that there are"
    found = told({"link": "purchases", "where": where("amount", "greater_than", 50)}, 1)
    assert (found.holds, found.rows, len(found.samples)) == (True, 1, 1)
    assert {cell.label: cell.value for cell in found.samples[0]}["Amount"] == 100


def test_linked_rows_are_followed_over_several_links():
    tree = {"link": "product.sales", "where": where("amount", "greater_than", 50)}
    verdict = told(tree, 2, "purchases")
    assert (verdict.holds, verdict.rows, verdict.of) == (True, 1, 2)


def test_a_figure_shows_what_it_came_to():
    assert [cell.value for cell in told(bought("greater_or_equal", 3), 1).cells] == [2]
    total = told(bought("greater_than", 200, aggregate="sum", attribute="amount"), 1)
    assert (total.holds, float(total.cells[0].value)) == (False, 103.0)
    assert [cell.value for cell in told(bought("equals", 0), 4).cells] == [0]


def test_a_filter_is_opened_and_an_audience_is_named():
    verdict = told(both({"filter": "grown", "parameters": {"least": 25}}, {"audience": "some"}), 1)
    grown, some = verdict.items
    assert (grown.kind, grown.holds, grown.items[0].words) == ("filter", False, "Age is at least 25")
    assert (some.kind, some.holds) == ("audience", False)


def test_what_a_group_excludes_is_to_blame_when_it_holds():
    tree = both(where("city", "equals", "Paris"), where("age", "equals", 20), group="except")
    verdict = told(tree, 1)
    assert verdict.holds is False
    assert [item.part for item in verdict.items] == ["", "except"]
    assert [each.words for each in culprits(verdict)] == ["Age is 20"]


def test_a_reader_without_the_right_sees_no_personal_value_and_no_private_filter():
    verdict = told(both(where("city", "equals", "Paris"), {"filter": "grown"}), 1)
    blind = masked(verdict, personal=True, values=False, hidden=frozenset({"grown"}))
    assert blind.items[0].cells[0].value == MASK and blind.items[1].items == ()
    expression = told({"expression": "Upper([name])", "operator": "equals", "value": "ANN"}, 1)
    assert expression.holds and expression.cells[0].value == "ANN"
    assert masked(expression, personal=False, values=True).cells[0].value == MASK


def test_an_expression_that_looks_at_other_rows_is_computed_over_all_of_them():
    verdict = told(
        {"expression": "RowNum(PartitionBy([shop_x]), OrderBy(Desc([age])))", "operator": "greater_than", "value": 1}, 1
    )
    assert verdict.cells[0].value > 1 and verdict.holds


def test_a_row_that_is_not_there_has_no_verdict():
    ctx = context(ROWS)
    table = ctx.model.table("people")
    assert explaining.explain(table, where("age", "equals", 1), "people", ctx, lambda t: t.id == 999) is None
