"""The bell, the page behind it, and what each person chooses to hear of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orchcamp.accounts import notifying
from orchcamp.accounts.models import AuditEntry, DigestTime, Letter, Notification, NotificationPreference
from orchcamp.accounts.notifying import tell
from orchcamp.accounts.telling import bell

LIST, BELL, COUNT, CHOOSE = "/notifications", "/notifications/bell", "/notifications/count", "/account/notifications"
HTMX = {"HX-Request": "true"}


def say(people, key="1", kind="campaign_state", sentence="“Spring” is live."):
    tell(people, kind, sentence, address="/campaigns/spring/", key=key)
    return Notification.objects.filter(key=key).first()


@pytest.fixture
def as_anna(client, anna):
    client.force_login(anna)
    return client


def test_the_bell_of_every_page_says_how_much_is_unread(as_anna, anna):
    say([anna], "1")
    say([anna], "2")
    page = as_anna.get(reverse("accounts:account")).text
    assert 'id="bell-count"' in page and "2 unread" in page


def test_the_page_costs_as_many_queries_for_a_page_of_rows_as_for_none(as_anna, anna, django_assert_max_num_queries):
    as_anna.get(LIST)
    with django_assert_max_num_queries(9):
        as_anna.get(LIST)
    for number in range(30):
        say([anna], str(number))
    with django_assert_max_num_queries(9):
        as_anna.get(LIST)


def test_the_number_comes_with_those_of_the_menu(as_anna, anna):
    say([anna])
    as_anna.get(reverse("accounts:account"))
    with CaptureQueriesContext(connection) as queries:
        as_anna.get(reverse("accounts:account"))
    assert sum("accounts_notification" in query["sql"] for query in queries) == 1


def test_the_number_is_sent_again_only_when_it_has_changed(as_anna, anna):
    assert as_anna.get(COUNT, {"shown": "0"}, headers=HTMX).status_code == 204
    say([anna])
    answer = as_anna.get(COUNT, {"shown": "0"}, headers=HTMX)
    assert answer.status_code == 200 and "shown=1" in answer.text


def test_following_one_makes_it_read_and_leads_to_its_page(as_anna, anna):
    told = say([anna])
    answer = as_anna.get(f"{LIST}/{told.pk}")
    assert (answer.status_code, answer["Location"]) == (302, "/campaigns/spring/")
    assert bell.unread(anna) == 0


def test_what_others_were_told_is_not_here(as_anna, anna, mark):
    told = say([mark], sentence="For Mark alone.")
    assert "For Mark alone" not in as_anna.get(LIST).text + as_anna.get(BELL).text
    assert as_anna.get(f"{LIST}/{told.pk}").status_code == 404
    assert as_anna.post(f"{LIST}/{told.pk}/read").status_code == 404
    as_anna.post(f"{LIST}/read")
    assert bell.unread(mark) == 1


def test_the_list_is_narrowed_by_kind_and_by_what_is_read(as_anna, anna):
    say([anna], "1", sentence="Spring is live.")
    say([anna], "2", kind="mention", sentence="Mark names you.")
    assert "Spring is live" not in as_anna.get(LIST, {"kind": "mention"}).text
    Notification.objects.filter(key="1").update(read_at=timezone.now())
    unread = as_anna.get(LIST, {"state": "unread"}, headers=HTMX).text
    assert "Mark names you" in unread and "Spring is live" not in unread and "<html" not in unread
    assert "Nothing matches" in as_anna.get(LIST, {"kind": "mention", "state": "read"}).text
    assert "Mark names you" in as_anna.get(LIST, {"kind": "nonsense", "state": "odd", "page": "x"}).text


def test_one_is_marked_read_and_unread_again(as_anna, anna):
    told = say([anna])
    answer = as_anna.post(f"{LIST}/{told.pk}/read", {"read": "1"}, headers=HTMX)
    assert "Mark as unread" in answer.text and "notifications-changed" in answer["HX-Trigger"]
    assert "Mark as read" in as_anna.post(f"{LIST}/{told.pk}/read", {"read": "0"}, headers=HTMX).text
    assert bell.unread(anna) == 1
    assert as_anna.post(f"{LIST}/{told.pk}/read").status_code == 302


def test_all_or_all_of_a_kind_are_marked_as_read(as_anna, anna):
    say([anna], "1")
    say([anna], "2", kind="mention")
    as_anna.post(f"{LIST}/read", {"kind": "mention"}, headers=HTMX)
    assert bell.unread(anna) == 1
    assert "Mark all" not in as_anna.post(f"{LIST}/read", {"where": "bell"}, headers=HTMX).text
    assert bell.unread(anna) == 0
    say([anna], "3")
    assert "1 notification is read now" in as_anna.post(f"{LIST}/read", follow=True).text


def test_how_a_notification_goes_by_mail_is_said(as_anna, anna):
    told = say([anna])
    assert "In the next digest" in as_anna.get(LIST).text
    letter = Letter.objects.create(person=anna, state=Letter.State.FAILED)
    Notification.objects.filter(pk=told.pk).update(mail="gathered", letter=letter)
    assert "By mail: could not be written" in as_anna.get(LIST).text


# --- What one chooses ---------------------------------------------------------------------------------------


def choices(**changed) -> dict[str, str]:
    given = {"days": "daily", "hour": "8", "zone": "UTC"}
    for slug, kind in notifying.KINDS.items():
        given |= {f"bell-{slug}": "on", f"mail-{slug}": str(kind.mail)}
    return given | changed


def test_a_person_chooses_for_each_kind_and_when_the_digest_comes(as_anna, anna):
    given = choices(**{"mail-mention": "never", "hour": "17", "zone": "Europe/Berlin", "days": "weekdays"})
    del given["bell-comment"]
    assert as_anna.post(CHOOSE, given).status_code == 302
    assert NotificationPreference.objects.get(person=anna, kind="mention").mail == "never"
    assert not NotificationPreference.objects.get(person=anna, kind="comment").bell
    when = DigestTime.objects.get(person=anna)
    assert (when.hour, when.zone, when.days) == (17, "Europe/Berlin", "weekdays")
    entry = AuditEntry.objects.get(verb="changed notifications")
    assert set(entry.facts["changes"]) == {"mention", "comment", "hour", "zone", "days"}
    as_anna.post(CHOOSE, given)
    assert AuditEntry.objects.filter(verb="changed notifications").count() == 1
    assert NotificationPreference.objects.filter(person=anna).count() == len(notifying.KINDS)


def test_a_kind_out_of_the_bell_and_without_mail_is_in_no_list(as_anna, anna):
    NotificationPreference.objects.create(person=anna, kind="comment", bell=False, mail="never")
    say([anna], kind="comment", sentence="Quiet.")
    assert "Quiet." not in as_anna.get(LIST).text
    assert bell.unread(anna) == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [("hour", "24", "24 is not one of"), ("zone", "Mars/Base", "Mars/Base is not one of"), ("mail-mention", "often", "often is not one of")],
)  # fmt: skip
def test_what_cannot_be_chosen_gets_a_sentence_and_nothing_is_saved(as_anna, name, value, sentence):
    page = as_anna.post(CHOOSE, choices(**{name: value}))
    assert page.status_code == 200
    assert sentence in page.text and "Nothing was saved" in page.text
    assert not NotificationPreference.objects.exists()


def test_who_has_no_address_is_told_that_nothing_is_written(as_anna, anna):
    assert "You have no e-mail address" not in as_anna.get(CHOOSE).text
    anna.email = ""
    anna.save()
    assert "You have no e-mail address" in as_anna.get(CHOOSE).text


# --- Retention ----------------------------------------------------------------------------------------------


def test_what_was_read_long_ago_goes_and_what_still_waits_for_a_mail_stays(anna):
    long, longer = timezone.now() - timedelta(days=91), timezone.now() - timedelta(days=366)
    kept = {"unread": (long, None), "waits": (longer, None), "new": (timezone.now(), timezone.now())}
    gone = {"read": (long, timezone.now()), "old": (longer, None)}
    letter = Letter.objects.create(person=anna, state=Letter.State.SENT, at=long)
    for key, (at, read) in (kept | gone).items():
        say([anna], key)
        mail = "digest" if key == "waits" else "gathered"
        letter_of = letter if key == "read" else None
        Notification.objects.filter(key=key).update(at=at, read_at=read, mail=mail, letter=letter_of)
    assert bell.forget(timezone.now(), dry=True) == 2
    assert Letter.objects.exists()
    assert bell.forget(timezone.now()) == 2
    assert set(Notification.objects.values_list("key", flat=True)) == set(kept)
    assert not Letter.objects.exists()
