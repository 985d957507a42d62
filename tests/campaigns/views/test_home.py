"""The first page: what waits for whom."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from campaigns import launching
from campaigns.models import Launch, Run, Task
from tests.campaigns.builders import make_campaign
from tests.campaigns.desk_stage import ask, make_stage, publish, until_confirmation


def page(client, user) -> str:
    """The page, and what it asks for as soon as it is there."""
    client.force_login(user)
    return client.get(reverse("campaigns:home")).text + waits(client)


def waits(client) -> str:
    return client.get(reverse("campaigns:home"), headers={"HX-Request": "true"}).text


def test_a_newcomer_is_told_the_first_steps(mark, client):
    assert "Create the first campaign" in page(client, mark)


def test_a_viewer_is_not_offered_what_they_may_not_do(vera, client):
    found = page(client, vera)
    assert "Create the first campaign" not in found
    assert "appears here" in found


def test_somebody_without_a_profile_is_told_what_is_missing(mallory, client):
    assert "You have no profile yet" in page(client, mallory)


def test_an_approver_finds_the_request_and_the_author_does_not(mark, anna, client):
    ask(make_stage(mark), mark)
    assert "Decide about Spring mail" in page(client, anna)
    assert "Decide about" not in page(client, mark)


def test_a_sending_to_confirm_waits_for_those_who_may(mark, anna, vera, client):
    until_confirmation(make_stage(mark), author=mark, approver=anna)
    assert "Confirm “Mail” of Spring mail" in page(client, anna)
    found = page(client, vera)
    assert "Confirm “Mail”" not in found
    assert "Nothing waits for you" in found
    assert "Spring mail" in found


def test_a_failed_run_is_shown_with_its_reason(mark, anna, client):
    run = publish(make_stage(mark), author=mark, approver=anna)
    Run.objects.filter(pk=run.pk).update(status="failed", error="The lake is dry.")
    assert "The lake is dry." in page(client, anna)


def test_a_launch_that_could_not_begin_waits_for_those_who_publish_until_a_later_one_began(mark, anna, client):
    campaign = make_campaign(owner=mark, status="live")
    now = timezone.now()
    Launch.objects.create(campaign=campaign, slot=now - timedelta(hours=2), status="failed", reason="The lake is dry.")
    found = page(client, anna)
    assert "Spring could not be launched" in found and "The lake is dry." in found
    assert "could not be launched" not in page(client, mark)
    Launch.objects.create(campaign=campaign, slot=now - timedelta(hours=1), status="launched")
    assert "could not be launched" not in page(client, anna)


def test_what_repeats_is_among_the_launches_that_come(mark, client):
    daily = {"frequency": "daily", "at": "09:00"}
    launching.arm(make_campaign(owner=mark, status="live", schedule=daily))
    client.force_login(mark)
    coming = client.get(reverse("campaigns:home")).context["coming"]
    assert [launch.state for launch in coming] == ["scheduled"] * 6


def test_my_tasks_are_there(mark, client):
    Task.objects.create(campaign=make_campaign(owner=mark), title="Write the text", assignee=mark)
    assert "Write the text" in page(client, mark)


def test_the_page_takes_few_queries_however_much_waits(mark, anna, client, django_assert_max_num_queries):
    campaign = make_stage(mark)
    until_confirmation(campaign, author=mark, approver=anna)
    for number in range(6):
        Task.objects.create(campaign=campaign, title=f"Task {number}", assignee=anna)
        make_campaign(owner=mark, slug=f"more-{number}")
    client.force_login(anna)
    with django_assert_max_num_queries(12):
        client.get(reverse("campaigns:home"))
    with django_assert_max_num_queries(12):
        assert "Task 5" in waits(client)


def test_what_comes_what_failed_and_the_favourites_are_there(mark, client):
    at = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    make_campaign(owner=mark, slug="planned", schedule={"frequency": "once", "at": at})
    late = (timezone.localtime() + timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")
    make_campaign(owner=mark, slug="much-later", schedule={"frequency": "once", "at": late})
    broken = make_campaign(owner=mark, slug="broken")
    facts = {"campaign": broken, "version": broken.versions.get(), "document": broken.versions.get().document}
    now = timezone.now()
    Run.objects.create(**facts, mode="test", scheduled_for=now, status="failed", error="Dry.", finished_at=now)
    old = now - timedelta(days=9)
    Run.objects.create(**facts, mode="test", scheduled_for=old, status="failed", error="Old.", finished_at=old)
    broken.favourite_of.add(mark)
    found = page(client, mark)
    coming = found.partition('id="coming-title"')[2].partition("</section>")[0]
    assert "Planned" in coming and "Much-Later" not in coming
    assert "Dry." in found and "Old." not in found
    assert "Broken" in found.partition('id="favourites-title"')[2].partition("</section>")[0]


def test_a_run_shows_how_far_it_is(mark, anna, client):
    until_confirmation(make_stage(mark), author=mark, approver=anna)
    assert "1 of 3 steps" in page(client, anna)


def test_page_and_what_waits_are_told_apart_by_caches(client, mark):
    client.force_login(mark)
    for headers in ({}, {"HX-Request": "true"}):
        assert "HX-Request" in client.get(reverse("campaigns:home"), headers=headers)["Vary"]
