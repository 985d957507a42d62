"""One request in full: what it requires and who has signed, what differs from what was approved last, its other rounds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import lifecycle
from campaigns.approvals import requests
from campaigns.models import Approval, Campaign, Decision, Delegation
from tests.campaigns.desk_stage import ask, make_stage, policy, stage
from tests.conftest import person

HTMX = {"HX-Request": "true"}


@pytest.fixture
def otto(db):
    return person("otto", "approver")


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


def signed_in(user) -> Client:
    client = Client(headers=HTMX)
    client.force_login(user)
    return client


def card(user, approval) -> str:
    shown = signed_in(user).get(reverse("campaigns:approval", args=[approval.pk])).content.decode()
    return " ".join(shown.split())


def post(user, name, approval, **data):
    return signed_in(user).post(reverse(f"campaigns:{name}", args=[approval.pk]), data)


# --- What is required ----------------------------------------------------------------------------------


def test_stages_are_named_with_who_signs_what_and_who_has(campaign, mark, anna, otto):
    policy("Legal", stage(anna, facets=["content"]), stage(otto, facets=["content"]))
    policy("Reach", stage(otto, facets=["audience", "schedule"]))
    asked = ask(campaign, mark)
    shown = card(anna, asked)
    assert "Legal" in shown and "Reach" in shown and "Audience, Schedule and budget" in shown
    assert "You may sign this." in shown and "Not yet its turn" in shown
    requests.approve(asked, by=anna, message="Fine by law")
    shown = card(otto, asked)
    assert "Anna: Approved" in shown and "Fine by law" in shown and "Signed" in shown
    assert "Not yet its turn" not in shown
    assert shown.count("You may sign this.") == 2


def test_one_signs_only_what_is_ones_own_and_the_rest_goes_on_waiting(campaign, mark, anna, otto):
    policy("Both", stage(anna), stage(otto))
    asked = ask(campaign, mark)
    assert 'value="approve"' not in card(otto, asked)
    assert "who is to sign stands above" in card(otto, asked)
    response = post(otto, "decide", asked, decision="approve")
    assert response.status_code == 409 and "not yours to decide now" in response.content.decode()
    response = post(anna, "decide", asked, decision="approve")
    assert response.status_code == 200 and "Both waits for Otto" in response.content.decode()
    asked.refresh_from_db()
    assert asked.status == Approval.Status.WAITING
    post(otto, "decide", asked, decision="approve")
    asked.refresh_from_db()
    assert asked.status == Approval.Status.APPROVED


def test_a_second_click_changes_nothing_and_says_so(campaign, mark, anna, otto):
    policy("Both", stage(anna), stage(otto))
    asked = ask(campaign, mark)
    post(anna, "decide", asked, decision="approve")
    response = post(anna, "decide", asked, decision="approve")
    assert response.status_code == 409 and "You have signed it already" in response.content.decode()
    assert Decision.objects.count() == 1


def test_a_message_goes_with_an_approval(campaign, mark, anna):
    asked = ask(campaign, mark)
    post(anna, "decide", asked, decision="approve", message="Well done")
    assert Decision.objects.get().message == "Well done"


def test_what_is_due_is_shown_and_overdue_in_words(campaign, mark, anna):
    policy("Soon", stage(anna), due_hours=2, open_hours=9)
    asked = ask(campaign, mark)
    assert "due" in card(anna, asked) and "overdue since" not in card(anna, asked)
    Approval.objects.filter(pk=asked.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert "overdue since" in card(anna, asked) and "expires" in card(anna, asked)


def test_a_carried_signature_is_shown_with_who_gave_it(campaign, mark, anna, otto):
    policy("Audience", stage(anna, facets=["audience"]))
    policy("Content", stage(otto, facets=["content", "schedule"]))
    first = ask(campaign, mark)
    requests.approve(first, by=anna)
    requests.send_back(first, by=otto, message="Shorter")
    again = ask(campaign, mark)
    shown = card(otto, again)
    assert "Carried over from version 1" in shown and "Anna: Approved" in shown
    assert "1 other request of this campaign" in shown and "Shorter" in shown


def test_a_request_from_before_policies_can_still_be_decided(campaign, mark, anna):
    asked = ask(campaign, mark)
    asked.requirements.all().delete()
    Approval.objects.filter(pk=asked.pk).update(hashes={})
    assert 'value="approve"' in card(anna, asked)
    assert post(anna, "decide", asked, decision="approve").status_code == 200
    asked.refresh_from_db()
    assert asked.status == Approval.Status.APPROVED


# --- Handing on ----------------------------------------------------------------------------------------


def test_one_delegates_to_somebody_who_could_decide_and_takes_it_back(campaign, mark, anna, otto, vera):
    policy("Anna only", stage(anna))
    asked = ask(campaign, mark)
    shown = card(anna, asked)
    assert f'value="{otto.pk}"' in shown and f'value="{vera.pk}"' not in shown and f'value="{mark.pk}"' not in shown
    response = post(anna, "delegate", asked, to=otto.pk, message="I am away")
    assert "Delegated to Otto." in response.content.decode()
    assert "approval-decided" in response["HX-Trigger-After-Settle"]
    shown = card(otto, asked)
    assert "You may sign this for Anna." in shown and "I am away" in shown
    shown = card(anna, asked)
    assert 'value="approve"' not in shown and "Decide it myself again" in shown
    assert 'value="approve"' in post(anna, "take_back", asked).content.decode()
    assert not Delegation.objects.exists()


def test_the_signature_of_a_stand_in_names_both(campaign, mark, anna, otto):
    policy("Anna only", stage(anna))
    asked = ask(campaign, mark)
    requests.delegate(asked, by=anna, to=otto)
    post(otto, "decide", asked, decision="approve")
    assert "Otto for Anna: Approved" in card(anna, asked)


@pytest.mark.parametrize("to", ["", "999", "mark", "x"])
def test_nobody_else_can_be_asked_to_stand_in(campaign, mark, anna, otto, to):
    asked = ask(campaign, mark)
    number = mark.pk if to == "mark" else to
    response = post(anna, "delegate", asked, to=number)
    assert response.status_code == 200
    shown = response.content.decode()
    assert "could not decide it; choose one of the list" in shown or "Choose who decides in your place." in shown
    assert not Delegation.objects.exists()


def test_what_is_decided_cannot_be_handed_on_any_more(campaign, mark, anna, otto):
    asked = ask(campaign, mark)
    requests.approve(asked, by=otto)
    response = post(anna, "delegate", asked, to=otto.pk)
    assert response.status_code == 409 and "nothing of this request" in response.content.decode()


def test_who_may_not_approve_neither_delegates_nor_takes_back(campaign, mark, vera):
    asked = ask(campaign, mark)
    assert post(vera, "delegate", asked, to=1).status_code == 403
    assert post(vera, "take_back", asked).status_code == 403


def test_one_withdraws_from_the_queue_in_place(campaign, mark):
    asked = ask(campaign, mark)
    response = signed_in(mark).post(reverse("campaigns:withdraw", args=["spring"]))
    assert response.status_code == 200 and "Withdrawn" in response.content.decode()
    asked.refresh_from_db()
    assert asked.status == Approval.Status.CANCELLED
    assert signed_in(mark).post(reverse("campaigns:withdraw", args=["spring"])).status_code == 404


# --- Since the last approved version -------------------------------------------------------------------


def approved_once(campaign, mark, anna) -> None:
    lifecycle.approve(ask(campaign, mark), by=anna)
    campaign.refresh_from_db()
    lifecycle.edit_again(campaign, by=mark)


def test_the_first_request_has_nothing_to_be_compared_with(campaign, mark, anna):
    assert "No earlier version of this campaign was approved." in card(anna, ask(campaign, mark))


def test_what_differs_from_the_last_approved_version_stands_in_words_counts_and_texts(campaign, mark, anna):
    approved_once(campaign, mark, anna)
    draft = campaign.draft()
    nodes = draft.document["nodes"]
    nodes["mail"]["settings"]["subject"] = "Good morning {{ name }}"
    nodes["people"]["settings"]["rule"] = {"attribute": "city", "operator": "equals", "value": "Paris"}
    draft.save()
    shown = card(anna, ask(campaign, mark))
    assert "version 1, Anna" in shown
    assert "Audience: changed" in shown and "Content: changed" in shown and "Schedule and budget: the same" in shown
    assert "<del>Hello</del>" in shown and "<ins>Good morning</ins>" in shown
    assert "Counts: 2 of 2 steps differ" in shown and "−3" in shown
    assert f"{reverse('campaigns:compare_versions', args=['spring'])}?a=1&amp;b=2" in shown


def test_an_unchanged_version_says_that_nothing_differs(campaign, mark, anna):
    approved_once(campaign, mark, anna)
    shown = card(anna, ask(campaign, mark))
    assert "Nothing differs, and everything counts as it did." in shown
    assert shown.count(": the same") == 3


def test_more_rounds_cost_no_more_queries(campaign, mark, anna, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = signed_in(anna), []
    for number in range(4):
        asked = ask(campaign, mark)
        if number in (1, 3):
            with CaptureQueriesContext(connection) as found:
                client.get(reverse("campaigns:approval", args=[asked.pk]))
            counts.append(len(found))
        requests.send_back(asked, by=anna, message="Once more")
        campaign.refresh_from_db()
    assert counts[0] == counts[1]
