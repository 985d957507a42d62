"""Acceptance scenarios with files, by their numbers in the specification."""

from __future__ import annotations

import io

import pytest

from campaigns import files
from campaigns.models import Alert
from campaigns.store import RunStore
from orchcamp.datasets import engine
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign
from tests.campaigns.files_stage import run

pytestmark = pytest.mark.django_db
CLIENTS = "email,age\nann@example.org,30\nBOB@example.org,x\nnobody@example.org,7\nstranger@example.org,8\n"


def test_a6_a_file_is_reconciled_on_email_and_strangers_raise_an_alert(db):
    make_shop()
    columns = [{"name": "email"}, {"name": "age", "type": "integer"}]
    tie = {"dimension": "people", "pairs": [{"source": "email", "destination": "email"}], "complement": True}
    nodes = {
        "file": ("load_file", {"file": "clients.csv", "columns": columns, "errors_allowed": 1}),
        "it": ("reconciliation", tie),
        "known": ("end", {}),
        "alert": ("alert", {"title": "Strangers", "message": "{{ rows }} clients are not known."}),
        "end": ("end", {}),
    }
    campaign = make_campaign(graph(nodes, "file>it", "it>known", "it.complement>alert", "alert>end"))
    files.keep(campaign, "clients.csv", io.BytesIO(CLIENTS.encode()), by=None)
    found, node = run(campaign)
    assert found.status == "succeeded", found.error
    loaded = found.nodes.get(node_id="file").outputs
    assert (loaded["out"]["rows"], loaded["rejects"]["rows"]) == (3, 1)  # rejects counted
    assert (node.outputs["out"]["rows"], node.outputs["complement"]["rows"]) == (1, 2)
    unknown = RunStore(found).population("it", "complement")
    assert engine.count(unknown.table) == 2
    alert = Alert.objects.get(run=found)
    assert (alert.title, alert.message) == ("Strangers", "2 clients are not known.")
