"""The health page: 200 when all is well, else 503 that names what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Beat

pytestmark = pytest.mark.django_db


def test_all_is_well_once_a_worker_beats(client):
    tasks.beat()
    response = client.get("/health")
    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert set(response.json()["parts"]) == {"database", "cache", "lake", "worker"}
    assert "no-store" in response["Cache-Control"]


def test_without_a_worker_it_is_unwell_and_says_so(client):
    response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["parts"]["worker"].startswith("No worker has been heard of")
    assert response.json()["parts"]["lake"] == "ok"


def test_a_worker_that_fell_silent_is_noticed(client):
    tasks.beat()
    Beat.objects.update(at=timezone.now() - timedelta(minutes=5))
    assert "300 seconds ago" in client.get("/health").json()["parts"]["worker"]


def test_a_lake_that_cannot_be_written_is_noticed(client, settings, tmp_path):
    tasks.beat()
    (tmp_path / "file").write_text("")
    settings.LAKE_DIR = tmp_path / "file"
    response = client.get("/health")
    assert response.status_code == 503
    assert "cannot be written" in response.json()["parts"]["lake"]
    assert str(tmp_path) not in response.text


def test_a_cache_that_forgets_is_noticed(client, settings):
    tasks.beat()
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert client.get("/health").json()["parts"]["cache"] == "The cache does not keep what it is given."


def test_health_is_cheap(client, django_assert_max_num_queries):
    tasks.beat()
    with django_assert_max_num_queries(3):
        client.get("/health")


def test_health_only_reads(client):
    assert client.post("/health").status_code == 405


def test_a_database_that_does_not_answer_is_noticed(client, settings):
    with connection.execute_wrapper(_refuse):
        response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "The database does not answer."


def _refuse(*args):
    from django.db import OperationalError

    raise OperationalError("gone")
