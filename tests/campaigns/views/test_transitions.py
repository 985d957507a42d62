"""A transition opened: rows in pages, values of a column, who came in and left, export; and who may see what."""

from __future__ import annotations

import csv
import io

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from campaigns import counts, execution, store
from campaigns.models import Campaign, CampaignVersion
from orchcamp.accounts.models import AuditEntry
from tests.builders import make_shop
from tests.campaigns.builders import PARIS, audience, graph, make_campaign, make_configuration, targeting_graph

HTMX = {"HX-Request": "true"}
LYON = {"attribute": "city", "operator": "in", "value": ["Lyon", "Paris"]}


@pytest.fixture
def spring(db, mark) -> Campaign:
    make_shop()
    make_configuration()
    return make_campaign(targeting_graph(), owner=mark)


@pytest.fixture
def manager(client, mark):
    client.force_login(mark)
    return client


def counted(campaign: Campaign, mode: str = "test"):
    return execution.run_to_end(execution.start(campaign.latest_version(), mode=mode))


def asking(campaign: Campaign, rule: dict) -> None:
    """The same canvas with another rule in its first node."""
    version = campaign.latest_version()
    document = version.document
    document["nodes"]["paris"]["settings"]["rule"] = rule
    CampaignVersion.objects.filter(pk=version.pk).update(document=document)


def part(client, name: str, node: str = "paris", port: str = "out", **query) -> str:
    address = reverse("campaigns:transition", args=["spring", node, port])
    return client.get(address, {"part": name, **query}, headers=HTMX).content.decode()


def blind(mark) -> None:
    mark.groups.get().permissions.remove(Permission.objects.get(codename="view_personal"))


def test_a_transition_says_how_many_more_than_in_the_run_before(manager, spring):
    counted(spring)
    asking(spring, LYON)
    counted(spring)
    page = manager.get(reverse("campaigns:canvas", args=["spring"])).content.decode()
    assert '<small class="exit-delta">+1</small>' in page
    assert "1 row more than in the run before: 3 (+33 %)." in page
    assert "As many as in the run before." in page
    panel = manager.get(reverse("campaigns:transition", args=["spring", "paris", "out"]), headers=HTMX)
    assert "1 row more than in the run before" in panel.content.decode()


def test_the_run_before_is_the_last_that_ended_well_whatever_its_mode(spring):
    first, second = counted(spring), counted(spring)
    third = counted(spring)
    second.status = "failed"
    second.save()
    assert counts.previous_run(third) == first
    assert counts.previous_run(first) is None


def test_rows_come_in_pages_and_in_the_columns_that_were_chosen(manager, spring, monkeypatch):
    monkeypatch.setattr("campaigns.transitions.PAGE", 2)
    counted(spring)
    first = part(manager, "rows", columns=["name"])
    assert "Ann" in first and "Cid" in first and "Fay" not in first and "ann@example.org" not in first
    assert 'name="page" value="2"' in first
    second = part(manager, "rows", columns=["name"], page="2")
    assert "Fay" in second and "Ann" not in second and 'value="3"' not in second


def test_the_values_of_a_column_are_counted_searched_and_masked(manager, spring, mark):
    counted(spring)
    everybody = part(manager, "distribution", column="city")
    assert "Paris" in everybody and "100.0 %" in everybody
    assert "Ann" in part(manager, "distribution", column="name", q="an")
    assert "Cid" not in part(manager, "distribution", column="name", q="an")
    born = part(manager, "distribution", column="born")
    assert "1980-05-01" in born and "1985-01-15" in born and "33.3 %" in born
    assert "no column" in part(manager, "distribution", column="nonsense")
    blind(mark)
    assert "may not see the values" in part(manager, "distribution", column="name")


def test_who_came_in_who_left_and_who_stayed(manager, spring):
    counted(spring)
    assert "There is no earlier run" in part(manager, "changes")
    asking(spring, {"attribute": "city", "operator": "in", "value": ["Lyon", "Nice"]})
    counted(spring)
    changes = " ".join(part(manager, "changes").split())
    assert "Since the run before" in changes
    entered, left, stayed = (changes.split(name)[1].split("</summary>")[0] for name in ("Entered", "Left", "Stayed"))
    assert ">2<" in entered and ">3<" in left and ">0<" in stayed
    assert "bob@example.org" in changes and "ann@example.org" in changes


def test_a_run_is_also_compared_with_the_last_live_one(manager, db, mark):
    make_shop()
    make_configuration()
    campaign = make_campaign(
        graph({"paris": ("build_audience", audience(PARIS)), "end": ("end", {})}, "paris>end"), owner=mark
    )
    live = counted(campaign)
    type(live).objects.filter(pk=live.pk).update(mode="live")
    counted(campaign)
    counted(campaign)
    changes = part(manager, "changes")
    assert "Since the run before" in changes and "Since the last live run" in changes


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_all_rows_are_exported_in_the_columns_that_were_chosen(manager, spring, form, tmp_path):
    counted(spring)
    address = reverse("campaigns:export_rows", args=["spring", "paris", "out"])
    answer = manager.post(address, {"format": form, "columns": ["name", "id"]})
    body = b"".join(answer.streaming_content)
    assert f'filename="spring-paris-out.{form}"' in answer["Content-Disposition"]
    if form == "csv":
        assert list(csv.reader(io.StringIO(body.decode("utf-8-sig")))) == [
            ["id", "name"],
            ["1", "Ann"],
            ["3", "Cid"],
            ["6", "Fay"],
        ]
    elif form == "parquet":
        assert pq.read_table(io.BytesIO(body)).to_pydict() == {"id": [1, 3, 6], "name": ["Ann", "Cid", "Fay"]}
    entry = AuditEntry.objects.get(verb="exported population")
    assert (entry.facts["rows"], entry.facts["columns"], entry.facts["personal"]) == (3, ["id", "name"], True)


def test_an_export_leaves_out_what_the_person_may_not_see(manager, spring, mark):
    counted(spring)
    blind(mark)
    assert 'value="name"' not in part(manager, "export") and 'value="city"' in part(manager, "export")
    address = reverse("campaigns:export_rows", args=["spring", "paris", "out"])
    answer = manager.post(address, {"format": "csv", "columns": ["name", "email", "city"]})
    assert b"Ann" not in b"".join(answer.streaming_content)
    refused = manager.post(address, {"format": "csv", "columns": ["name"]}, follow=True)
    assert "at least one column" in refused.content.decode()


def test_rows_that_were_removed_say_so_and_when(manager, spring):
    run = counted(spring)
    store.purge(run.pk)
    assert "Data no longer available: the run&#x27;s rows were removed on " in part(manager, "rows")
    panel = manager.get(reverse("campaigns:transition", args=["spring", "paris", "out"]), headers=HTMX).content.decode()
    assert "Data no longer available" in panel
    address = reverse("campaigns:export_rows", args=["spring", "paris", "out"])
    refused = manager.post(address, {"format": "csv", "columns": ["id"]}, follow=True).content.decode()
    assert "Data no longer available" in refused and "Test the campaign again" in refused


# --- Explain -------------------------------------------------------------------------------------------------------


def explained(client, **data) -> str:
    return client.post(reverse("campaigns:explain", args=["spring"]), data, headers=HTMX).content.decode()


def test_an_address_is_typed_and_the_way_is_told(manager, spring):
    counted(spring)
    assert 'id="explain-q"' in manager.get(reverse("campaigns:explain", args=["spring"]), headers=HTMX).content.decode()
    answer = explained(manager, q="cid@example.org")
    assert "People 3 reached “Rest”." in answer
    assert 'data-lit-node="split" data-lit="passed"' in answer and 'data-lit-ports="split-complement"' in answer
    assert "City is Paris" in answer and "Consent is yes" in answer


def test_several_rows_are_offered_and_one_is_chosen(manager, spring):
    counted(spring)
    answer = explained(manager, q="ann@example.org")
    assert "Several rows have it" in answer and 'value="[6]"' in answer
    assert "People 6" in explained(manager, q="ann@example.org", key="[6]")
    for key in ("[999]", '["x"]', "nonsense", "[[1]]", '{"a": 1}'):
        assert "No row of People has" in explained(manager, q="nobody", key=key)


def test_without_a_run_the_draft_is_explained_and_only_by_those_who_may_test(manager, spring, client, vera):
    assert "As the draft is now" in explained(manager, q="1")
    client.force_login(vera)
    assert "test campaigns" in explained(client, q="1")


def test_a_viewer_sees_the_way_and_no_value_and_finds_nobody_by_an_address(spring, client, vera):
    counted(spring)
    client.force_login(vera)
    answer = explained(client, q="1")
    assert "People 1 reached “Yes”." in answer and "•••" in answer
    assert "not looked through" in explained(client, q="ann@example.org")


def test_a_private_filter_is_not_opened_for_others(manager, spring, anna, client):
    from orchcamp.datasets import predefined

    kept = predefined.create(label="Locals", dataset="people", rule=PARIS, shared=False, by=spring.owner)
    asking(spring, {"group": "and", "items": [{"filter": kept.slug}]})
    counted(spring)
    assert "City is Paris" in explained(manager, q="1")
    client.force_login(anna)
    answer = explained(client, q="1")
    assert "Locals" in answer and "City is Paris" not in answer


def test_the_page_opens_with_the_panel_and_works_without_scripts(manager, spring):
    counted(spring)
    assert (
        'id="explain-q"' in manager.get(reverse("campaigns:canvas", args=["spring"]), {"explain": ""}).content.decode()
    )
    page = manager.post(reverse("campaigns:explain", args=["spring"]), {"q": "1"}).content.decode()
    assert "People 1 reached" in page and 'id="drawing"' in page


def test_the_command_tells_the_same(spring, capsys):
    import json

    from django.core.management import call_command

    counted(spring)
    call_command("explain_profile", "spring", "4")
    assert "✗ City is Paris" in capsys.readouterr().out
    call_command("explain_profile", "spring", "1", "--json")
    (found,) = json.loads(capsys.readouterr().out)
    assert [node["state"] for node in found["nodes"]] == ["passed", "passed", "ended"]
