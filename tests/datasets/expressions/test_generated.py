"""Generated expressions: written and read again they are the same, and the engine agrees with a second reading."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchcamp.datasets import engine
from orchcamp.datasets.expressions import samples
from orchcamp.datasets.expressions.parsing import parse
from orchcamp.datasets.expressions.syntax import Call, Constant, Field, Operation

from .stage import added, context

AT_ONCE = 8
TEXTS = st.sampled_from(["", "a", "B", "é", "a'b", "%", "\\", "aa", " x "])
NUMBERS = st.sampled_from([0, 1, 2, 3, 7, 100, Decimal("0.5"), Decimal("2.25"), Decimal("31.1")])
COMPARE = ["=", "<>", "<", "<=", ">", ">="]
ROWS = [
    {"id": 1, "name": "a", "city": "Bé", "age": 3, "amount": Decimal("2.25"), "weight": 0.5, "member": True},
    {"id": 2, "name": "", "city": None, "age": None, "amount": Decimal("-1"), "weight": None, "member": None},
    {"id": 3, "name": "a'b", "city": "a", "age": -7, "amount": None, "weight": -1.5, "member": False},
]


def op(*names: str, of: Any, count: int = 2) -> Any:
    return st.builds(lambda name, parts: Operation(name, tuple(parts)), st.sampled_from(names), st.lists(of, min_size=count, max_size=count))  # fmt: skip


def call(name: str, *of: Any) -> Any:
    return st.builds(lambda *parts: Call(name, parts), *of)


@st.composite
def expressions(draw: Any, family: str, depth: int = 3) -> Any:
    """A well-typed expression of a family: number, text or truth."""
    inner = {name: expressions(name, depth - 1) for name in ("number", "text", "truth")} if depth else {}
    if not depth or draw(st.integers(0, 3)) == 0:
        return draw(
            {
                "number": st.one_of(NUMBERS.map(Constant), st.sampled_from(["age", "amount", "weight"]).map(Field)),
                "text": st.one_of(TEXTS.map(Constant), st.sampled_from(["name", "city", "note"]).map(Field)),
                "truth": st.one_of(st.booleans().map(Constant), st.just(Field("member"))),
            }[family]
        )
    number, text, truth = inner["number"], inner["text"], inner["truth"]
    return draw(
        {
            "number": st.one_of(
                op("+", "-", "*", "/", "%", of=number), op("negate", of=number, count=1), call("Length", text),
                call("Iif", truth, number, number), call("Coalesce", number, number), call("Abs", number),
                call("Charindex", text, text), call("Sign", number), call("Floor", number),
            ),
            "text": st.one_of(
                op("+", of=text), call("Upper", text), call("Iif", truth, text, text), call("NoNull", text),
                call("Coalesce", text, text), call("Left", text, st.integers(-1, 3).map(whole)),
                call("Substring", text, st.integers(-1, 3).map(whole), st.integers(-1, 3).map(whole)),
                call("Replace", text, text, text), call("JuxtWords", text, text),
            ),
            "truth": st.one_of(
                op(*COMPARE, of=number), op(*COMPARE, of=text), op("and", "or", of=truth, count=3),
                op("not", of=truth, count=1), call("AllNonNull2", text, text),
            ),
        }[family]
    )  # fmt: skip


def whole(number: int) -> Any:
    return Constant(number) if number >= 0 else Operation("negate", (Constant(-number),))


# --- the second reading -------------------------------------------------------------------------------------------


def reads(node: Any, row: dict[str, Any]) -> Any:
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Field):
        return row.get(node.path)
    if isinstance(node, Call):
        return called(node.name, [reads(part, row) for part in node.arguments], [kind(p) for p in node.arguments])
    parts = [reads(part, row) for part in node.operands]
    if node.operator in ("and", "or"):
        decisive = node.operator == "or"
        return decisive if decisive in parts else None if None in parts else not decisive
    if None in parts:
        return None
    if node.operator in COMPARE:
        return compared(node.operator, *parts)
    if node.operator == "not":
        return not parts[0]
    if isinstance(parts[0], str):
        return parts[0] + parts[1]
    return reckoned(node.operator, parts, kind(node))


def kind(node: Any) -> str:
    """The type of a part, as far as arithmetic cares."""
    if isinstance(node, Constant):
        return {int: "integer", Decimal: "decimal"}.get(type(node.value), "")
    if isinstance(node, Field):
        return samples.TYPES[node.path]
    kinds = [kind(part) for part in (node.arguments if isinstance(node, Call) else node.operands)]
    if isinstance(node, Call):
        if node.name in ("Length", "Charindex", "Sign", "Floor"):
            return "integer"
        if node.name not in ("Iif", "Coalesce", "Abs"):
            return ""
        kinds = kinds[-2:]
    if isinstance(node, Operation) and node.operator == "/":
        return "float"
    return next((widest for widest in ("float", "decimal") if widest in kinds), kinds[0])


def fit(value: Any, type: str) -> Any:
    """A value in a type: decimals have four places, and 14 digits before the point."""
    if value is None or type not in ("integer", "decimal", "float"):
        return value
    if type == "float":
        return float(value) if math.isfinite(value) else None
    if type == "integer":
        return int(value) if abs(value) < 9.2e18 else None
    exact = Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return exact if abs(exact) < 10**14 else None


def reckoned(operator: str, parts: list[Any], type: str) -> Any:
    if operator == "negate":
        return fit(-parts[0], type)
    left, right = (fit(part, type) for part in parts)
    if operator in "/%" and right == 0:
        return None
    if operator == "%":
        return (
            math.fmod(left, right) if type == "float" else fit(abs(left) % abs(right) * (-1 if left < 0 else 1), type)
        )
    made = {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}
    return fit(made[operator](), type)


def compared(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return {
        "=": left == right, "<>": left != right, "<": left < right,
        "<=": left <= right, ">": left > right, ">=": left >= right,
    }[operator]  # fmt: skip


def called(name: str, given: list[Any], kinds: list[str]) -> Any:
    if name in ("Iif", "Coalesce"):
        widest = next((one for one in ("float", "decimal") if one in kinds[-2:]), kinds[-1])
        chosen = given[1 if given[0] else 2] if name == "Iif" else given[1] if given[0] is None else given[0]
        return fit(chosen, widest)
    if name == "NoNull":
        return given[0] or ""
    if name == "AllNonNull2":
        return bool(given[0]) and bool(given[1])
    if None in given:
        return None
    first = given[0]
    answers = {
        "Length": lambda: len(first),
        "Abs": lambda: abs(first),
        "Sign": lambda: (first > 0) - (first < 0),
        "Floor": lambda: fit(math.floor(first), "integer") if abs(first) < 9.2e18 else None,
        "Charindex": lambda: first.find(given[1]) + 1,
        "Upper": lambda: first.upper(),
        "Left": lambda: first[: max(given[1], 0)],
        "Substring": lambda: first[max(given[1] - 1, 0) : max(given[1] - 1 + given[2], 0)],
        "Replace": lambda: first.replace(given[1], given[2]) if given[1] else first,
        "JuxtWords": lambda: " ".join(filter(None, given)),
    }
    return answers[name]()


# --- tests --------------------------------------------------------------------------------------------------------

FAMILIES = st.sampled_from(["number", "text", "truth"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(FAMILIES.flatmap(expressions))
def test_what_is_written_is_read_as_the_same(node):
    assert parse(str(node)) == node
    assert str(parse(str(node))) == str(node)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FAMILIES.flatmap(expressions), min_size=AT_ONCE, max_size=AT_ONCE))
def test_the_engine_agrees_with_a_second_reading(nodes):
    found = engine.rows(added({f"v{n}": str(node) for n, node in enumerate(nodes)}, context(ROWS)).order_by("id"))
    for n, node in enumerate(nodes):
        for row, answer in zip(ROWS, found, strict=True):
            expected = reads(node, row)
            assert same(answer[f"v{n}"], expected), f"{node} of {row}: {answer[f'v{n}']!r}, not {expected!r}"


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and expected is not None:
        return math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12)
    return found == expected and (found is None) == (expected is None)
