"""Asking for approval: what is missing for it, who would be asked, and what is signed already."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import execution, lifecycle
from campaigns.approvals import requests
from campaigns.models import Approval, Campaign, Run
from tests.campaigns.builders import simple_graph
from tests.campaigns.desk_stage import ask, make_stage, policy, stage

HTMX = {"HX-Request": "true"}
ADDRESS = "/campaigns/spring/submit"


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


@pytest.fixture
def submit_page(mark, client: Client):
    client.force_login(mark)
    return lambda **more: client.get(ADDRESS, **more).content.decode()


def dry(campaign: Campaign) -> Run:
    return execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY))


def test_without_a_dry_run_the_page_offers_one_and_nothing_can_be_asked(campaign, submit_page, client):
    shown = submit_page()
    assert "A dry run comes first" in shown and "Dry run now" in shown
    assert "Ask for approval" not in shown
    response = client.post(ADDRESS, {"message": "Ready"})
    assert response.status_code == 409
    assert "Version 1 has no finished dry run of exactly this canvas" in response.content.decode()
    assert not Approval.objects.exists()


def test_the_dry_run_is_begun_from_here_and_comes_back_here(campaign, submit_page, client):
    response = client.post(reverse("campaigns:dry_run", args=["spring"]), {"next": "submit"})
    assert response.url == ADDRESS
    run = Run.objects.get(mode=Run.Mode.DRY)
    shown = submit_page(headers=HTMX)
    assert "The dry run goes on" in shown and "every 1s" in shown and "<html" not in shown
    execution.run_to_end(run)
    shown = submit_page(headers=HTMX)
    assert "Ask for approval" in shown and "every 1s" not in shown


def test_only_the_page_itself_is_come_back_to(campaign, submit_page, client):
    response = client.post(reverse("campaigns:dry_run", args=["spring"]), {"next": "https://elsewhere.example/"})
    assert response.url == reverse("campaigns:dry_result", args=["spring", Run.objects.get().pk])


def test_a_dry_run_of_another_canvas_does_not_do(campaign, submit_page):
    dry(campaign)
    draft = campaign.draft()
    draft.document["nodes"]["mail"]["settings"]["subject"] = "Another"
    draft.save()
    assert "have changed since the last dry run" in submit_page()


def test_a_dry_run_that_failed_says_why(campaign, submit_page):
    run = execution.start(campaign.draft(), mode=Run.Mode.DRY)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED, error="The lake is empty.")
    assert "failed:" in (shown := submit_page()) and "The lake is empty." in shown


def test_with_a_dry_run_one_sees_what_the_approver_will_see_and_asks(campaign, submit_page, client):
    dry(campaign)
    shown = submit_page()
    assert "one person with the right to approve decides" in shown
    assert "What the approver will see" in shown and "Hello Ann" in shown
    response = client.post(ADDRESS, {"message": "Ready"})
    assert response.status_code == 302
    asked = Approval.objects.get()
    assert (asked.message, asked.test_run.mode, asked.counts["people"]["out"]) == ("Ready", "dry", 6)


def test_asking_twice_is_answered_with_a_sentence(campaign, submit_page, client):
    dry(campaign)
    client.post(ADDRESS)
    response = client.post(ADDRESS)
    assert response.status_code == 409
    assert "frozen already" in response.content.decode()
    assert Approval.objects.count() == 1
    assert "There is no draft to ask for" in submit_page()


def test_the_policies_that_hold_are_named_with_their_conditions_and_who_would_be_asked(
    campaign, submit_page, anna, ada
):
    tree = {"all": [{"field": "channel", "operator": "is", "value": "email"},
                    {"field": "size", "operator": "at_least", "value": 5}]}  # fmt: skip
    policy("Large mailings", stage(anna, facets=["audience"]), stage(ada, anna, needed=2, facets=["content"]),
           conditions=tree, due_hours=8, open_hours=48, deviation=20)  # fmt: skip
    policy("Small ones", stage(ada), conditions={"field": "size", "operator": "at_most", "value": 3})
    dry(campaign)
    shown = submit_page()
    assert "Large mailings" in shown and "Small ones" not in shown
    assert "Channel is “Email” and Size of the audience is at least 5" in shown
    assert "2 of Anna and Ada" in shown
    assert "Could sign: Anna" in " ".join(shown.split())
    assert "What no policy asks for" in shown and "Schedule and budget" in shown
    assert "Due" in shown and "Expires" in shown and "20% more or fewer" in shown


def test_what_was_signed_before_and_has_not_changed_carries_over(campaign, submit_page, mark, anna, ada):
    policy("Audience", stage(anna, facets=["audience"]))
    policy("Content", stage(ada, facets=["content", "schedule"]))
    first = ask(campaign, mark)
    requests.approve(first, by=anna)
    requests.send_back(first, by=ada, message="The subject")
    draft = campaign.draft()
    draft.document["nodes"]["mail"]["settings"]["subject"] = "Better"
    draft.save()
    dry(campaign)
    shown = submit_page()
    assert "Carries over from version 1" in shown
    assert "Nothing that was signed has changed since." in shown
    again = ask(campaign, mark)
    assert {one.title: one.status for one in again.requirements.all()} == {"Audience": "satisfied", "Content": "open"}


def test_the_page_writes_nothing(campaign, submit_page, anna):
    policy("All", stage(anna))
    dry(campaign)
    submit_page()
    assert not Approval.objects.exists()


def test_problems_block_the_submission_and_are_named(mark, client):
    make_stage(mark, simple_graph(subject=""))
    client.force_login(mark)
    shown = client.get(ADDRESS).content.decode()
    assert "must be mended first" in shown and "Mail" in shown
    assert client.post(ADDRESS).status_code == 409
    assert not Approval.objects.exists()


def test_after_an_approval_there_is_no_draft_to_ask_for(campaign, mark, anna, submit_page):
    lifecycle.approve(ask(campaign, mark), by=anna)
    assert "There is no draft to ask for" in submit_page()
