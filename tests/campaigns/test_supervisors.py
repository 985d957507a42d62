"""Supervisors: told once of what goes wrong, by mail; a mail that fails breaks nothing and is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from campaigns import execution, standstill, tasks
from campaigns.models import Campaign, Launch, Notice, Run
from orchcamp.accounts.models import Letter, Notification, NotificationPreference
from orchcamp.accounts.telling import letters
from orchcamp.datasets import engine
from tests.builders import make_shop
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration

pytestmark = pytest.mark.django_db
COUNT = [{"kind": "aggregate", "link": "purchases", "aggregate": "count", "alias": "bought"}]
S = Letter.State


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


def failing(supervisors: dict, on_error: str = "suspend") -> Run:
    """A live run that has failed."""
    nodes = {"all": ("build_audience", audience()), "more": ("enrichment", {"data": COUNT}), "end": ("end", {})}
    settings = {"on_error": on_error, "supervisors": supervisors}
    campaign = published(graph(nodes, "all>more", "more>end"), settings=settings, name="Spring\nmail")
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    engine.drop("datasets/purchases/1.parquet")
    return execution.run_to_end(run)


def write_all() -> None:
    letters.gather()
    for errand in letters.claim_due(timezone.now()):
        letters.write(errand)


def test_the_members_of_a_group_and_single_people_are_written_to_each_once(anna, ada, mark):
    run = failing({"groups": ["Approver"], "people": ["ada", "anna", "who is not here"]})
    for _worker in range(3):
        write_all()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["ada@example.org", "anna@example.org"]
    letter = mail.outbox[0]
    assert letter.subject == "[Orchcamp] Spring mail: A node failed"
    assert f"/campaigns/spring/runs/{run.pk}/" in letter.body
    assert "“More”" in letter.body
    assert "that you supervise" in letter.body
    assert Notice.objects.get().told == ["ada", "anna"]


def test_they_have_it_in_the_bell_too_and_choose_by_which_way_they_hear_of_it(anna, ada):
    NotificationPreference.objects.create(person=ada, kind="campaign_failed", bell=True, mail="never")
    failing({"people": ["anna", "ada"]})
    write_all()
    assert [letter.to for letter in mail.outbox] == [["anna@example.org"]]
    told = Notification.objects.filter(kind="campaign_failed", bell=True)
    assert sorted(told.values_list("person__username", flat=True)) == ["ada", "anna"]


def test_two_workers_that_look_at_once_do_not_both_write(anna):
    failing({"people": ["anna"]})
    letters.gather()
    now = timezone.now()
    first, second = letters.claim_due(now), letters.claim_due(now)
    assert (len(first), second) == (1, [])
    letters.write(first[0])
    letters.write(first[0])
    assert len(mail.outbox) == 1


def test_without_supervisors_nobody_is_written_to_and_the_notice_says_so():
    failing({})
    write_all()
    assert (mail.outbox, Notice.objects.get().told) == ([], [])


def test_a_supervisor_who_may_not_see_the_campaign_is_not_told_of_it(anna, mallory):
    failing({"people": ["anna", "mallory"]})
    write_all()
    assert [letter.to for letter in mail.outbox] == [["anna@example.org"]]
    assert Notice.objects.get().told == ["anna"]


def test_a_mail_server_that_is_away_breaks_nothing_and_is_told_after_three_attempts(anna, ada, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = ""
    run = failing({"people": ["anna"]})
    for attempt in range(3):
        write_all()
        assert Letter.objects.get().attempts == attempt + 1
        Letter.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    write_all()
    letter = Letter.objects.get()
    assert (letter.state, letter.attempts) == (S.FAILED, 3)
    assert "The mail to anna could not be handed over: EMAIL_URL is not set" in letter.problem
    assert run.log.filter(message=letter.problem).count() == 1
    client.force_login(ada)
    assert "could not be handed over" in client.get(reverse("campaigns:health")).text


def test_who_was_written_to_before_the_server_went_away_is_not_written_to_again(anna, ada):
    failing({"people": ["anna", "ada"]})
    letters.gather()
    Letter.objects.filter(person=ada).update(state=S.SENT)
    write_all()
    assert [letter.to for letter in mail.outbox] == [["anna@example.org"]]


def test_a_writer_that_was_lost_is_not_repeated_for_nobody_knows_what_went_out(anna):
    run = failing({"people": ["anna"]})
    letters.gather()
    letters.claim_due(timezone.now())
    Letter.objects.update(begun_at=timezone.now())
    assert letters.claim_due(timezone.now() + timedelta(hours=1)) == []
    assert Letter.objects.get().problem.startswith("The worker that wrote was lost")
    assert run.log.filter(message=Letter.objects.get().problem).exists()


def test_a_missed_launch_is_told_once(anna):
    campaign = make_campaign(status="live", settings={"supervisors": {"people": ["anna"]}})
    Launch.objects.create(
        campaign=campaign, slot=timezone.now(), status=Launch.Status.MISSED, reason="No worker was there."
    )
    standstill.tell()
    standstill.tell()
    write_all()
    (letter,) = mail.outbox
    assert "did not happen: No worker was there." in letter.body


def test_a_downtime_that_missed_many_launches_is_one_mail_and_the_next_one_another(anna):
    campaign = make_campaign(status="live", settings={"supervisors": {"people": ["anna"]}})

    def missed(*hours: int) -> None:
        facts = {"campaign": campaign, "status": Launch.Status.MISSED, "reason": "No worker was there."}
        Launch.objects.bulk_create([Launch(slot=timezone.now() - timedelta(hours=hour), **facts) for hour in hours])
        standstill.tell()
        standstill.tell()

    missed(5, 4, 3)
    write_all()
    missed(1)
    write_all()
    first, second = (letter.body for letter in mail.outbox)
    assert "3 launches did not happen, the last of them that of" in first
    assert "The launch of" in second and "launches" not in second


def test_a_run_that_stands_still_is_told_once_and_one_that_waits_for_people_is_not(anna):
    campaign = published(graph({"all": ("build_audience", audience()), "end": ("end", {})}, "all>end"),
                         settings={"supervisors": {"people": ["anna"]}})  # fmt: skip
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    assert standstill.stuck(timezone.now()) == []
    later = timezone.now() + timedelta(minutes=20)
    assert standstill.stuck(later) == [run]
    standstill.tell(later)
    standstill.tell(later)
    assert Notice.objects.get().kind == Notice.Kind.STUCK
    run.nodes.update(status="waiting", waiting_for="confirmation")
    assert standstill.stuck(later) == []


def test_the_scheduler_of_a_worker_gives_the_mails_to_the_queue(anna, django_capture_on_commit_callbacks):
    failing({"people": ["anna"]})
    with django_capture_on_commit_callbacks(execute=True):
        tasks.recover()
    assert [letter.to for letter in mail.outbox] == [["anna@example.org"]]


# --- The form ---------------------------------------------------------------------------------------------


def test_how_a_campaign_runs_is_set_on_a_page_of_its_own(client, mark, anna):
    campaign = make_campaign(owner=mark, settings={"on_error": "suspend", "later": 1})
    client.force_login(mark)
    address = reverse("campaigns:running", args=["spring"])
    assert "Nobody is written to when this campaign fails" in client.get(address).text
    group = Group.objects.get(profile__slug="approver").name
    given = {
        "on_error": "ignore", "consecutive_errors": "3", "groups": [group], "people": ["anna"], "max_minutes": "60",
        "history_days": "90", "keep_interim": "on", "error-mail": "abort", "minutes-mail": "10",
    }  # fmt: skip
    assert client.post(address, given).status_code == 302
    campaign.refresh_from_db()
    assert campaign.settings == {
        "on_error": "ignore", "consecutive_errors": 3, "supervisors": {"groups": [group], "people": ["anna"]},
        "keep_interim": True, "history_days": 90, "max_minutes": 60, "later": 1,
        "nodes": {"mail": {"on_error": "abort", "max_minutes": 10}},
    }  # fmt: skip
    page = client.get(address).text
    assert 'value="60"' in page and "Nobody is written to" not in page


def test_bad_numbers_get_a_sentence_and_nothing_is_saved(client, mark):
    campaign = make_campaign(owner=mark)
    client.force_login(mark)
    given = {"on_error": "ignore", "history_days": "0", "max_minutes": "x"}
    page = client.post(reverse("campaigns:running", args=["spring"]), given)
    assert page.status_code == 200
    assert "greater than or equal to 1" in page.text and "Enter a whole number" in page.text
    campaign.refresh_from_db()
    assert campaign.settings == {}


def test_settings_are_part_of_what_was_approved(client, mark):
    make_campaign(owner=mark, status=Campaign.Status.APPROVED)
    client.force_login(mark)
    page = client.post(reverse("campaigns:running", args=["spring"]), {"on_error": "abort"})
    assert "Only a draft can be changed" in page.text
    assert Campaign.objects.get().settings == {}
