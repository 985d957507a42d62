"""Imports point down, and what is dangerous has one door each."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

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


def named(paths: Iterable[Path]) -> list[str]:
    """What an assertion shows: one test looks at every file, for a thousand tests of a millisecond take a minute."""
    return [str(path.relative_to(ROOT)) for path in paths]


def imports_any(path: Path, *beginnings: str) -> bool:
    return any(name.startswith(beginnings) for name in imports(path))


def test_imports_point_down():
    own = {path: rank(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in MODULES}
    assert named(path for path in MODULES if any(rank(name) > own[path] for name in imports(path))) == []


def passes_a_door(path: Path) -> bool:
    """Whether a module imports something dangerous that has its door elsewhere."""
    packages = {name.split(".")[0] for name in imports(path)}
    own = {path.stem, path.parent.name}
    return any(package in DOORS and not own & set(DOORS[package]) for package in packages)


def test_what_is_dangerous_has_one_door():
    assert named(path for path in MODULES if passes_a_door(path)) == []


def test_the_language_touches_no_database_and_no_queue():
    language = [path for path in MODULES if path.is_relative_to(ROOT / "activities")]
    assert named(path for path in language if imports_any(path, "django.db", "django.urls", "django_q")) == []


def test_services_know_no_views():
    services = [path for path in MODULES if path.parent == ROOT / "campaigns" and path.stem not in {"urls", "admin"}]
    assert named(path for path in services if imports_any(path, "campaigns.views")) == []


WRITTEN = sorted(
    path
    for folder in ("orchcamp", "activities", "campaigns", "templates", "tests")
    for kind in ("*.py", "*.js", "*.css", "*.html")
    for path in (ROOT / folder).rglob(kind)
    if "migrations" not in path.parts
)


def test_a_file_has_at_most_400_lines():
    assert named(path for path in WRITTEN if len(path.read_text().splitlines()) > 400) == []
