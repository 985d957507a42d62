"""Imports point down, and what is dangerous has one door each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["orchcamp.web", "orchcamp.accounts", "orchcamp.datasets", "orchcamp.messaging", "activities", "campaigns"]
DOORS = {  # outside package: the only modules (or packages of ours) that may import it
    "django_q": ("tasks", "scheduling", "worker"),
    "duckdb": ("engine",),
    "pyspark": ("engine",),
    "guardian": ("access", "permissions"),
    "pandas": ("loading", "repair"),
}
COMPOSITION_ROOT = {"settings", "urls", "wsgi"}
MODULES = sorted(
    path
    for package in ("orchcamp", "activities", "campaigns")
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts and not (path.parent.name == "orchcamp" and path.stem in COMPOSITION_ROOT)
)


def imports(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rank(name: str) -> int:
    return next((i for i, layer in enumerate(LAYERS) if f"{name}.".startswith(f"{layer}.")), -1)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    own = rank(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert not [name for name in imports(path) if rank(name) > own]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_dangerous_has_one_door(path):
    packages = {name.split(".")[0] for name in imports(path)}
    own = {path.stem, path.parent.name}
    assert not [package for package in packages if package in DOORS and not own & set(DOORS[package])]


@pytest.mark.parametrize("path", [p for p in MODULES if p.is_relative_to(ROOT / "activities")], ids=lambda p: p.name)
def test_the_language_touches_no_database_and_no_queue(path):
    assert not [name for name in imports(path) if name.startswith(("django.db", "django.urls", "django_q"))]


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent == ROOT / "campaigns"], ids=lambda p: p.name)
def test_services_know_no_views(path):
    if path.stem in {"urls", "admin"}:
        return
    assert not [name for name in imports(path) if name.startswith("campaigns.views")]


WRITTEN = sorted(
    path
    for folder in ("orchcamp", "activities", "campaigns", "templates", "tests")
    for kind in ("*.py", "*.js", "*.css", "*.html")
    for path in (ROOT / folder).rglob(kind)
    if "migrations" not in path.parts
)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400
