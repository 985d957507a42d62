"""What recipients follow: signed, public, and no use to anybody else."""

from __future__ import annotations

import re
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchcamp.datasets import engine
from orchcamp.messaging import tracking
from orchcamp.messaging.models import ChannelConfiguration, Consent, Delivery, TrackingEvent

ID = "0123456789abcdef0123456789abcdef"
URL = "https://shop.example/a?b=1&c=é#d"


@pytest.fixture
def delivery(db) -> Delivery:
    configuration = ChannelConfiguration.objects.create(
        slug="n", label="N", sender_name="S", sender_address="s@shop.example", host="h"
    )
    import ibis

    engine.write(ibis.memtable(pa.table({"message_id": [ID], "address": ["Ann@Example.org"]})), "runs/1/n1/plan")
    return Delivery.objects.create(
        reference="1-n1", campaign="c", label="l", channel="email", configuration=configuration, plan="runs/1/n1/plan"
    )


def path(address: str) -> str:
    return address.removeprefix("http://127.0.0.1:8000")


@pytest.fixture
def tracker(delivery) -> tracking.Tracker:
    return tracking.Tracker(delivery.pk)


def test_links_lead_through_us_and_on_to_where_they_led(client, tracker):
    html = tracker.with_links(
        f"""<a class=b href="{URL.replace("&", "&amp;")}">x</a><A HREF='http://two.example'>y</A>
        <a href="mailto:x@y.z">m</a><a href="#top">t</a><a href="javascript:alert(1)">j</a>""",
        ID,
    )
    addresses = re.findall(r'"(http://127.0.0.1:8000/t/c/[^"]+)"', html)
    assert len(addresses) == 2 and "mailto:x@y.z" in html and 'href="#top"' in html
    answers = [client.get(path(address)) for address in addresses]
    assert [(a.status_code, a["Location"]) for a in answers] == [
        (302, URL.replace("é", "%C3%A9")),
        (302, "http://two.example"),
    ]
    assert [e.url for e in TrackingEvent.objects.order_by("pk")] == [URL, "http://two.example"]


def test_our_own_links_are_not_wrapped_again(tracker):
    own = f'<a href="{tracker.unsubscribe(ID)}">leave</a>'
    assert tracker.with_links(own, ID) == own


def test_a_bent_link_is_a_page_and_never_a_redirect(client, tracker):
    good = path(tracker.click(ID, URL))
    token, _, query = good.partition("?u=")
    for bent in (
        f"{token}?u=https%3A%2F%2Fevil.example", f"{token}", f"{token}?u=", f"{token}x?u={query}", f"{token[:-1]}?u={query}",
        f"/t/c/{tracking.token(tracking.OPEN, 1, ID, URL)}?u={query}", "/t/c/%00%ff?u=x", "/t/c/" + "A" * 3000 + "?u=x",
        "/t/c/é?u=x",
    ):  # fmt: skip
        answer = client.get(bent)
        assert answer.status_code == 404 and "Location" not in answer, bent
    assert not TrackingEvent.objects.exists()


def test_the_pixel_counts_and_a_look_by_head_does_not(client, tracker):
    html = tracker.with_pixel("<body>x</body>", ID)
    address = path(re.search(r'src="([^"]+)"', html)[1])
    assert html.endswith("</body>")
    assert client.head(address).status_code == 200
    answer = client.get(address, headers={"user-agent": "x" * 500})
    assert answer["Content-Type"] == "image/gif" and "no-store" in answer["Cache-Control"]
    event = TrackingEvent.objects.get()
    assert (event.kind, event.message_id, len(event.agent)) == ("open", ID, 200)
    assert client.get(address.replace("/o/", "/o/x")).status_code == 404


def test_unsubscribing_asks_first_and_counts_at_once(client, tracker, delivery):
    address = path(tracker.unsubscribe(ID))
    assert "Ann@Example.org" in client.get(address).content.decode()
    assert not Consent.objects.exists()  # a scanner that follows links changes nothing
    assert "unsubscribed" in client.post(address, {"confirm": "yes"}).content.decode()
    word = Consent.objects.get()
    assert (word.address, word.granted, word.delivery) == ("ann@example.org", False, delivery)
    assert TrackingEvent.objects.get().kind == "unsubscribe"


def test_one_click_needs_no_session_and_no_token_of_ours_and_twice_is_once(tracker, delivery):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = strict.post(path(tracker.unsubscribe(ID)), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert Consent.objects.get().source == "one-click" and TrackingEvent.objects.count() == 1


def test_an_unsubscribe_link_of_another_message_or_a_cleared_plan_changes_nothing(client, tracker, delivery):
    assert client.post("/t/u/" + "x" * 50).status_code == 404
    assert client.post(path(tracker.unsubscribe("f" * 32))).status_code == 410
    engine.drop(delivery.plan)
    answer = client.post(path(tracker.unsubscribe(ID)))
    assert answer.status_code == 410 and "s@shop.example" in answer.content.decode()
    assert client.get(path(tracking.Tracker(0).unsubscribe(ID))).status_code == 200  # a proof
    assert not Consent.objects.exists()


def test_links_of_before_a_change_of_the_secret_key_still_work(settings, tracker):
    token = tracking.token(tracking.OPEN, 1, ID)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "new"
    assert tracking.read(tracking.OPEN, token) == tracking.Token(1, ID)
    settings.SECRET_KEY_FALLBACKS = []
    assert tracking.read(tracking.OPEN, token) is None


@given(st.text(max_size=100))
def test_garbage_is_no_token(text):
    assert tracking.read(tracking.CLICK, text, text) is None


@pytest.mark.parametrize("piece", ["<a ", "<a href=", "<a href='", "<a href ", "<area x='"])
def test_links_that_never_end_do_not_hold_a_worker(piece):
    began = time.process_time()
    html = piece * 50_000
    assert tracking.Tracker(1).with_links(html, "0" * 32) == html
    assert time.process_time() - began < 2
