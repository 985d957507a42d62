"""Extract file: what is in the file, how it is written, and where it goes, once."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from datetime import date

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from campaigns.models import RunFile
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine, extracting
from tests.builders import make_shop
from tests.campaigns.builders import PARIS
from tests.campaigns.files_stage import again, ending_in, run, sftp_server

pytestmark = pytest.mark.django_db
NAMES = [{"source": "id"}, {"source": "name", "label": "Name"}, {"expression": "Upper([city])", "label": "Town"}]


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()


def extracted(settings: dict | None = None, rule: dict | None = PARIS, **properties) -> bytes:
    """The content of the file that a live run makes."""
    found, node = run(ending_in("extract_file", {"columns": NAMES, **(settings or {})}, rule), **properties)
    assert found.status == "succeeded", node.error
    return content(RunFile.objects.get(run=found))


def content(file: RunFile) -> bytes:
    return (engine.root() / file.path).read_bytes()


def test_columns_stand_in_their_order_under_their_labels():
    assert extracted() == b"id,Name,Town\n1,Ann,PARIS\n3,Cid,PARIS\n6,Fay,PARIS\n"


def test_without_columns_every_column_is_there():
    text = extracted({"columns": []}).decode()
    assert text.splitlines()[0] == "id,name,city,email,consent,born,joined"
    assert text.splitlines()[1] == "1,Ann,Paris,ann@example.org,true,1980-05-01,2024-01-01T00:00:00+00:00"


def test_rows_are_sorted_and_duplicates_removed():
    settings = {
        "columns": [{"source": "city"}],
        "sort": [{"by": "city", "descending": True}],
        "remove_duplicates": True,
    }
    assert extracted(settings, None) == b'city\nParis\nNice\nLyon\n""\n'
    settings = {"columns": [{"source": "id"}], "sort": [{"by": "city"}, {"by": "id", "descending": True}]}
    assert [int(line) for line in extracted(settings, None, slug="b").split()[1:]] == [2, 5, 6, 3, 1, 4]


def test_values_are_written_as_is_said():
    settings = {
        "columns": [
            {"source": "name"},
            {"source": "born"},
            {"source": "joined"},
            {"expression": "1.5 * [id]", "label": "x"},
        ],
        "header": False,
        "separator": ";",
        "line_end": "crlf",
        "date_format": "DD/MM/YYYY",
        "datetime_format": "DD.MM.YY HH:mm",
        "decimal_mark": ",",
        "encoding": "utf-16-le",
    }
    text = extracted(settings, timezone="Europe/Paris").decode("utf-16-le")
    assert text.split("\r\n")[0] == "Ann;01/05/1980;01.01.24 01:00;1,5"


def test_texts_that_would_be_formulas_are_made_harmless_unless_they_are_to_stay():
    columns = [{"expression": "'=' + [name]", "label": "x"}, {"expression": "-[id]", "label": "@y"}]
    assert extracted({"columns": columns}).splitlines()[:2] == [b"x,'@y", b"'=Ann,-1"]
    assert extracted({"columns": columns, "harmless": False}, slug="b").splitlines()[:2] == [b"x,@y", b"=Ann,-1"]


def test_fixed_columns_are_filled_up_and_refuse_what_does_not_fit():
    columns = [{"source": "id", "width": 4}, {"source": "name", "width": 5}]
    assert extracted({"columns": columns, "format": "fixed"}).splitlines() == [
        b"id  name ",
        b"   1Ann  ",
        b"   3Cid  ",
        b"   6Fay  ",
    ]
    columns[1]["width"] = 2
    found, node = run(ending_in("extract_file", {"columns": columns, "format": "fixed", "header": False}), slug="b")
    assert "“Ann” does not fit into column “name” of 2 characters" in node.error
    assert not RunFile.objects.filter(run=found).exists()


def test_workbooks_parquet_and_json_lines_keep_types(settings):
    columns = [{"source": "id"}, {"source": "name"}, {"source": "born"}, {"expression": "'=1+1'", "label": "f"}]
    book = pd.read_excel(io.BytesIO(extracted({"columns": columns, "format": "xlsx"})), engine="calamine")
    assert list(book.iloc[0])[:2] == [1, "Ann"] and book.iloc[0]["born"].date() == date(1980, 5, 1)
    assert book.iloc[0]["f"] == "=1+1"
    table = pq.read_table(io.BytesIO(extracted({"columns": columns, "format": "parquet"}, slug="b")))
    assert table.to_pylist()[0] == {"id": 1, "name": "Ann", "born": date(1980, 5, 1), "f": "=1+1"}
    lines = extracted({"columns": columns, "format": "jsonl"}, slug="c").splitlines()
    assert lines[0] == b'{"id": 1, "name": "Ann", "born": "1980-05-01", "f": "=1+1"}'


@pytest.mark.parametrize("format", ["csv", "xlsx", "parquet"])
def test_files_are_packed(format):
    plain = extracted({"format": format})
    assert gzip.decompress(extracted({"format": format, "compression": "gzip"}, slug="b"))[:4] == plain[:4]
    with zipfile.ZipFile(io.BytesIO(extracted({"format": format, "compression": "zip"}, slug="c"))) as archive:
        assert archive.namelist() == [f"c-{RunFile.objects.first().name[2:12]}.{format}"]


def test_a_worksheet_has_its_limit(monkeypatch):
    monkeypatch.setattr(extracting, "MOST_SHEET_ROWS", 3)
    _found, node = run(ending_in("extract_file", {"format": "xlsx"}))
    assert node.error == "A worksheet holds 3 rows and there are 6; choose another format."


def test_what_an_encoding_cannot_hold_is_said():
    settings = {"columns": [{"expression": "'日'", "label": "x"}], "encoding": "latin-1"}
    _found, node = run(ending_in("extract_file", settings))
    assert node.error == "“日” cannot be written in latin-1; choose UTF-8."


def test_the_name_has_fields_and_leads_nowhere_else():
    found, _node = run(
        ending_in("extract_file", {"file_name": "{{ campaign }}-{{ variables.wave }}-{{ rows }}.csv"}),
        variables={"wave": "two"},
    )
    assert RunFile.objects.get(run=found).name == "spring-two-6.csv"
    for place, wave in enumerate(["../../etc/passwd", "a/b", "x\\y", ".hidden", "a\x1fb", "y" * 300]):
        _found, node = run(
            ending_in("extract_file", {"file_name": "{{ variables.wave }}"}), variables={"wave": wave}, slug=f"b{place}"
        )
        assert "cannot be the name of a file" in node.error or "zero" in node.error


def test_an_unknown_field_of_the_name_keeps_it_from_running():
    with pytest.raises(Exception, match="colour"):
        run(ending_in("extract_file", {"file_name": "{{ colour }}"}))


def test_nothing_gives_no_file_where_that_is_said_and_a_header_otherwise():
    nobody = {"attribute": "city", "operator": "equals", "value": "Atlantis"}
    assert extracted({"columns": [{"source": "id"}]}, nobody) == b"id\n"
    found, node = run(ending_in("extract_file", {"skip_empty": True}, nobody), slug="b")
    assert not RunFile.objects.filter(run=found).exists()
    assert node.status == "succeeded"


def test_a_test_run_writes_nothing_and_rows_go_on():
    found, node = run(ending_in("extract_file", {}), mode="test")
    assert (found.status, node.outputs["out"]["rows"]) == ("succeeded", 6)
    assert not RunFile.objects.exists()


# --- Where it goes ------------------------------------------------------------------------------------


def folder_settings(folder) -> dict:
    return {"columns": NAMES, "file_name": "people", "destination": "folder", "folder": str(folder)}


def test_a_file_is_put_into_an_allowed_folder_with_its_checksum(tmp_path, settings, ada):
    (out := tmp_path / "out").mkdir()
    settings.TRANSFER_DIRS = [tmp_path / "out"]
    found, node = run(ending_in("extract_file", folder_settings(out), PARIS), by=ada)
    assert found.status == "succeeded", node.error
    assert sorted(path.name for path in out.iterdir()) == ["people.csv", "people.csv.sha256"]
    assert (out / "people.csv").read_bytes() == content(RunFile.objects.get())
    assert str(out) in RunFile.objects.get().note
    entry = AuditEntry.objects.get(verb="transferred file")
    assert (entry.actor, entry.facts["rows"]) == (ada, 3)


@pytest.mark.parametrize("folder", ["/etc", "out/../..", "link"])
def test_a_folder_that_is_not_allowed_is_refused(tmp_path, settings, folder):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to("/tmp")
    settings.TRANSFER_DIRS = [tmp_path / "out"]
    place = folder if folder.startswith("/") else tmp_path / ("out/link" if folder == "link" else folder)
    _found, node = run(ending_in("extract_file", folder_settings(place)))
    assert "Files may not be put into" in node.error


def test_a_file_goes_once_however_often_it_is_tried(tmp_path, settings):
    (out := tmp_path / "out").mkdir()
    settings.TRANSFER_DIRS = [out]
    found, _node = run(ending_in("extract_file", folder_settings(out)))
    (out / "people.csv").unlink()  # the other program took it
    assert again(found).status == "succeeded"
    assert not (out / "people.csv").exists()
    assert AuditEntry.objects.filter(verb="transferred file").count() == RunFile.objects.count() == 1


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


def sftp_settings(name: str, **changes) -> dict:
    return {
        "columns": NAMES,
        "file_name": name,
        "destination": "sftp",
        "connection": "partner",
        "folder": "/",
        **changes,
    }


def test_a_file_is_put_onto_a_server_whole(server):
    server.connection()
    found, node = run(ending_in("extract_file", sftp_settings("people")))
    assert found.status == "succeeded", node.error
    assert (server.root / "people.csv").read_bytes() == content(RunFile.objects.get())
    assert (server.root / "people.csv.sha256").read_text().endswith("  people.csv\n")
    assert not list(server.root.glob(".*"))
    assert all(name.startswith(".") for name in server.uploads)  # never under its own name


def test_an_attempt_after_a_crash_finds_the_file_on_the_server(server):
    server.connection()
    found, _node = run(ending_in("extract_file", sftp_settings("once")))
    (engine.root() / f"runs/{found.pk}/it/sent.txt").unlink()  # it crashed before it noted that
    before = len(server.uploads)
    assert again(found).status == "succeeded"
    assert len(server.uploads) == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1a9nsXW5dBzsKqC2kTDRcMwCRnTSy6rDjT5J8XnVnA"},
            "its key is not the one",
        ),
        ({"host_key": ""}, "no host key is trusted yet"),
        ({"username": "eve"}, "does not take the user or the secret"),
        ({"secret_variable": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ({"port": 1}, "could not be put onto “Partner”"),
    ],
)
def test_a_server_that_cannot_be_used_fails_the_node_in_words(server, changes, sentence):
    server.connection(**changes)
    _found, node = run(ending_in("extract_file", sftp_settings("never")))
    assert sentence in node.error
    assert not (server.root / "never.csv").exists()


def test_a_failure_that_is_processed_sends_the_rows_through_the_error(server):
    server.connection(username="eve")
    settings = sftp_settings("never", process_errors=True)
    found, node = run(ending_in("extract_file", settings, port="error"))
    assert (found.status, node.outputs["error"]["rows"]) == ("succeeded", 6)


def test_a_secret_comes_from_the_environment_where_that_is_said(server, monkeypatch):
    monkeypatch.setenv("PARTNER_PASSWORD", "sesame")
    server.connection(secret="", secret_variable="PARTNER_PASSWORD")
    found, node = run(ending_in("extract_file", sftp_settings("by-environment")))
    assert found.status == "succeeded", node.error


def test_csv_is_read_back_as_it_was():
    columns = [{"expression": "'a,\"b\"' + [name]", "label": "x,y"}]
    rows = list(csv.reader(io.StringIO(extracted({"columns": columns}).decode())))
    assert rows[:2] == [["x,y"], ['a,"b"Ann']]


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl", "parquet"])
def test_numbers_and_days_that_a_format_does_not_know_do_not_end_the_run(form):
    facts = {"far": [float("inf"), float("nan"), 1.5], "day": [date(1066, 10, 14), date(1900, 1, 1), date(2026, 1, 1)]}
    engine.write(ibis.memtable(pa.table(facts)), "runs/1/it/odd.parquet")
    path = f"runs/1/it/odd.{form}"
    assert extracting.write("runs/1/it/odd.parquet", path, ["far", "day"], extracting.Style(format=form)) == 3
    if form == "jsonl":
        lines = [json.loads(line) for line in (engine.root() / path).read_text().splitlines()]
        assert [line["far"] for line in lines] == [None, None, 1.5]
    if form == "xlsx":
        assert pd.read_excel(engine.root() / path, engine="calamine")["day"][0] == "1066-10-14"
