"""The screens of saved audiences, as a manager uses them."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import ibis
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from orchcamp.accounts import roles
from orchcamp.accounts.models import AuditEntry, ProductProfile
from orchcamp.datasets import audiences, engine, refreshing, schema
from orchcamp.datasets.models import Audience, Dataset
from tests.builders import make_shop
from tests.conftest import person

pytestmark = pytest.mark.django_db
PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()


@pytest.fixture
def client(mark) -> Client:
    client = Client()
    client.force_login(mark)
    return client


@pytest.fixture
def parisians() -> Audience:
    made = audiences.create("Parisians", Dataset.objects.get(slug="people"), rule=PARIS)
    refreshing.refresh(made)
    return made


def page(client: Client, name: str, *arguments: object, **query: str) -> str:
    return client.get(reverse(f"datasets:{name}", args=arguments), query).content.decode()


def post(client: Client, name: str, *arguments: object, **data: object):
    return client.post(reverse(f"datasets:{name}", args=arguments), data)


def body(response) -> bytes:
    return b"".join(response.streaming_content)


# --- By rule --------------------------------------------------------------------------------------------


def test_an_audience_is_made_by_a_rule_and_asked_at_once(client, mark):
    facts = {"label": "Parisians", "dataset": "people", "rule": json.dumps(PARIS), "every": "24"}
    response = post(client, "audience_create", **facts)
    assert response["Location"] == reverse("datasets:audience", args=["parisians"])
    made = Audience.objects.get()
    assert (made.current.rows, made.refresh_every, made.owner) == (3, timedelta(days=1), mark)
    assert made.next_refresh_at is not None
    shown = page(client, "audience", "parisians")
    assert "City is Paris" in shown, shown[shown.index("Who is in it") :][:300]
    assert "by schedule" in shown


def test_a_mistake_in_the_form_makes_nothing(client):
    wrong = {"attribute": "colour", "operator": "equals", "value": "red"}
    response = post(client, "audience_create", label="Red", dataset="people", rule=json.dumps(wrong))
    assert response.status_code == 200 and "colour" in response.content.decode()
    assert not Audience.objects.exists()


def test_another_rule_is_asked_at_once_and_its_dimension_stays(client, parisians):
    lyon = {**PARIS, "value": "Lyon"}
    post(client, "audience_edit", "parisians", label="Lyonnais", dataset="products", rule=json.dumps(lyon))
    parisians.refresh_from_db()
    assert (parisians.label, parisians.current.rows, parisians.dataset.slug) == ("Lyonnais", 1, "people")


def test_a_refresh_that_fails_changes_nothing_and_says_so(client, parisians):
    Audience.objects.update(rule={"attribute": "gone", "operator": "is_empty"})
    shown = client.post(reverse("datasets:audience_refresh", args=["parisians"]), follow=True).content.decode()
    assert "The rule was not asked" in shown and "Nothing was changed" in shown
    assert Audience.objects.get().versions.count() == 1


def test_a_refresh_that_is_called_off_changes_nothing_and_the_next_one_runs(client, parisians, mark, monkeypatch):
    def never(audience, **options):
        client.post(reverse("datasets:rule_cancel", args=["t1"]))
        raise engine.Interrupted("called off")

    monkeypatch.setattr(refreshing, "refresh", never)
    place = reverse("datasets:audience_refresh", args=["parisians"])
    assert "called off" in client.post(place, {"ticket": "t1"}, follow=True).content.decode()
    monkeypatch.undo()
    client.post(place, {"ticket": "t2"})
    assert Audience.objects.get().versions.count() == 2


# --- Looking ---------------------------------------------------------------------------------------------


def test_the_list_is_searched_and_filtered(client, parisians):
    audiences.create("Guests", Dataset.objects.get(slug="people"), origin="upload")
    assert "Guests" in page(client, "audiences") and "Parisians" in page(client, "audiences")
    assert "Guests" not in page(client, "audiences", q="paris")
    assert "Parisians</a>" not in page(client, "audiences", origin="upload")
    assert "No audience fits" in page(client, "audiences", dataset="products")


def test_the_first_members_are_shown_and_masked_where_they_must_be(client, parisians):
    assert "ann@example.org" in page(client, "audience_members", "parisians")
    narrow = person("nora", None)
    profile = ProductProfile(label="Audience readers", everywhere=True)
    roles.define(profile, ["datasets.view_audience"])
    narrow.groups.add(profile.group)
    client.force_login(narrow)
    shown = page(client, "audience_members", "parisians")
    assert "ann@example.org" not in shown and "masked" in shown


def test_two_versions_are_compared(client, parisians):
    Audience.objects.update(rule={"group": "or", "items": [{**PARIS, "value": "Lyon"}, {**PARIS, "value": "Nice"}]})
    parisians.refresh_from_db()
    refreshing.refresh(parisians)
    Audience.objects.update(rule={"group": "or", "items": [PARIS, {**PARIS, "value": "Nice"}]})
    parisians.refresh_from_db()
    refreshing.refresh(parisians)
    shown = page(client, "audience_change", "parisians", 3)
    assert "+3 in" in shown and "−1 out" in shown and "1 stayed" in shown
    assert "+2" in page(client, "audience", "parisians")


def test_who_uses_it_is_shown(client, parisians):
    people = Dataset.objects.get(slug="people")
    audiences.create("Others", people, rule={"audience": "parisians", "member": False})
    assert "Others" in page(client, "audience", "parisians")
    assert "Others" in page(client, "audience_delete", "parisians")


# --- Export ------------------------------------------------------------------------------------------------


def test_the_members_are_exported_in_every_format(client, parisians):
    rows = body(post(client, "audience_export", "parisians", format="csv")).decode().splitlines()
    assert rows[0].startswith("id,name,city,email") and rows[1].startswith("1,Ann,Paris,ann@example.org,true")
    table = pq.read_table(io.BytesIO(body(post(client, "audience_export", "parisians", format="parquet"))))
    assert table.column("id").to_pylist() == [1, 3, 6]
    assert body(post(client, "audience_export", "parisians", format="xlsx")).startswith(b"PK")
    entries = AuditEntry.objects.filter(verb="exported audience")
    assert sorted(entry.facts["format"] for entry in entries) == ["csv", "parquet", "xlsx"]
    assert not list((engine.root() / "exports").iterdir())


def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_exported_as_a_text(client):
    people = Dataset.objects.get(slug="people")
    made = audiences.create("Odd", people, origin="upload")
    rows = ibis.memtable({"id": [1], "note": ['=HYPERLINK("http://evil")']})
    audiences.save(made, audiences.Rows(rows))
    assert "'=HYPERLINK" in body(post(client, "audience_export", "odd", format="csv")).decode()


def test_without_the_right_personal_columns_are_left_out(client, parisians):
    narrow = person("nora", None)
    profile = ProductProfile(label="Audience readers", everywhere=True)
    roles.define(profile, ["datasets.view_audience"])
    narrow.groups.add(profile.group)
    client.force_login(narrow)
    rows = body(post(client, "audience_export", "parisians", format="csv")).decode()
    assert rows.splitlines()[0] == "id,city,consent,born,joined" and "ann@" not in rows


def test_a_format_that_is_none_is_refused_in_words(client, parisians):
    response = client.post(reverse("datasets:audience_export", args=["parisians"]), {"format": "exe"}, follow=True)
    assert "nothing to export" in response.content.decode()


# --- Lists -------------------------------------------------------------------------------------------------

LIST = (
    "Mail,Tier,Score\n"
    " Bob@Example.org ,gold,7\n"
    "eve@nowhere.org,silver,5\n"
    "bob@example.org,bronze,1\n"
    ",none,0\n"
    "ANN@EXAMPLE.ORG,gold,9\n"
)


def upload(client: Client, text: str = LIST, **query: str) -> str:
    """The address of the second step."""
    file = SimpleUploadedFile("guests.csv", text.encode())
    place = reverse("datasets:audience_upload") + (f"?audience={query['audience']}" if query else "")
    return client.post(place, {"file": file, "dataset": "people"})["Location"]


PAIR = {"file_0": "Mail", "column_0": "email", "ignore_case": "on", "trim": "on"}


def test_a_list_is_matched_and_saved_with_its_counts(client, mark):
    address = upload(client)
    assert "Bob@Example.org" in client.get(address).content.decode()
    response = client.post(address, PAIR | {"label": "Guests", "keep": ["Tier", "Score"]}, follow=True)
    assert "5 rows read: 2 found, 2 not found, 1 named twice." in response.content.decode()
    made = Audience.objects.get()
    assert (made.origin, made.current.rows, made.owner) == ("upload", 3, mark)  # two people share Ann's address
    expected = {"file": "guests.csv", "read": 5, "matched": 2, "unmatched": 2, "duplicates": 1, "ambiguous": 1}
    assert {name: made.current.facts[name] for name in expected} == expected
    rows = engine.rows(schema.load().audience_table("guests").order_by("id"))
    assert rows == [
        {"id": 1, "Tier": "gold", "Score": 9},
        {"id": 2, "Tier": "gold", "Score": 7},
        {"id": 6, "Tier": "gold", "Score": 9},
    ]
    assert not list((engine.root() / "lists").glob("*.parquet"))


def test_a_deleted_list_leaves_nothing_of_the_file(client):
    client.post(upload(client), PAIR | {"label": "Guests"})
    assert list((engine.root() / "lists").iterdir())
    audiences.delete(Audience.objects.get(), by=None)
    assert not list((engine.root() / "lists").iterdir())


def test_what_was_not_found_is_downloaded(client):
    client.post(upload(client), PAIR | {"label": "Guests"})
    rows = body(client.get(reverse("datasets:audience_unmatched", args=["guests", 1]))).decode().splitlines()
    assert rows[0] == "reason,Mail,Tier,Score"
    assert rows[1:] == [
        "not found,eve@nowhere.org,silver,5",
        '"nothing to find it by, or not of the column\'s type",,none,0',
    ]


def test_case_and_spaces_count_where_it_says_so(client):
    client.post(upload(client), {"file_0": "Mail", "column_0": "email", "label": "Guests"})
    assert Audience.objects.get().current.facts["matched"] == 1


def test_rows_are_found_by_two_columns(client):
    text = "who,town\nAnn,paris\nAnn,Lyon\n"
    pairs = {"file_0": "who", "column_0": "name", "file_1": "town", "column_1": "city", "ignore_case": "on"}
    client.post(upload(client, text), pairs | {"label": "Guests"})
    facts = Audience.objects.get().current.facts
    assert (facts["matched"], facts["unmatched"]) == (1, 1)


def test_a_broken_line_is_counted_and_told(client):
    client.post(upload(client, 'id\n1\n2,3\n"x\n'), {"file_0": "id", "column_0": "id", "label": "Guests"})
    facts = Audience.objects.get().current.facts
    assert facts["read"] == facts["matched"] + facts["unmatched"] + facts["duplicates"]
    assert facts["matched"] == 1


def test_a_list_is_added_to_an_audience_and_taken_out_of_it(client):
    client.post(upload(client, "id\n1\n2\n"), {"file_0": "id", "column_0": "id", "label": "Guests"})
    more = upload(client, "id\n2\n3\n", audience="guests")
    client.post(more, {"file_0": "id", "column_0": "id", "mode": "append"})
    assert Audience.objects.get().current.rows == 3
    less = upload(client, "id\n1\n", audience="guests")
    client.post(less, {"file_0": "id", "column_0": "id", "mode": "remove"})
    assert Audience.objects.get().current.rows == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"file_0": ""}, "no column to be found in"),
        ({"file_0": "", "column_0": ""}, "by which column"),
        ({"label": "Parisians"}, "called “Parisians” already"),
    ],
)
def test_a_mistake_saves_nothing_and_keeps_the_file(client, parisians, change, sentence):
    address = upload(client)
    response = client.post(address, PAIR | {"label": "Guests"} | change)
    assert response.status_code == 200 and sentence in response.content.decode()
    assert Audience.objects.count() == 1
    assert client.get(address).status_code == 200
    assert not list((engine.root() / "lists").glob("*")) if (engine.root() / "lists").exists() else True


def test_a_rule_audience_takes_no_list(client, parisians):
    assert client.get(reverse("datasets:audience_upload"), {"audience": "parisians"}).status_code == 403


# --- Deleting ------------------------------------------------------------------------------------------------


def test_deleting_asks_for_the_label(client, parisians):
    assert "Type the label exactly" in post(client, "audience_delete", "parisians", typed="x").content.decode()
    assert post(client, "audience_delete", "parisians", typed="Parisians").status_code == 302
    assert not Audience.objects.exists()
