"""The data screens: who sees what, and files from the browser."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orchcamp.datasets import upload
from orchcamp.datasets.models import Column, Dataset, Load
from tests.builders import make_shop
from tests.datasets.loads import load_text, rows

pytestmark = pytest.mark.django_db
CSV = b"id,name,email,city\n1,Ann,ann@example.org,Paris\n2,Bob,,Lyon\nx,Cid,,\n"


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def as_mark(client, mark):
    client.force_login(mark)
    return client


def send(client, content=CSV, name="people.csv", **extra):
    return client.post(reverse("datasets:upload"), {"file": SimpleUploadedFile(name, content)}, **extra)


def mapped(address: str, client) -> dict[str, str]:
    """The mapping form's fields as a browser would send them unchanged."""
    form = client.get(address).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value is True:
            data[field.name] = "on"
        elif value not in (False, None):
            data[field.name] = value
    return data


# --- Looking ---------------------------------------------------------------------------------------


def test_the_list_shows_rows_and_dimensions(as_mark):
    make_shop()
    page = as_mark.get(reverse("datasets:list"))
    assert [dataset.slug for dataset in page.context["page"]] == ["people", "products", "purchases"]
    assert b"targeting dimension" in page.content
    found = as_mark.get(reverse("datasets:list"), {"q": "prod"}, HTTP_HX_REQUEST="true")
    assert [dataset.slug for dataset in found.context["page"]] == ["products"]
    assert b"<html" not in found.content


def test_a_list_without_data_says_what_to_do(as_ada):
    assert b"No customer data yet" in as_ada.get(reverse("datasets:list")).content


@pytest.mark.parametrize("tab", ["columns", "rows", "loads", "nonsense"])
def test_a_dataset_has_its_tabs(as_mark, tab):
    make_shop()
    page = as_mark.get(reverse("datasets:detail", args=["people"]), {"tab": tab})
    assert page.status_code == 200
    assert (b"ann@example.org" in page.content) == (tab != "loads")


def test_a_viewer_sees_no_data(client, vera):
    make_shop()
    client.force_login(vera)
    for address in (
        reverse("datasets:list"),
        reverse("datasets:detail", args=["people"]),
        reverse("datasets:column", args=["people", "city"]),
        reverse("datasets:loads"),
        reverse("datasets:upload"),
    ):
        assert client.get(address).status_code in {403, 404}


def test_without_the_right_personal_columns_are_masked_everywhere(client, mallory, tmp_path):
    make_shop()
    result = load_text(tmp_path, "t.csv", "id,secret\n1,Rosebud\n,Xanadu\n", columns={"secret": {"personal": True}})
    profile = Group.objects.create(name="Sees data, but nobody in it")
    profile.permissions.add(Permission.objects.get(codename="view_dataset"))
    mallory.groups.add(profile)
    client.force_login(mallory)
    shown = client.get(reverse("datasets:detail", args=["people"]), {"tab": "rows"}).content
    assert "•••••".encode() in shown and b"ann@example.org" not in shown and b"Paris" in shown
    columns = client.get(reverse("datasets:detail", args=["people"])).content
    said = columns.upper().replace(b"COMBOBOX", b"")  # every page has the role of the finder's field
    assert b"hidden" in columns and b"BOB" not in said
    assert b"ann@example.org" not in client.get(reverse("datasets:column", args=["people", "email"])).content
    assert b"Paris" in client.get(reverse("datasets:column", args=["people", "city"])).content
    load = Load.objects.get()
    assert result.rejected == 1
    assert b"Xanadu" not in client.get(reverse("datasets:load", args=[load.pk])).content
    assert client.get(reverse("datasets:rejects", args=[load.pk])).status_code == 403


def test_the_values_of_a_column_can_be_searched(as_mark):
    make_shop()
    address = reverse("datasets:column", args=["people", "city"])
    page = as_mark.get(address)
    assert [(v["value"], v["rows"]) for v in page.context["values"]] == [("Paris", 3), ("Lyon", 1), ("Nice", 1)]
    found = as_mark.get(address, {"q": "NI"}, HTTP_HX_REQUEST="true")
    assert [v["value"] for v in found.context["values"]] == ["Nice"]
    nothing = as_mark.get(address, {"q": "<script>%_"}, HTTP_HX_REQUEST="true")
    assert b"<script>" not in nothing.content and nothing.context["values"] == []
    assert as_mark.get(reverse("datasets:column", args=["people", "none"])).status_code == 404


def test_rejects_are_shown_and_downloaded(as_mark, tmp_path):
    load_text(tmp_path, "t.csv", 'id,n\n1,5\n2,"<b>"\n', columns={"n": {"type": "integer"}})
    load = Load.objects.get()
    page = as_mark.get(reverse("datasets:load", args=[load.pk]))
    assert page.context["rejects"][0][1:4] == ["3", "n", "“<b>” is not a whole number"]
    assert b"<b>\xe2\x80\x9d" not in page.content
    file = as_mark.get(reverse("datasets:rejects", args=[load.pk]))
    assert b"t.csv,3,n," in b"".join(file.streaming_content)
    assert as_mark.get(reverse("datasets:loads")).status_code == 200


# --- Uploading -------------------------------------------------------------------------------------


def test_a_manager_may_not_upload(as_mark):
    assert as_mark.get(reverse("datasets:upload")).status_code == 403
    assert send(as_mark).status_code == 403
    assert as_mark.get(reverse("datasets:mapping", args=["0" * 32])).status_code == 403


def test_a_file_becomes_a_new_dataset(as_ada, data_dir):
    address = send(as_ada).url
    data = mapped(address, as_ada)
    assert (data["slug"], data["email"], data["key-0"], data["personal-2"]) == ("people", "email", "on", "on")
    data |= {"name-3": "town", "type-0": "integer", "label": "My people"}
    answer = as_ada.post(address, data)
    assert answer.url == reverse("datasets:detail", args=["people"]) + "?tab=loads"
    dataset = Dataset.objects.get()
    assert (dataset.label, dataset.key, dataset.target) == ("My people", ["id"], {"email": "email"})
    assert [row["town"] for row in rows("people")] == ["Paris", "Lyon"]
    assert Load.objects.get().rejected == 1 and Load.objects.get().by.username == "ada"
    assert not list((data_dir / "uploads").rglob("*.csv"))


def test_a_file_is_merged_into_a_dataset_that_is_there(as_ada, tmp_path):
    load_text(tmp_path, "things.csv", "id,name,city\n1,Ann,Paris\n9,Zoe,Nice\n")
    address = send(as_ada, b"ident,name,left out\n1,Anna,x\n2,Bob,y\n").url + "?dataset=things"
    data = mapped(address, as_ada)
    assert b"map a column of the file to" in as_ada.post(address, data).content
    data |= {"name-0": "id"}
    del data["use-2"]
    as_ada.post(address, data)
    assert [(row["id"], row["name"], row["city"]) for row in rows()] == [
        (1, "Anna", None),
        (2, "Bob", None),
        (9, "Zoe", "Nice"),
    ]
    assert Dataset.objects.get().key == ["id"] and not Column.objects.filter(name="left out").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"slug": "two words"}, "Letters, digits, _ and -"),
        ({"slug": "things"}, "There is a dataset of this name"),
        ({"slug": ""}, "required"),
        ({"name-1": "ID"}, "Two columns are called"),
        ({"name-1": " "}, "needs a name"),
        ({"key-0": None}, "Mark at least one column as key"),
        ({f"use-{i}": None for i in range(4)}, "Choose at least one column"),
        ({"version": "id"}, "cannot be both key and version"),
        ({"type-1": "poem"}, "not one of the available choices"),
    ],
)
def test_a_wrong_mapping_gets_a_sentence_and_loads_nothing(as_ada, tmp_path, change, sentence):
    load_text(tmp_path, "things.csv", "id\n1\n")
    address = send(as_ada).url
    data = {name: value for name, value in (mapped(address, as_ada) | change).items() if value is not None}
    answer = as_ada.post(address, data, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("people.exe", b"MZ", "files of this kind are not read"),
        ("people.csv", b"PK\x03\x04zip", "a zip archive or a workbook"),
        ("people.csv", b"", "empty"),
    ],
)
def test_a_wrong_file_is_refused_at_once(as_ada, data_dir, name, content, sentence):
    answer = send(as_ada, content, name, HTTP_HX_REQUEST="true")
    assert sentence in answer.content.decode()
    assert not [path for path in (data_dir / "uploads").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"id,name,name\n1,a,b\n", "names “name” twice"),
        (b"id\n\0\1\2\n", "holds a zero byte"),
        (b"id," + b",".join(b"c%d" % i for i in range(5000)) + b"\n", "at most 1000"),
        (b"id," + b",".join(b"c%d" % i for i in range(200)) + b"\n", "this page maps at most 150"),
    ],
)
def test_a_file_that_cannot_be_mapped_is_refused_and_forgotten(as_ada, data_dir, content, sentence):
    answer = as_ada.get(send(as_ada, content).url)
    assert sentence in answer.content.decode()
    assert not [path for path in (data_dir / "uploads").rglob("*") if path.is_file()]


def test_a_large_file_is_sent_to_the_command_line(as_ada, monkeypatch):
    monkeypatch.setattr(upload, "LARGEST", 10)
    assert "load_datasets" in send(as_ada).content.decode()


def test_a_kept_file_is_its_owners_only(client, ada, as_ada, django_user_model):
    from tests.conftest import person

    address = send(as_ada).url
    client.force_login(person("adam", "administrator"))
    assert client.get(address).url == reverse("datasets:upload")


def test_a_name_of_a_file_cannot_lead_elsewhere(as_ada, data_dir):
    send(as_ada, CSV, "../../../evil.csv")
    kept = list(data_dir.rglob("evil.csv"))
    assert len(kept) == 1 and kept[0].is_relative_to(data_dir / "uploads")
