"""Files of campaigns: kept by content, taken along, read by runs, uploaded in the panel, forgotten."""

from __future__ import annotations

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from campaigns import execution, files, lifecycle, portable
from campaigns.errors import NotRunnable
from campaigns.models import Campaign, CampaignFile, LogEntry, Run, RunFile
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign

pytestmark = pytest.mark.django_db
CLIENTS = "E-mail;Spent;Born\nann@example.org;1 200,50;31/12/1990\nnobody@example.org;7;01/02/2000\nx;many;\n"
COLUMNS = [
    {"name": "E-mail", "personal": True},
    {"name": "spent", "source": "Spent", "type": "float", "number_format": "space"},
    {"name": "born", "source": "Born", "type": "date", "date_formats": ["DD/MM/YYYY"]},
]


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()


def canvas(**settings):
    nodes = {
        "file": ("load_file", {"file": "clients.csv", "columns": COLUMNS, "errors_allowed": 1, **settings}),
        "end": ("end", {}),
        "bad": ("end", {}),
    }
    return graph(nodes, "file>end", "file.rejects>bad")


def uploaded(campaign: Campaign, content: str = CLIENTS, name: str = "clients.csv") -> CampaignFile:
    return files.keep(campaign, name, io.BytesIO(content.encode()), by=None)


def ran(campaign: Campaign, mode: str = "test") -> tuple[Run, dict]:
    version = campaign.latest_version()
    if mode == "live":
        now = "2026-01-01T00:00Z"
        version.published_at = version.approved_at = version.frozen_at = now
        version.save()
        Campaign.objects.filter(pk=campaign.pk).update(status="live")
    run = execution.run_to_end(execution.start(version, mode=mode))
    return run, {node.node_id: node for node in run.nodes.all()}


# --- Keeping ------------------------------------------------------------------------------------------


def test_a_file_is_kept_under_its_content_and_replaced_by_name(ada):
    campaign = make_campaign(canvas())
    first = files.keep(campaign, "C:\\My files\\clients.csv", io.BytesIO(b"a\n1\n"), by=ada)
    path = first.path
    second = files.keep(campaign, "clients.csv", io.BytesIO(b"a\n2\n"), by=ada)
    assert (first.pk, first.name, campaign.files.count()) == (second.pk, "clients.csv", 1)
    assert path != second.path
    assert (engine.root() / path).read_bytes() == b"a\n1\n"  # a run may have pinned it
    assert AuditEntry.objects.filter(verb="uploaded file", actor=ada).count() == 2


@pytest.mark.parametrize("name", ["", "..", ".env", "a\x07.csv", "x" * 200 + ".csv", "c:con"])
def test_a_name_that_no_file_can_have_is_refused(name):
    with pytest.raises(files.BadUpload, match="cannot be the name"):
        files.keep(make_campaign(canvas()), name, io.BytesIO(b"x"), by=None)


def test_what_is_too_large_or_empty_is_refused_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 10)
    campaign = make_campaign(canvas())
    for content, sentence in ((b"x" * 11, "larger than 50 MB"), (b"", "is empty")):
        with pytest.raises(files.BadUpload, match=sentence):
            files.keep(campaign, "a.csv", io.BytesIO(content), by=None)
    assert not campaign.files.exists()
    assert not [path for path in engine.root().rglob("*") if path.is_file() and "uploads" in path.parts]


def test_a_copy_of_a_campaign_has_its_files_and_a_deleted_one_leaves_none(mark):
    campaign = make_campaign(canvas(), owner=mark)
    uploaded(campaign)
    copy = lifecycle.duplicate(campaign, by=mark)
    assert [file.name for file in copy.files.all()] == ["clients.csv"]
    ran(copy)
    place = engine.root() / "files" / copy.slug
    assert place.is_dir()


# --- Runs ---------------------------------------------------------------------------------------------


def test_the_rows_of_a_file_go_on_and_its_rejects_leave_apart():
    campaign = make_campaign(canvas())
    uploaded(campaign)
    run, nodes = ran(campaign)
    assert run.status == "succeeded", run.error
    found = {port: kept["rows"] for port, kept in nodes["file"].outputs.items()}
    assert found == {"out": 2, "rejects": 1}
    assert nodes["bad"].status == "succeeded"


def test_more_errors_than_allowed_fail_the_node_and_name_the_first():
    campaign = make_campaign(canvas(errors_allowed=0))
    uploaded(campaign)
    run, nodes = ran(campaign)
    assert run.status == "failed"
    assert "1 line is rejected, and 0 may be. line 4, “spent”: “many” is not a number." in nodes["file"].error
    assert nodes["end"].status == "pending"


def test_a_failure_that_is_processed_leaves_by_the_error():
    settings = {"file": "clients.csv", "process_errors": True}
    nodes = {"file": ("load_file", settings), "end": ("end", {}), "sorry": ("end", {})}
    campaign = make_campaign(graph(nodes, "file>end", "file.error>sorry"))
    uploaded(campaign, "a,b\n1\n")
    run, found = ran(campaign)
    assert run.status == "succeeded", run.error
    assert (found["sorry"].status, found["end"].status) == ("succeeded", "skipped")


def test_without_rejects_that_way_is_not_taken():
    campaign = make_campaign(canvas())
    uploaded(campaign, CLIENTS.replace("x;many;\n", ""))
    _run, nodes = ran(campaign)
    assert nodes["bad"].status == "skipped"


def test_a_run_goes_on_with_the_file_that_was_there_when_it_began():
    campaign = make_campaign(canvas())
    uploaded(campaign)
    run = execution.start(campaign.latest_version(), mode="test")
    uploaded(campaign, "E-mail;Spent;Born\n")
    execution.run_to_end(run)
    assert run.nodes.get(node_id="file").outputs["out"]["rows"] == 2


def test_a_file_that_is_not_there_keeps_the_canvas_from_running():
    campaign = make_campaign(canvas())
    with pytest.raises(NotRunnable, match=r"The campaign has no file “clients.csv”; it has: none"):
        execution.start(campaign.latest_version(), mode="test")


def test_rejects_are_kept_in_a_file_where_that_is_asked_for():
    campaign = make_campaign(canvas(keep_rejects=True))
    uploaded(campaign)
    run, _nodes = ran(campaign)
    file = RunFile.objects.get(run=run)
    assert (file.name, file.rows) == ("clients-rejects.csv", 1)
    assert (engine.root() / file.path).read_text().splitlines() == [
        "line,record,column,reason",
        "4,x;many;,spent,“many” is not a number",
    ]


@pytest.mark.parametrize(("mode", "left"), [("test", 1), ("live", 0)])
def test_a_file_that_is_to_go_goes_after_a_live_run_only(mode, left, django_capture_on_commit_callbacks):
    campaign = make_campaign(canvas(delete_after=True))
    path = uploaded(campaign).path
    with django_capture_on_commit_callbacks(execute=True):
        run, _nodes = ran(campaign, mode)
    assert run.status == "succeeded", run.error
    assert campaign.files.count() == left
    assert (engine.root() / path).exists() is bool(left)


def test_rules_behind_the_file_ask_its_columns():
    rule = {"attribute": "spent", "operator": "greater_than", "value": 1000}
    subsets = [{"code": "rich", "label": "Rich", "rule": rule}]
    nodes = {
        "file": ("load_file", {"file": "clients.csv", "columns": COLUMNS, "errors_allowed": 1}),
        "split": ("split", {"subsets": subsets, "complement": True}),
        "end": ("end", {}),
    }
    campaign = make_campaign(graph(nodes, "file>split", "split.rich>end"))
    uploaded(campaign)
    run, found = ran(campaign)
    assert run.status == "succeeded", run.error
    assert {port: kept["rows"] for port, kept in found["split"].outputs.items()} == {"rich": 1, "complement": 1}


# --- The panel ----------------------------------------------------------------------------------------


@pytest.fixture
def panel(client, mark):
    """Mark in the panel of the node “file”; posts a button with the settings that are typed."""
    campaign = make_campaign(graph({"file": ("load_file", {})}), owner=mark)
    client.force_login(mark)
    address = f"/campaigns/{campaign.slug}/nodes/file/file"

    def post(do: str, upload: SimpleUploadedFile | None = None, **typed):
        revision = campaign.latest_version().revision
        data = {"do": do, "revision": revision, "node_name": "My file", "header": "on", **typed}
        return client.post(address, {**data, "upload": upload} if upload else data, headers={"HX-Request": "true"})

    post.campaign, post.address = campaign, address
    return post


def test_an_upload_is_kept_its_columns_are_found_and_what_was_typed_stays(panel):
    response = panel("upload", SimpleUploadedFile("clients.csv", b"id,name\n1,Ann\n"), errors_allowed="7")
    assert response.status_code == 200
    settings = panel.campaign.latest_version().graph.nodes["file"].settings
    assert (settings["file"], settings["errors_allowed"]) == ("clients.csv", 7)
    found = [(column["name"], column["type"], column["personal"]) for column in settings["columns"]]
    assert found == [("id", "integer", False), ("name", "string", True)]
    assert panel.campaign.latest_version().graph.nodes["file"].name == "My file"


def test_detection_reads_the_file_as_it_is_laid_out_on_the_screen(panel):
    uploaded(panel.campaign, "top\nid|when\n1|2026-01-01\n", "data.txt")
    panel("detect", file="data.txt", skip_lines="1", separator="|")
    settings = panel.campaign.latest_version().graph.nodes["file"].settings
    assert [(column["name"], column["type"]) for column in settings["columns"]] == [("id", "integer"), ("when", "date")]


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "is empty"), (b"a\n\xff\n", "is not UTF-8"), (b"a,a\n1,2\n", "names “a” twice")]
)
def test_an_upload_that_cannot_be_read_is_refused_in_the_panel(panel, content, sentence):
    response = panel("upload", SimpleUploadedFile("clients.csv", content))
    assert sentence in response.content.decode()
    assert response.status_code == 200


def test_the_first_rows_and_errors_are_shown(panel, client):
    uploaded(panel.campaign)
    panel("detect", file="clients.csv", separator=";")
    page = client.get(panel.address, headers={"HX-Request": "true"}).content.decode()
    assert "nobody@example.org" in page and "3 rows are read" in page


def test_personal_data_of_a_file_is_hidden_from_those_who_may_not_see_it(panel, client, vera):
    uploaded(panel.campaign)
    panel("detect", file="clients.csv", separator=";")
    client.force_login(vera)
    page = client.get(panel.address).content.decode()
    assert "nobody@example.org" not in page and "•••" in page


def test_a_file_of_a_run_is_downloaded_by_those_who_may_see_personal_data(client, mark, vera):
    campaign = make_campaign(canvas(keep_rejects=True), owner=mark)
    uploaded(campaign)
    run, _nodes = ran(campaign)
    address = f"/campaigns/{campaign.slug}/runs/{run.pk}/files/{RunFile.objects.get().pk}"
    client.force_login(mark)
    assert address in client.get(f"/campaigns/{campaign.slug}/runs/{run.pk}/").content.decode()
    response = client.get(address)
    assert b"x;many;" in b"".join(response.streaming_content)
    assert response["Content-Disposition"] == 'attachment; filename="clients-rejects.csv"'
    assert AuditEntry.objects.filter(verb="downloaded file", actor=mark).exists()
    client.force_login(vera)
    assert client.get(address).status_code == 403


# --- Campaign files -------------------------------------------------------------------------------------


def test_an_import_takes_along_the_files_that_are_named_and_lie_beside(tmp_path, capsys):
    document = json.loads(portable.dump(make_campaign(canvas())))
    Campaign.objects.all().delete()
    (tmp_path / "c.json").write_text(json.dumps(document))
    (tmp_path / "clients.csv").write_text(CLIENTS)
    (tmp_path / "other.csv").write_text("not named")
    call_command("import_campaign", str(tmp_path / "c.json"))
    assert list(Campaign.objects.get().files.values_list("name", flat=True)) == ["clients.csv"]
    capsys.readouterr()
    call_command("run_campaign", "spring", "--test", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["nodes"]["file"]["outputs"] == {"out": {"rows": 2}, "rejects": {"rows": 1}}
    assert not LogEntry.objects.filter(severity="error").exists()


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "sub/x.csv", ".env"])
def test_an_import_takes_nothing_from_elsewhere(tmp_path, name):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    folder = tmp_path / "in" / "sub"
    folder.mkdir(parents=True)
    (folder / "x.csv").write_text("a\n1\n")
    (tmp_path / "in" / ".env").write_text("a\n1\n")
    campaign = make_campaign(graph({"file": ("load_file", {"file": name})}))
    assert files.take_along(campaign, campaign.latest_version().graph, tmp_path / "in", by=None) == []
    assert not campaign.files.exists()
