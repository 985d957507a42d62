"""My work gathers what waits, and the boards of teams: what they show, to whom, at what cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import comments
from campaigns.comments import Subject
from campaigns.models import Alert, Campaign, Launch, Mention, Run, Task
from tests.campaigns.builders import make_campaign
from tests.campaigns.desk_stage import ask, make_stage, until_confirmation
from tests.campaigns.work.stage import give, make_team

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_campaign(owner=mark)


def text(response) -> str:
    return response.content.decode()


def work(user, **asked) -> str:
    client = Client()
    client.force_login(user)
    return text(client.get(reverse("campaigns:work"), asked))


def board(user, team, **asked):
    client = Client()
    client.force_login(user)
    return client.get(reverse("campaigns:board", args=[team.pk]), asked)


def test_nothing_waits_and_the_page_says_what_would(mark, mallory):
    assert "Nothing waits for you" in work(mark)
    assert "You have no profile yet" in work(mallory)


def test_everything_that_waits_is_there_the_overdue_first(mark, anna, vera):
    until_confirmation(make_stage(mark), author=mark, approver=anna)
    asked = make_campaign(owner=mark, slug="asked")
    run = Run.objects.get(mode="live")
    Alert.objects.create(run=run, node_id="mail", title="Few rows", message="Only 2.")
    failed = make_campaign(owner=mark, slug="failed", status="live")
    Launch.objects.create(campaign=failed, slot=timezone.now(), status="failed", reason="Dry.")
    give(asked, mark, title="Later", assignee=anna)
    give(asked, mark, title="Too late", assignee=anna, due_on=timezone.localdate() - timedelta(days=3))
    give(asked, mark, title="For us", group=make_team(anna))
    comments.write(Subject(asked, node_id="mail"), "@anna?", by=mark)
    page = work(anna)
    order = ["Too late", "could not be launched", "Confirm “Mail”", "For us", "mentions you on a node", "Few rows"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "Look and confirm" in page and "Take it" in page and "overdue, due" in page
    assert "Too late" in work(anna, kind="tasks") and "Few rows" not in work(anna, kind="tasks")
    assert "Confirm “Mail”" not in work(vera)


def test_an_approval_waits_for_who_may_decide_it(mark, anna):
    ask(make_stage(mark), mark)
    assert "Decide about Spring mail" in work(anna, kind="approvals")
    assert "Decide about" not in work(mark)


def test_a_mention_is_noted_by_one_click_and_is_gone(campaign, mark, anna):
    comments.write(Subject(campaign, node_id="mail"), "@anna?", by=mark)
    client = Client(headers=HTMX)
    client.force_login(anna)
    answer = client.post(reverse("campaigns:note_mention", args=[Mention.objects.get().pk]))
    assert "work-changed" in answer["HX-Trigger"]
    assert "mentions you" not in work(anna)


def test_a_deed_without_scripts_leads_back_to_the_page(campaign, mark, client):
    task = give(campaign, mark, assignee=mark)
    client.force_login(mark)
    data = {"status": "done", "where": "line", "next": "/work?kind=tasks"}
    assert client.post(reverse("campaigns:move_task", args=[task.pk]), data)["Location"] == "/work?kind=tasks"
    elsewhere = client.post(reverse("campaigns:move_task", args=[task.pk]), data | {"next": "https://evil.example"})
    assert elsewhere["Location"] == reverse("campaigns:task", args=[task.pk])


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        client.get(address)
    return len(found)


def test_the_cost_of_my_work_does_not_grow_with_what_waits(campaign, mark, anna, client):
    def more(number: int) -> None:
        for n in range(number):
            give(campaign, mark, title=f"Task {n}", assignee=anna)
            comments.write(Subject(campaign, node_id="mail"), f"@anna {n}?", by=mark)
            other = make_campaign(owner=mark, slug=f"more-{number}-{n}", status="live")
            Launch.objects.create(campaign=other, slot=timezone.now(), status="failed", reason="Dry.")

    more(1)
    client.force_login(anna)
    few = queries(client, reverse("campaigns:work"))
    more(6)
    assert queries(client, reverse("campaigns:work")) == few <= 12


def test_a_board_shows_a_team_s_tasks_in_columns(campaign, mark, anna, vera):
    team = make_team(vera, anna)
    give(campaign, mark, title="Open one", group=team)
    doing = give(campaign, mark, title="Vera does it", group=team)
    Task.objects.filter(pk=doing.pk).update(status="doing", assignee=vera, group=None)
    old = give(campaign, mark, title="Long done", group=team)
    Task.objects.filter(pk=old.pk).update(status="done", done_at=timezone.now() - timedelta(days=15))
    page = text(board(vera, team))
    assert "Open one" in page and "Vera does it" in page and "Long done" not in page
    narrowed = text(board(vera, team, person="vera"))
    assert "Vera does it" in narrowed and "Open one" not in narrowed


def test_a_board_is_for_its_members_and_for_who_administers(campaign, mark, vera, ada):
    team = make_team(vera)
    give(campaign, mark, group=team)
    assert board(vera, team).status_code == 200
    assert board(ada, team).status_code == 200
    assert board(mark, team).status_code == 404


def test_a_member_sees_only_tasks_of_campaigns_they_may_see(campaign, mark, vera, mallory):
    team = make_team(vera, mallory)
    give(campaign, mark, title="Secret work", group=team)
    assert "Secret work" in text(board(vera, team))
    assert "Secret work" not in text(board(mallory, team))


def test_a_card_is_moved_and_the_slower_is_told_on_the_board(campaign, mark, vera, anna):
    team = make_team(vera, anna)
    task = give(campaign, mark, group=team)
    data = {"status": "doing", "seen": "open", "where": "board", "board": str(team.pk)}
    answers = []
    for user in (vera, anna):
        client = Client(headers=HTMX)
        client.force_login(user)
        answers.append(client.post(reverse("campaigns:move_task", args=[task.pk]), data))
    assert [answer.status_code for answer in answers] == [200, 409]
    assert "Somebody was faster" in answers[1]["HX-Trigger"] and 'id="board"' in text(answers[1])
    task.refresh_from_db()
    assert task.assignee == vera


def test_who_is_in_one_team_comes_to_its_board_at_once(vera, mallory, client):
    client.force_login(mallory)
    assert "You are in no team yet" in text(client.get(reverse("campaigns:boards")))
    team = make_team(mallory)
    assert client.get(reverse("campaigns:boards"))["Location"] == reverse("campaigns:board", args=[team.pk])


def test_the_cost_of_a_board_does_not_grow_with_its_cards(campaign, mark, vera, client):
    team = make_team(vera)
    give(campaign, mark, group=team)
    client.force_login(vera)
    few = queries(client, reverse("campaigns:board", args=[team.pk]))
    for n in range(8):
        give(make_campaign(owner=mark, slug=f"more-{n}"), mark, group=team)
    assert queries(client, reverse("campaigns:board", args=[team.pk])) == few <= 12


def test_the_numbers_of_the_menu_come_after_the_page_and_to_those_who_have_the_entries(client, mark, anna, mallory):
    ask(make_stage(mark), mark)
    client.force_login(anna)
    assert 'hx-get="/work/numbers"' in client.get(reverse("accounts:account")).text
    numbers = client.get(reverse("campaigns:menu_numbers")).text
    assert re.search(r'id="waiting-approvals" hx-swap-oob="true">1<', numbers)
    assert re.search(r'id="waiting-work" hx-swap-oob="true">1<', numbers)
    client.force_login(mallory)
    assert "/work/numbers" not in client.get(reverse("accounts:account")).text
    assert client.get(reverse("campaigns:menu_numbers")).text == ""
