"""Comments: written, answered, edited, deleted, resolved; whom they name, and who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns import comments, mentions
from campaigns.comments import Subject
from campaigns.errors import CampaignError, NotAllowed, WrongStatus
from campaigns.models import Campaign, Comment, Mention
from orchcamp.accounts import access
from orchcamp.accounts.models import AuditEntry, Notification
from tests.campaigns.builders import make_campaign
from tests.campaigns.work.stage import give, make_team


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_campaign(owner=mark)


@pytest.fixture
def node(campaign) -> Subject:
    return Subject(campaign, node_id="mail")


def told(person, kind: str) -> list[str]:
    return list(Notification.objects.filter(person=person, kind=kind).values_list("sentence", flat=True))


def test_a_comment_names_somebody_who_is_told_once(node, mark, anna):
    comment, named = comments.write(node, "@anna, and @Anna again: is the text right?", by=mark)
    assert [person.username for person in named.people] == ["anna"]
    assert told(anna, "mention") == [
        "Mark mentions you on the node “Mail” of “Spring”: @anna, and @Anna again: is the text right?"
    ]
    comments.edit(comment, "@anna, is it right?", by=mark)
    assert len(told(anna, "mention")) == 1


def test_a_name_that_reaches_nobody_is_said_and_the_text_is_kept(node, mark, mallory):
    comment, named = comments.write(node, "Ask @nobody or @mallory.", by=mark)
    assert named.complaint.startswith("Nobody by the names @nobody and @mallory may see this campaign")
    assert Comment.objects.get() == comment
    assert not Notification.objects.exists()


def test_those_who_take_part_hear_of_an_answer(node, mark, anna, ada):
    thread, _named = comments.write(node, "Is the text right?", by=mark)
    comments.write(node, "Not yet.", by=anna, thread=thread)
    comments.write(node, "@mark mends it.", by=ada, thread=thread)
    assert told(mark, "comment") == ["Anna commented on the node “Mail” of “Spring”: Not yet."]
    assert len(told(mark, "mention")) == 1  # and not a second time as one who takes part
    assert len(told(anna, "comment")) == 1
    assert told(ada, "comment") == []


def test_a_comment_on_a_task_reaches_whom_it_is_for(campaign, mark, anna, vera):
    task = give(campaign, mark, assignee=vera)
    comments.write(Subject(campaign, task=task), "How far is it?", by=anna)
    assert len(told(vera, "comment")) == len(told(mark, "comment")) == 1


def test_who_answers_has_taken_note_of_being_named(node, mark, anna):
    thread, _named = comments.write(node, "@anna?", by=mark)
    assert Mention.objects.get().noted_at is None
    comments.write(node, "Yes.", by=anna, thread=thread)
    assert Mention.objects.get().noted_at is not None


def test_a_viewer_reads_and_does_not_write(node, mark, vera):
    thread, _named = comments.write(node, "Is the text right?", by=mark)
    for deed in (
        lambda: comments.write(node, "Yes", by=vera),
        lambda: comments.resolve(thread, by=vera),
        lambda: comments.delete(thread, by=vera),
    ):
        with pytest.raises(NotAllowed, match="You need the right “write comments”"):
            deed()


def test_only_one_s_own_words_are_changed_and_for_a_day(node, mark, anna, ada):
    comment, _named = comments.write(node, "Is the txt right?", by=mark)
    with pytest.raises(NotAllowed, match="Only its author"):
        comments.edit(comment, "No", by=anna)
    comments.edit(comment, "Is the text right?", by=mark)
    assert comment.edited_at is not None
    assert AuditEntry.objects.get(verb="edited comment").facts["changes"] == {
        "text": ["Is the txt right?", "Is the text right?"]
    }
    Comment.objects.update(written_at=timezone.now() - timedelta(days=2))
    comment.refresh_from_db()
    with pytest.raises(WrongStatus, match="for a day after it was written"):
        comments.delete(comment, by=mark)
    comments.delete(comment, by=ada)  # who administers may always
    assert Comment.objects.get().text == ""


def test_what_was_deleted_stays_in_the_audit_trail_and_its_answers_stay(node, mark, anna):
    thread, _named = comments.write(node, "@anna, is the text right?", by=mark)
    comments.write(node, "Yes.", by=anna, thread=thread)
    comments.delete(thread, by=mark)
    assert [found.pk for found in comments.threads(node)[0]] == [thread.pk]
    assert not Mention.objects.exists()
    assert "is the text right" in AuditEntry.objects.get(verb="deleted comment").facts["changes"]["text"][0]
    lonely, _named = comments.write(node, "Hm.", by=mark)
    comments.delete(lonely, by=mark)
    assert lonely not in comments.threads(node)[0]


def test_a_thread_is_resolved_and_opened_again_once(node, mark, anna):
    thread, _named = comments.write(node, "Is the text right?", by=mark)
    for _turn in range(2):
        comments.resolve(thread, by=anna)
    assert (thread.resolved_by, AuditEntry.objects.filter(verb="resolved thread").count()) == (anna, 1)
    assert comments.open_by_node(node.campaign) == {}
    with pytest.raises(WrongStatus, match="reopen it to answer"):
        comments.write(node, "Yes.", by=anna, thread=thread)
    comments.resolve(thread, by=mark, resolved=False)
    answer, _named = comments.write(node, "Yes.", by=anna, thread=thread)
    assert comments.open_by_node(node.campaign) == {"mail": 2}
    with pytest.raises(CampaignError, match="Only a whole thread"):
        comments.resolve(answer, by=mark)


@pytest.mark.parametrize("text", ["", "  \n ", "\x00", "x" * 4001])
def test_nothing_and_too_much_is_refused(node, mark, text):
    with pytest.raises(CampaignError):
        comments.write(node, text, by=mark)
    assert not Comment.objects.exists()


def test_an_answer_goes_to_a_thread_about_the_same(node, mark):
    thread, _named = comments.write(node, "Here?", by=mark)
    with pytest.raises(CampaignError, match="not about this"):
        comments.write(Subject(node.campaign, node_id="people"), "There.", by=mark, thread=thread)


def test_the_database_keeps_a_comment_about_one_thing(campaign, mark):
    task = give(campaign, mark)
    for facts in ({}, {"node_id": "mail", "task": task}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.create(campaign=campaign, text="x", **facts)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <b> & @mark.", 'a &lt;b&gt; &amp; <span class="mention">@mark</span>.'),
        ("one\r\ntwo", "one<br>two"),
        ("https://a.example/?q=<x>", "&lt;x&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("mail a@mark.example", "mail"),
        ("@vera", "@vera"),  # nobody whom it was addressed to
    ],
)
def test_a_text_is_shown_safely(text, shown):
    found = mentions.shown(text, ["mark"])
    assert shown in found
    assert "<b>" not in found and 'href="javascript' not in found
    assert 'class="mention">@vera' not in found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Mark, (@anna.b) and @x-y!", ["mark", "anna.b", "x-y"]),
        ("a@mark.example is an address", []),
        ("@mark@shop.example has a long name.", ["mark@shop.example"]),
        ("@mark @MARK", ["mark"]),
        ("@ @. @@", []),
    ],
)
def test_names_are_read_from_a_text(text, names):
    assert mentions.names(text) == names


def test_who_may_see_is_what_access_says_of_each(campaign, mark, vera, mallory, ada):
    """The one query says the same as asking person by person: by profile, by sharing, by a team, by a folder."""
    from campaigns.models import Folder
    from orchcamp.accounts import roles
    from orchcamp.accounts.models import ProductProfile, User
    from tests.conftest import person

    narrow = ProductProfile(label="Agency", everywhere=False)
    roles.define(narrow, ["campaigns.view_campaign", "campaigns.view_folder", "campaigns.change_campaign"])
    people = {name: person(name, None) for name in ("alone", "shared", "teamed", "filed", "left")}
    for one in people.values():
        one.groups.add(narrow.group)
    outer = Folder.objects.create(name="Outer")
    campaign.folder = Folder.objects.create(name="Inner", parent=outer)
    campaign.save()
    access.grant(people["shared"], ["view"], campaign)
    access.grant(make_team(people["teamed"]), ["view"], campaign)
    access.grant(people["filed"], ["view"], outer)
    access.grant(mallory, ["view"], campaign)  # sharing gives no right that no profile gives
    access.grant(people["left"], ["view"], campaign)
    User.objects.filter(username="left").update(is_active=False)
    for action in ("view", "change"):
        found = set(access.who_may(action, campaign))
        assert found == {one for one in User.objects.filter(is_active=True) if access.may(one, action, campaign)}
    assert people["filed"] in access.who_may("view", campaign)
