"""What a person sees when something went wrong."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from orchcamp.web import pages


def breaks(*args, **kwargs):
    raise RuntimeError("the cellar is flooded")


@pytest.fixture
def broken(monkeypatch) -> Client:
    monkeypatch.setattr("orchcamp.accounts.roles.rights_of", breaks)
    return Client(raise_request_exception=False)


def test_a_crash_says_what_was_not_done_and_nothing_of_the_inside(broken, mark):
    broken.force_login(mark)
    answer = broken.get("/account/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "was not done" in text
    assert "cellar" not in text
    assert "Traceback" not in text


def test_a_crash_is_one_sentence_for_htmx(broken, mark):
    broken.force_login(mark)
    answer = broken.get("/account/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/plain; charset=utf-8")


def test_the_page_for_a_crash_asks_the_database_nothing(rf: RequestFactory, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert pages.server_error(rf.get("/")).status_code == 500


def test_a_request_for_a_host_that_is_not_ours_gets_a_page(client, db, settings):
    settings.ALLOWED_HOSTS = ["ours.example"]
    answer = client.get("/account/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "not understood" in answer.content.decode()


@pytest.mark.parametrize("address", ["/campaigns/?q=%00", "/campaigns/nothing%00here/", "/delivered/%00/"])
def test_a_nul_in_an_address_breaks_no_database(client, ada, address):
    client.force_login(ada)
    assert client.get(address).status_code in {200, 404}
