"""The queue: its tabs and order, what is in each for whom, and several approved together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import lifecycle, worklist
from campaigns.approvals import requests
from campaigns.approvals.deciders import Circle
from campaigns.approvals.deciders import requirements as rows_of
from campaigns.models import Approval, Campaign, Decision
from orchcamp.accounts.models import User
from tests.campaigns.desk_stage import ask, make_stage, policy, stage
from tests.conftest import person

QUEUE = "/approvals/"
MANY = "/approvals/approve"


@pytest.fixture
def otto(db):
    return person("otto", "approver")


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


def queue(user, **asked) -> str:
    client = Client()
    client.force_login(user)
    return client.get(QUEUE, asked).content.decode()


def asked_for(campaign, mark, *names: str) -> list[Approval]:
    """More campaigns like it, each asked for."""
    return [ask(lifecycle.duplicate(campaign, by=mark, name=name), mark) for name in names]


def many(user, *approvals, **more):
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    return client.post(MANY, {"approval": [approval.pk for approval in approvals], **more})


# --- What is in it -------------------------------------------------------------------------------------


def test_each_tab_has_its_requests(campaign, mark, anna, otto):
    policy("Otto decides", stage(otto))
    (asked,) = asked_for(campaign, mark, "Autumn")
    for user, show, there in [(otto, "mine", True), (anna, "mine", False), (anna, "all", True), (mark, "asked", True),
                              (otto, "asked", False), (otto, "decided", False)]:  # fmt: skip
        assert ("Autumn" in queue(user, show=show)) is there, (user, show)
    requests.approve(asked, by=otto)
    assert "Autumn" in queue(anna, show="decided") and "Autumn" not in queue(otto, show="all")


def test_what_is_due_first_stands_first_and_other_orders_are_there(campaign, mark, anna):
    _first, second, third = asked_for(campaign, mark, "Aaa", "Bbb", "Ccc")
    Approval.objects.filter(pk=third.pk).update(due_at=timezone.now() + timedelta(hours=1))
    Approval.objects.filter(pk=second.pk).update(due_at=timezone.now() - timedelta(hours=1))
    places = [queue(anna).index(name) for name in ("Bbb", "Ccc", "Aaa")]
    assert places == sorted(places)
    shown = queue(anna, sort="oldest")
    assert shown.index("Aaa") < shown.index("Bbb") < shown.index("Ccc")
    shown = queue(anna, sort="newest")
    assert shown.index("Ccc") < shown.index("Bbb") < shown.index("Aaa")
    assert "overdue since" in shown


@pytest.mark.parametrize("asked", [{"show": "x"}, {"sort": "'; drop"}, {"page": "x"}, {"page": "99"}])
def test_odd_addresses_show_the_usual(campaign, mark, anna, asked):
    asked_for(campaign, mark, "Autumn")
    assert "Autumn" in queue(anna, **asked)


def test_empty_tabs_say_what_comes_there(anna, mark):
    assert "Nothing waits for you" in queue(anna)
    assert "You have asked for nothing" in queue(mark)
    assert "Nothing has been decided yet" in queue(anna, show="decided")


def test_a_longer_queue_costs_no_more_queries(campaign, mark, anna):
    counts = []
    for names in (("A1", "A2"), ("B1", "B2", "B3", "B4")):
        asked_for(campaign, mark, *names)
        client = Client()
        client.force_login(anna)
        with CaptureQueriesContext(connection) as found:
            client.get(QUEUE)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 12, [query["sql"][:150] for query in found]


def test_a_request_that_asks_for_several_signatures_is_counted_once(campaign, mark, anna):
    policy("Legal", stage(anna, facets=["content"]), stage(anna, facets=["audience"]))
    policy("Brand", stage(anna, facets=["content"]))
    asked_for(campaign, mark, "Autumn")
    assert worklist.approvals(anna).count() == 1
    assert "1 request waits for you" in queue(anna)


def test_the_list_of_what_waits_agrees_with_who_may_sign(campaign, mark, anna, otto, ada):
    """The queue asks in one query what ``deciders`` says of each request."""
    group = anna.groups.get()
    policy("Anna", stage(anna), conditions={"field": "name", "operator": "equals", "value": "Anna"})
    policy("Group", stage(groups=[group]), conditions={"field": "name", "operator": "equals", "value": "Group"})
    policy("Two", stage(anna, otto, needed=2), conditions={"field": "name", "operator": "equals", "value": "Two"})
    policy("Chain", stage(otto), stage(anna), conditions={"field": "name", "operator": "equals", "value": "Chain"})
    names = ("Anna", "Group", "Two", "Chain", "Anybody")
    approvals = dict(zip(names, asked_for(campaign, mark, *names), strict=True))

    def agree() -> None:
        for user in User.objects.filter(is_active=True):
            listed = set(worklist.approvals(user).values_list("pk", flat=True))
            for name, approval in approvals.items():
                approval.refresh_from_db()
                circle = Circle.of(approval)
                may = approval.status == "waiting" and any(circle.mandate(row, user) for row in rows_of(approval))
                assert (approval.pk in listed) == may, (user, name)

    agree()
    requests.delegate(approvals["Anna"], by=anna, to=otto)
    requests.delegate(approvals["Group"], by=anna, to=ada)
    requests.approve(approvals["Two"], by=otto)
    agree()
    requests.approve(approvals["Chain"], by=otto)
    approvals["Anybody"].version.editors.add(anna)
    agree()
    User.objects.filter(pk=otto.pk).update(is_active=False)
    requests.take_back(approvals["Anna"], by=anna)
    agree()


# --- Several together ----------------------------------------------------------------------------------


def test_several_are_approved_together_each_with_its_own_line(campaign, mark, anna, otto):
    policy("By itself", stage(anna), bulk=False, conditions={"field": "name", "operator": "equals", "value": "Ddd"})
    policy("Otto too", stage(anna), stage(otto), conditions={"field": "name", "operator": "equals", "value": "Ccc"})
    done, decided, half, alone = asked_for(campaign, mark, "Aaa", "Bbb", "Ccc", "Ddd")
    own = ask(campaign, anna)
    requests.approve(decided, by=otto)
    shown = queue(anna)
    assert shown.count('name="approval"') == 2  # neither what is decided by itself nor what is decided already
    response = many(anna, done, decided, half, alone, own, message="All fine")
    shown = " ".join(response.content.decode().split())
    for words in ("Approved.", "decided already", "Signed; others have to sign too.", "looked at by itself",
                  "somebody else has to decide"):  # fmt: skip
        assert words in shown
    states = [one.status for one in Approval.objects.filter(pk__in=[done.pk, half.pk, alone.pk, own.pk]).order_by("pk")]
    assert states == ["approved", "waiting", "waiting", "waiting"]
    assert {decision.message for decision in Decision.objects.filter(by=anna)} == {"All fine"}
    assert shown.count('hx-swap-oob="delete"') == 2


def test_a_second_click_changes_nothing(campaign, mark, anna):
    (asked,) = asked_for(campaign, mark, "Aaa")
    many(anna, asked, asked)
    assert Decision.objects.count() == 1
    assert "decided already" in many(anna, asked).content.decode()
    assert Decision.objects.count() == 1


def test_nothing_ticked_is_answered_with_what_to_do(anna):
    response = many(anna)
    assert response.status_code == 409 and "Tick the requests" in response.content.decode()


def test_too_many_and_nonsense_are_answered_too(anna):
    client = Client(headers={"HX-Request": "true"})
    client.force_login(anna)
    response = client.post(MANY, {"approval": [str(number) for number in range(1, 150)]})
    assert response.status_code == 409 and "At most 100" in response.content.decode()
    response = client.post(MANY, {"approval": ["x", "-1", "1e9", "９"]})
    assert response.status_code in (200, 409)


def test_who_may_not_decide_approves_none(campaign, mark, vera, mallory):
    (asked,) = asked_for(campaign, mark, "Aaa")
    assert "Approved." not in many(vera, asked).content.decode()
    assert "Aaa" not in many(mallory, asked).content.decode()
    asked.refresh_from_db()
    assert asked.status == Approval.Status.WAITING


def test_without_javascript_the_results_are_a_page(campaign, mark, anna, client):
    (asked,) = asked_for(campaign, mark, "Aaa")
    client.force_login(anna)
    shown = client.post(MANY, {"approval": [asked.pk]}).content.decode()
    assert "<html" in shown and "Approved." in shown and "hx-swap-oob" not in shown.split("<main")[1]
