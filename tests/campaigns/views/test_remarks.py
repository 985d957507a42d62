"""Comments where people read them: the panel of a node, a version, a run, a task."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import comments
from campaigns.comments import Subject
from campaigns.models import Campaign, Comment, Run
from tests.campaigns.builders import make_campaign
from tests.campaigns.work.stage import give

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_campaign(owner=mark)


def signed_in(user, **headers) -> Client:
    client = Client(headers=headers or HTMX)
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def make_run(campaign: Campaign) -> Run:
    version = campaign.latest_version()
    facts = {"scheduled_for": timezone.now(), "document": version.document, "status": "succeeded", "mode": "test"}
    return Run.objects.create(campaign=campaign, version=version, **facts)


def places(campaign: Campaign, mark) -> dict[str, str]:
    """The page on which comments stand, and the address to which they are sent."""
    run, task = make_run(campaign), give(campaign, mark)
    return {
        reverse("campaigns:node_comments", args=["spring", "mail"]): "",
        reverse("campaigns:version_comments", args=["spring", 1]): "",
        reverse("campaigns:run_comments", args=["spring", run.pk]): reverse("campaigns:run", args=["spring", run.pk]),
        reverse("campaigns:task_comments", args=[task.pk]): reverse("campaigns:task", args=[task.pk]),
    }


def test_in_every_place_something_is_said_and_read(campaign, mark, vera):
    for address, page in places(campaign, mark).items():
        answer = signed_in(mark).post(address, {"text": f"Said at {address}"})
        assert f"Said at {address}" in text(answer)
        assert "comments-changed" in answer["HX-Trigger"]
        reader = signed_in(vera, **{"X-Plain": "1"})
        for shown in filter(None, (address, page)):
            found = text(reader.get(shown))
            assert f"Said at {address}" in found
            assert "You need the right “write comments”" in found


def test_without_scripts_one_comes_back_to_what_was_commented(campaign, mark, client):
    client.force_login(mark)
    address = reverse("campaigns:node_comments", args=["spring", "mail"])
    assert client.post(address, {"text": "Hello @nobody"})["Location"] == f"{address}#comments-node-mail"
    assert "Nobody by the name @nobody may see this campaign" in text(client.get(address))
    assert "Hello @nobody" in text(client.get(address))


def test_what_is_refused_stays_in_the_field(campaign, mark):
    address = reverse("campaigns:node_comments", args=["spring", "mail"])
    too_long = "x" * 4001
    found = text(signed_in(mark).post(address, {"text": too_long}))
    assert "at most 4000 characters; this one has 4001" in found
    assert too_long in found
    assert not Comment.objects.exists()


def test_a_thread_is_answered_resolved_and_reopened(campaign, mark, anna):
    address = reverse("campaigns:node_comments", args=["spring", "mail"])
    thread, _named = comments.write(Subject(campaign, node_id="mail"), "Is it right?", by=mark)
    assert "It is." in text(signed_in(anna).post(address, {"text": "It is.", "thread": str(thread.pk)}))
    resolve = reverse("campaigns:resolve_comment", args=[thread.pk])
    assert "Resolved by Anna" in text(signed_in(anna).post(resolve))
    assert "reopen it to answer" in text(signed_in(anna).post(address, {"text": "Hm", "thread": str(thread.pk)}))
    assert "Resolved by" not in text(signed_in(mark).post(resolve, {"open": "1"}))


def test_one_s_own_words_are_edited_and_deleted(campaign, mark, anna):
    comment, _named = comments.write(Subject(campaign, node_id="mail"), "Is it rihgt?", by=mark)
    edit = reverse("campaigns:edit_comment", args=[comment.pk])
    assert "Is it rihgt?" in text(signed_in(mark).get(edit))
    assert signed_in(anna).get(edit).status_code == 403
    found = text(signed_in(mark).post(edit, {"text": "Is it right?"}))
    assert "Is it right?" in found and "edited" in found
    assert "Write something first" in text(signed_in(mark).post(edit, {"text": " "}))
    delete = reverse("campaigns:delete_comment", args=[comment.pk])
    assert "Is it right?" not in text(signed_in(mark).post(delete))


def test_the_address_of_a_comment_leads_to_where_it_stands(campaign, mark, mallory, client):
    comment, _named = comments.write(Subject(campaign, node_id="mail"), "Here", by=mark)
    client.force_login(mark)
    address = reverse("campaigns:comment", args=[comment.pk])
    place = reverse("campaigns:node_comments", args=["spring", "mail"])
    assert client.get(address)["Location"] == f"{place}#comment-{comment.pk}"
    client.force_login(mallory)
    assert client.get(address).status_code == 404


def test_names_are_suggested_among_those_who_may_see_the_campaign(campaign, mark, anna, vera, mallory):
    address = reverse("campaigns:people", args=["spring"])
    found = text(signed_in(mark).get(address, {"q": "an"}))
    assert 'data-name="anna"' in found and "vera" not in found
    assert "mallory" not in text(signed_in(mark).get(address))
    assert signed_in(vera).get(address).status_code == 403


def test_the_canvas_shows_how_much_is_said_about_a_node_for_one_query(campaign, mark, client):
    client.force_login(mark)
    address = reverse("campaigns:canvas", args=["spring"])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    client.get(address)
    before = cost()
    for node in ("people", "mail", "end"):
        for _turn in range(3):
            comments.write(Subject(campaign, node_id=node), "Hello", by=mark)
    assert cost() == before
    page = text(client.get(address))
    assert page.count('class="node-talk"') == 3
    panel = text(signed_in(mark).get(reverse("campaigns:node", args=["spring", "mail"])))
    assert 'id="node-talk"' in panel and '<span class="muted">3</span>' in panel


def test_what_is_said_of_a_node_that_was_removed_can_still_be_read(campaign, mark):
    comments.write(Subject(campaign, node_id="gone"), "Why?", by=mark)
    found = text(signed_in(mark).get(reverse("campaigns:node_comments", args=["spring", "gone"])))
    assert "a node that was removed" in found and "Why?" in found


def test_the_versions_show_how_much_is_said_and_their_comparison_has_it(campaign, mark, client):
    comments.write(Subject(campaign, version=campaign.latest_version()), "A good one", by=mark)
    client.force_login(mark)
    assert "1 comment<" in text(client.get(reverse("campaigns:versions", args=["spring"])))


def test_a_long_thread_costs_no_more_than_a_short_one(campaign, mark, anna, client):
    subject = Subject(campaign, node_id="mail")
    client.force_login(mark)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(subject.address)
        return len(queries)

    thread, _named = comments.write(subject, "@anna?", by=mark)
    comments.write(subject, "@mark!", by=anna, thread=thread)
    few = cost()
    for _turn in range(5):
        other, _named = comments.write(subject, "@anna?", by=mark)
        comments.write(subject, "@mark!", by=anna, thread=other)
    assert cost() == few


def test_of_many_threads_the_latest_are_shown_and_the_others_are_a_click_away(campaign, mark, client, monkeypatch):
    monkeypatch.setattr(comments, "SHOWN", 2)
    subject = Subject(campaign, node_id="mail")
    first, *_others = [comments.write(subject, f"Number {n}", by=mark)[0] for n in range(3)]
    client.force_login(mark)
    page = text(client.get(subject.address))
    assert "Number 0" not in page and page.index("Number 1") < page.index("Number 2")
    assert "Show the earlier threads" in page
    place = client.get(comments.address(first))["Location"]
    assert place == f"{subject.address}?all=1#comment-{first.pk}"
    assert "Number 0" in text(client.get(place))
