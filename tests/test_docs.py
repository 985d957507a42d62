"""The documentation says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
VARIABLES = sorted(set(re.findall(r'env\w*\("([A-Z_]+)"', (ROOT / "orchcamp" / "settings.py").read_text())))
COMMANDS = sorted(
    path.stem for app in ("campaigns", "orchcamp") for path in (ROOT / app).rglob("management/commands/[a-z]*.py")
)


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_of_the_environment_is_explained(name):
    assert f"| `{name}` |" in (ROOT / "docs" / "production.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert not [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named_for_its_users(name):
    assert any(re.search(rf"manage\.py {name}\b|`{name}\b", page.read_text()) for page in PAGES)


def test_nothing_committed_holds_an_address_of_a_package_index():
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        assert not re.search(r"https?://|--index-url|--find-links", (ROOT / name).read_text())
