"""People from a file: looked through before anything is done, applied exactly so, once, and never beyond one's own rights."""

from __future__ import annotations

import re
import time

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from orchcamp.accounts import roles
from orchcamp.accounts.models import AuditEntry, BrowserSession, PeopleImport, ProductProfile, User
from orchcamp.accounts.people_import import planning, reading
from tests.conftest import person

UPLOAD = "/admin/accounts/user/import/"
HEAD = "username,email,first_name,last_name,profiles,groups,active"


def upload(client: Client, text: str | bytes, name: str = "people.csv"):
    content = text.encode() if isinstance(text, str) else text
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)}, follow=True)


def digest(page: str) -> str:
    return re.search(r'name="digest" value="(\w+)"', page).group(1)


def apply(client: Client, text: str):
    answer = upload(client, text)
    return client.post(answer.request["PATH_INFO"], {"digest": digest(answer.content.decode())}, follow=True)


def line(text: str, by: User, head: str = HEAD) -> planning.Item:
    """What would come of a file with one line."""
    return planning.plan(reading.read(f"{head}\n{text}\n", "people.csv"), by=by).items[0]


@pytest.fixture
def office(client, ada) -> Client:
    client.force_login(ada)
    return client


def test_a_file_is_looked_through_and_then_applied(office, ada, mark):
    text = (
        f"{HEAD}\nnina,nina@example.org,Nina,Berg,Manager,Paris team,yes\n"
        "mark,new@example.org,,,Viewer;Manager,,\nvera,nonsense,,,,,\nada,,,,,,\n"
    )
    answer = upload(office, text)
    page = answer.content.decode()
    for told in (
        "email: mark@example.org → new@example.org",
        "profiles: Manager → Manager, Viewer",
        "Paris team",
        "no mail address",
    ):
        assert told in page
    assert not User.objects.filter(username="nina").exists()
    done = office.post(answer.request["PATH_INFO"], {"digest": digest(page)}).content.decode()
    assert "1 created, 1 changed, 1 refused" in done
    nina = User.objects.get(username="nina")
    assert (str(nina), nina.email, nina.is_superuser) == ("Nina Berg", "nina@example.org", False)
    assert sorted(nina.groups.values_list("name", flat=True)) == ["Manager", "Paris team"]
    assert sorted(mark.groups.values_list("name", flat=True)) == ["Manager", "Viewer"]
    by_file = AuditEntry.objects.filter(facts__by="file")
    assert sorted((entry.verb, entry.label) for entry in by_file) == [
        ("changed", "Mark"), ("created", "Nina Berg"), ("created", "Paris team"),
    ]  # fmt: skip
    assert all(entry.actor == ada for entry in by_file)


def test_who_has_no_password_gets_a_link_that_sets_one_once(office, client):
    page = apply(office, f"{HEAD}\nnina,,,,Viewer,,\n").content.decode()
    link = re.search(r"http://127.0.0.1:8000(/login/password/[\w/-]+)", page).group(1)
    nina = Client()
    form = nina.get(link, follow=True)
    assert "You sign in as nina" in form.content.decode()
    new = {"new_password1": "longer and better", "new_password2": "longer and better"}
    assert nina.post(form.request["PATH_INFO"], new)["Location"] == "/login"
    assert nina.post("/login", {"username": "nina", "password": "longer and better"}).status_code == 302
    assert "used up" in Client().get(link, follow=True).content.decode()


def test_links_go_by_mail_where_mail_is_set_up(office, settings, mailoutbox):
    settings.EMAIL_HOST = "mail.example.org"
    page = apply(office, f"{HEAD}\nnina,nina@example.org,,,,,\nomar,,,,,,\n").content.decode()
    assert [message.to for message in mailoutbox] == [["nina@example.org"]]
    assert "/login/password/" in mailoutbox[0].body
    assert "1 was sent a link" in page and page.count("/login/password/") == 1  # omar has no address


def test_with_passwords_closed_nobody_is_sent_a_link(office, settings):
    settings.PASSWORD_SIGN_IN = False
    assert "/login/password/" not in apply(office, f"{HEAD}\nnina,,,,,,\n").content.decode()


def test_what_changed_meanwhile_is_looked_through_again(office, mark):
    answer = upload(office, f"{HEAD}\nmark,new@example.org,,,,,\nnina,,,,,,\n")
    User.objects.filter(pk=mark.pk).update(email="other@example.org")
    page = office.post(answer.request["PATH_INFO"], {"digest": digest(answer.content.decode())}, follow=True)
    assert "People were changed since" in page.content.decode()
    assert not User.objects.filter(username="nina").exists()
    office.post(answer.request["PATH_INFO"], {"digest": digest(page.content.decode())})
    assert User.objects.get(pk=mark.pk).email == "new@example.org"


def test_a_file_is_applied_once_and_forgotten(office):
    answer = upload(office, f"{HEAD}\nnina,,,,,,\n")
    found = {"digest": digest(answer.content.decode())}
    office.post(answer.request["PATH_INFO"], found)
    again = office.post(answer.request["PATH_INFO"], found, follow=True)
    assert "applied already" in again.content.decode()
    assert PeopleImport.objects.get().text == ""
    assert AuditEntry.objects.filter(verb="created", label="nina").count() == 1


def test_a_file_is_seen_by_who_brought_it_only(office, client):
    answer = upload(office, f"{HEAD}\nnina,,,,,,\n")
    client.force_login(person("eve", "administrator"))
    for path in (answer.request["PATH_INFO"], answer.request["PATH_INFO"] + "/refused"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("who", ["anna", "mark", "vera", "mallory"])
def test_nobody_else_brings_a_file(client, request, who):
    client.force_login(request.getfixturevalue(who))
    assert upload(client, f"{HEAD}\nnina,,,,,,\n").status_code == 403
    assert not PeopleImport.objects.exists()


# --- Files that are none -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"username\n", "names nobody"),
        (b"name,email\nx,y\n", "username"),
        (b"username,e-mail\nx,y\n", "no column “e-mail”"),
        (b"username,username\nx,y\n", "twice"),
        (b"username\n\xe9ric\n", "line 2, is not UTF-8"),
        (b"username\na\n\0b\n", "line 3, holds a zero byte"),
        (b"username\n" + b"x\n" * 10_001, "more than 10000"),
        (b"username\n" + b"x" * 5_000_001, "larger than 5 MB"),
        (b'username\n"' + b"x" * 200_000 + b'"\n', "cannot be read as columns"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(office, content, told):
    assert told in upload(office, content).content.decode()
    assert not PeopleImport.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        'username;profiles\nnina;"Viewer;Manager"\n'.encode("utf-8-sig"),
        "username\tprofiles\r\nnina\tViewer;Manager\r\n".encode("utf-16"),
        b"Username|Profiles\n\nnina|viewer ; manager\n",
    ],
)
def test_encodings_and_delimiters_are_found_out(office, content):
    assert "profiles: Manager, Viewer" in upload(office, content).content.decode()


# --- Lines that are refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (",x@example.org,,,,,", "username is missing"),
        ("no spaces,,,,,,", "valid username"),
        ("x" * 151 + ",,,,,,", "150"),
        ("x,nonsense,,,,,", "no mail address"),
        ("x,,,,Emperor,,", "no product profile “Emperor”"),
        ("x,,,,,Viewer,", "is a product profile"),
        ("x,,,,,,perhaps", "yes or no"),
        ("x," + "y" * 250 + "@example.org,,,,,", "longer than 254"),
        ("x,,,,,,,surplus", "more cells"),
        ("ADA,,,,,,", "in case only"),
        ("ada,,,,,,no", "This is you"),
        ("ada,,,,Viewer,,", "last administrator"),
    ],
)
def test_a_line_that_cannot_be_done_says_why(ada, text, told):
    item = line(text, ada)
    assert item.deed == planning.REFUSED
    assert told in item.sentence


def test_a_name_that_stands_twice_is_refused_the_second_time(ada):
    plan = planning.plan(reading.read(f"{HEAD}\nx,,,,,,\n\nX,,,,,,\n", "f"), by=ada)
    assert [item.deed for item in plan.items] == [planning.CREATE, planning.REFUSED]
    assert "line 2" in plan.items[1].sentence and plan.items[1].number == 4


def test_of_all_administrators_one_stays_whatever_the_lines_say(ada):
    person("eve", "administrator")
    User.objects.filter(username="ada").update(is_active=True)
    root = User.objects.create_superuser("root")
    plan = planning.plan(reading.read(f"{HEAD}\nada,,,,-,,\neve,,,,,,no\n", "f"), by=root)
    assert [item.deed for item in plan.items] == [planning.UPDATE, planning.REFUSED]


def test_superusers_are_touched_by_superusers_only_and_made_by_no_file(ada, office):
    root = User.objects.create_superuser("root")
    assert "superuser" in line("root,x@example.org,,,,,", ada).sentence
    assert line("root,x@example.org,,,,,", root).deed == planning.UPDATE
    assert "no column “is_superuser”" in upload(office, "username,is_superuser\nx,1\n").content.decode()


def test_nobody_gives_rights_that_they_do_not_have(client, db):
    desk = person("kim", None)
    profile = ProductProfile(label="Help desk", everywhere=True)
    roles.define(profile, ["accounts.add_user", "accounts.change_user", "accounts.view_user", *roles.codes("viewer")])
    desk.groups.add(profile.group)
    assert line("x,,,,Viewer,,", desk).deed == planning.CREATE
    assert "rights that you do not have" in line("x,,,,Administrator,,", desk).sentence
    strong = Group.objects.create(name="Powers")
    strong.permissions.add(Permission.objects.get(codename="delete_user"))
    assert "rights of its own" in line("x,,,,,Powers,", desk).sentence
    client.force_login(desk)
    page = client.post(
        f"/admin/accounts/user/{desk.pk}/change/",
        {
            "username": "kim",
            "email": "",
            "is_active": "on",
            "groups": [profile.group_id, Group.objects.get(name="Administrator").pk],
        },
    )
    assert "rights that you do not have" in page.content.decode()


def test_a_cell_without_anything_leaves_and_a_dash_takes_away(ada, mark):
    mark.groups.add(Group.objects.create(name="Paris"))
    assert line("mark,,,,,,", ada).deed == planning.UNCHANGED
    item = line("mark,-,,,-,-,", ada)
    assert item.changes == {
        "email": ["mark@example.org", ""],
        "profiles": [["Manager"], []],
        "groups": [["Paris"], []],
    }


def test_who_is_deactivated_by_a_file_is_signed_out(office, mark):
    other = Client()
    other.force_login(mark)
    apply(office, f"{HEAD}\nmark,,,,,,no\n")
    assert not BrowserSession.objects.filter(user=mark).exists()
    assert other.get("/account/").status_code == 302


def test_refused_lines_come_back_as_a_file_without_formulas(office):
    answer = upload(office, f'{HEAD}\nx,"=HYPERLINK(""http://evil"")",,,,,\n')
    found = office.get(answer.request["PATH_INFO"] + "/refused")
    body = b"".join(found.streaming_content).decode()
    assert "line,why,username,email" in body
    assert "'=HYPERLINK" in body and ",=HYPERLINK" not in body


def test_what_people_are_called_is_shown_as_text(office):
    assert "<script>alert" not in upload(office, f"{HEAD}\n<script>alert(1)</script>,,,,,,\n").content.decode()


def test_ten_thousand_lines_are_planned_in_a_few_queries(office, ada, django_assert_max_num_queries):
    lines = [f"p{number},p{number}@example.org,P,{number},Viewer,Paris;Rome,yes" for number in range(10_000)]
    begun = time.monotonic()
    with django_assert_max_num_queries(70):
        plan = planning.plan(reading.read("\n".join([HEAD, *lines]), "many.csv"), by=ada)
    assert plan.counts[planning.CREATE] == 10_000
    assert time.monotonic() - begun < 30


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    try:
        lines = reading.read("username,profiles\n" + text, "any.csv")
    except reading.FileRefused as refusal:
        assert str(refusal)
    else:
        assert all(line.number > 1 for line in lines)
