"""The cast and the stage: ada administers, anna approves, mark manages, vera views, mallory has nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from hypothesis import settings as hypothesis

from orchcamp.accounts.models import User
from tests import migrated

hypothesis.register_profile("untimed", deadline=None)  # speed is measured in tests/benchmarks, not here
hypothesis.load_profile("untimed")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, request) -> None:
    """Before Django migrates a database in memory, what is kept of an earlier run is poured into it."""
    if connection.vendor == "sqlite":
        memory = migrated.fill()
        request.addfinalizer(lambda: memory and memory.close())


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            migrated.keep()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings) -> Path:
    """An empty data folder and lake for every test."""
    settings.DATA_DIR, settings.LAKE_DIR = tmp_path, tmp_path / "lake"
    settings.LAKE_DIR.mkdir()
    return tmp_path


def person(name: str, profile: str | None) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "correct horse", first_name=name.title())
    if profile:
        user.groups.add(Group.objects.get(profile__slug=profile))
    return user


@pytest.fixture
def ada(db) -> User:
    return person("ada", "administrator")


@pytest.fixture
def anna(db) -> User:
    return person("anna", "approver")


@pytest.fixture
def mark(db) -> User:
    return person("mark", "manager")


@pytest.fixture
def vera(db) -> User:
    return person("vera", "viewer")


@pytest.fixture
def mallory(db) -> User:
    return person("mallory", None)
