"""Letters: gathered once, handed over at most once by any number of workers, and what failed is seen."""

from __future__ import annotations

import smtplib
from datetime import timedelta

from django.core import mail
from django.utils import timezone

from orchcamp.accounts.models import Letter, Notification, User
from orchcamp.accounts.notifying import tell
from orchcamp.accounts.telling import letters

S, P = Letter.State, Notification.Plan


def say(people, key="1", sentence="The node “More” failed.", **more):
    tell(people, "campaign_failed", sentence, address="/campaigns/spring/", key=key, **more)


def write_all(now=None) -> None:
    letters.gather()
    for errand in letters.claim_due(now or timezone.now()):
        letters.write(errand)


def test_a_mail_says_what_happened_where_to_look_and_where_to_choose(anna, settings):
    settings.BASE_URL = "https://orch.example.org"
    say([anna], title="Spring: a node failed\n")
    write_all()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["anna@example.org"], "[Orchcamp] Spring: a node failed")
    for part in ("The node “More” failed.", "https://orch.example.org/campaigns/spring/"):
        assert part in letter.body and part in letter.alternatives[0].content
    assert "https://orch.example.org/account/notifications" in letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert (anna.notifications.get().mail, Letter.objects.get().state) == (P.GATHERED, S.SENT)


def test_what_came_together_is_one_letter_a_person(anna, mark):
    for number in "12":
        say([anna, mark], key=number, sentence=f"Event {number}.")
    write_all()
    write_all()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["anna@example.org", "mark@example.org"]
    assert all(letter.subject == "[Orchcamp] 2 notifications" for letter in mail.outbox)
    assert all("Event 1." in letter.body and "Event 2." in letter.body for letter in mail.outbox)


def test_html_in_a_sentence_stays_text(anna):
    say([anna], sentence="“<b>Spring</b>” & more failed.")
    write_all()
    assert "“<b>Spring</b>” & more" in mail.outbox[0].body
    assert "&lt;b&gt;Spring&lt;/b&gt;" in mail.outbox[0].alternatives[0].content


def test_an_errand_that_the_queue_repeats_writes_nothing_again(anna):
    say([anna])
    letters.gather()
    (errand,) = letters.claim_due(timezone.now())
    for _again in range(3):
        letters.write(errand)
    assert len(mail.outbox) == 1


def test_two_workers_that_look_at_the_same_time_are_not_given_the_same(anna, mark):
    say([anna, mark])
    now = timezone.now()
    assert (letters.gather(), letters.gather()) == (2, 0)
    first, second = letters.claim_due(now), letters.claim_due(now)
    assert (len(first), second) == (1, [])


def test_who_has_left_in_the_meantime_or_has_no_address_is_left_out_and_it_says_so(anna, mark):
    say([anna, mark])
    User.objects.filter(pk=anna.pk).update(is_active=False)
    User.objects.filter(pk=mark.pk).update(email="")
    write_all()
    assert not mail.outbox
    assert {letter.state for letter in Letter.objects.all()} == {S.LEFT_OUT}
    assert "no e-mail address" in Letter.objects.first().problem


def test_a_server_that_is_away_is_tried_three_times_and_then_it_is_shown(anna, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = ""
    say([anna])
    now = timezone.now()
    for attempt in range(3):
        write_all(now + attempt * timedelta(minutes=6))
    letter = Letter.objects.get()
    assert (letter.state, letter.attempts) == (S.FAILED, 3)
    assert "The mail to anna could not be handed over: EMAIL_URL is not set" in letter.problem
    assert letters.unwritten(10) == [letter]


def test_a_letter_that_was_begun_and_not_answered_is_in_doubt_and_not_written_again(anna):
    say([anna])
    letters.gather()
    now = timezone.now()
    letters.claim_due(now)
    Letter.objects.update(begun_at=now)
    assert letters.claim_due(now + timedelta(hours=1)) == []
    assert Letter.objects.get().state == S.DOUBT
    assert Letter.objects.get().problem.startswith("The worker that wrote was lost")


def test_a_letter_that_was_claimed_but_not_begun_is_given_to_another_worker(anna):
    say([anna])
    letters.gather()
    now = timezone.now()
    (lost,) = letters.claim_due(now)
    (errand,) = letters.claim_due(now + timedelta(hours=1))
    letters.write(errand)
    letters.write(lost)  # the first one wakes up after all
    assert len(mail.outbox) == 1


def test_a_server_that_goes_away_with_the_mail_in_its_hands_leaves_it_in_doubt(anna, mark, monkeypatch):
    say([anna, mark])

    def gone(self, messages):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", gone)
    write_all()
    assert [letter.state for letter in Letter.objects.all()] == [S.DOUBT, S.DOUBT]
    assert "may have gone out" in Letter.objects.first().problem


def test_an_address_that_the_server_refuses_keeps_nobody_else_out(anna, mark, monkeypatch):
    say([anna, mark])
    send = mail.backends.locmem.EmailBackend.send_messages

    def picky(self, messages):
        if messages[0].to == ["anna@example.org"]:
            raise smtplib.SMTPRecipientsRefused({"anna@example.org": (550, b"no")})
        return send(self, messages)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", picky)
    write_all()
    assert [letter.to for letter in mail.outbox] == [["mark@example.org"]]
    assert Letter.objects.get(person=anna).state == S.WAITING
