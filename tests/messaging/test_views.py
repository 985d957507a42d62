"""Channels, suppression, proof addresses and the demo's mailbox, through the client."""

from __future__ import annotations

import smtplib

import pytest

from orchcamp.accounts.models import AuditEntry
from orchcamp.messaging import secrets, sink
from orchcamp.messaging.mime import Assembler
from orchcamp.messaging.models import ChannelConfiguration, SeedAddress, Suppression

TYPED = {
    "label": "Spring mail", "sender_name": "Shop", "sender_address": "shop@example.org", "host": "smtp.example.org",
    "port": "587", "security": "starttls", "username": "me", "password": "sesame open", "active": "on",
}  # fmt: skip


@pytest.fixture
def saved(client, ada) -> ChannelConfiguration:
    client.force_login(ada)
    assert client.post("/channels/new", TYPED).status_code == 302
    return ChannelConfiguration.objects.get()


def test_a_password_is_never_shown_again(client, saved):
    assert saved.slug == "spring-mail" and secrets.password(saved) == "sesame open"
    page = client.get("/channels/spring-mail/").content.decode()
    assert "sesame" not in page and saved.secret not in page and "One is stored" in page
    assert "sesame" not in str(AuditEntry.objects.values_list("facts", flat=True))


def test_an_empty_password_keeps_the_stored_one(client, saved):
    client.post("/channels/spring-mail/", TYPED | {"password": "", "label": "Other"})
    assert secrets.password(ChannelConfiguration.objects.get(label="Other")) == "sesame open"


def test_a_stored_password_does_not_move_to_another_server(client, saved):
    answer = client.post("/channels/spring-mail/", TYPED | {"password": "", "host": "evil.example"})
    assert answer.status_code == 200 and "type the password again" in answer.content.decode()
    assert ChannelConfiguration.objects.get().host == "smtp.example.org"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"security": "none"}, "encrypted connection"),
        ({"host": "a b"}, "name of a server"),
        ({"secret_variable": "ORCHCAMP_SECRET_KEY"}, "SMTP_PASSWORD"),
        ({"port": "99999"}, "65535"),
        ({"sender_address": "nobody"}, "valid email"),
        ({"sender_name": "a\x07b"}, "control characters"),
        ({"label": "!!!"}, "letter or digit"),
        ({"throttle": "0"}, "greater than or equal to 1"),
    ],
)
def test_bad_input_gets_a_sentence_and_saves_nothing(client, ada, change, sentence):
    client.force_login(ada)
    answer = client.post("/channels/new", TYPED | change)
    assert answer.status_code == 200 and sentence in answer.content.decode()
    assert not ChannelConfiguration.objects.exists()


def test_managers_look_and_viewers_do_not(client, saved, mark, vera):
    client.force_login(mark)
    page = client.get("/channels/spring-mail/").content.decode()
    assert "an administrator can change it" in page and 'type="password"' not in page
    assert client.post("/channels/spring-mail/", TYPED).status_code == 403
    assert client.post("/channels/spring-mail/check").status_code == 403
    assert client.get("/channels/new").status_code == 403
    client.force_login(vera)
    assert client.get("/channels/").status_code == 403
    assert client.get("/channels/spring-mail/").status_code == 404


def test_the_check_says_why_a_server_cannot_be_used(client, saved):
    ChannelConfiguration.objects.update(host="127.0.0.1", port=9169, security="none", username="")
    answer = client.post("/channels/spring-mail/check", headers={"hx-request": "true"})
    assert "127.0.0.1:9169 cannot be reached" in answer.content.decode()


def test_addresses_are_suppressed_found_and_let_go(client, ada):
    client.force_login(ada)
    for address in ("Ann@Example.org ", "@Spam.example"):
        assert client.post("/channels/suppression/", {"address": address, "note": "asked"}).status_code == 302
    assert set(Suppression.objects.values_list("address", flat=True)) == {"ann@example.org", "@spam.example"}
    for wrong in ("ann@example.org", "nobody", "@", ""):
        assert client.post("/channels/suppression/", {"address": wrong}).status_code == 200
    rows = client.get("/channels/suppression/?q=spam", headers={"hx-request": "true"}).content.decode()
    assert "@spam.example" in rows and "ann@" not in rows and "<html" not in rows
    client.post(f"/channels/suppression/{Suppression.objects.get(address='@spam.example').pk}/remove")
    assert Suppression.objects.count() == 1


def test_only_administrators_touch_the_suppression_list(client, mark):
    client.force_login(mark)
    assert client.get("/channels/suppression/").status_code == 403
    assert client.post("/channels/suppression/", {"address": "a@example.org"}).status_code == 403


def test_managers_keep_the_proof_addresses(client, mark):
    client.force_login(mark)
    client.post("/channels/seeds/", {"label": "Me", "address": "me@example.org"})
    seed = SeedAddress.objects.get()
    assert "me@example.org" in client.get("/channels/seeds/").content.decode()
    client.post("/channels/seeds/", {"remove": "x"})
    client.post("/channels/seeds/", {"remove": str(seed.pk)})
    assert not SeedAddress.objects.exists()


# --- The demo's mailbox -----------------------------------------------------------------------------------


@pytest.fixture
def mail_id(settings, client, mark) -> str:
    settings.DEMO = True
    client.force_login(mark)
    html = '<html><head><title>x</title></head><body><script>alert(1)</script><a href="https://a.example">a</a></body></html>'
    data = Assembler("Shop", "s@example.org").message(
        "0" * 32, "ann@example.org", "Grüße", html, "see https://a.example"
    )
    return sink.keep(data, "s@example.org", "ann@example.org")


def test_mails_are_listed_and_found(client, mail_id):
    sink.keep(b"Subject: other\r\n\r\nx", "s@example.org", "bob@example.org")
    page = client.get("/delivered/").content.decode()
    assert page.index("bob@example.org") < page.index("ann@example.org") and "Grüße" in page
    found = client.get("/delivered/?q=GRÜSSE").content.decode(), client.get("/delivered/?q=ANN").content.decode()
    assert "ann@example.org" in found[1] and "bob@example.org" not in found[1]


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(client, mail_id):
    assert f"/delivered/{mail_id}/body" in client.get(f"/delivered/{mail_id}/").content.decode()
    body = client.get(f"/delivered/{mail_id}/body")
    policy = body["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox allow-popups" in policy and "allow-scripts" not in policy
    assert body["X-Frame-Options"] == "SAMEORIGIN" and '<base target="_blank">' in body.content.decode()
    assert 'href="https://a.example"' in client.get(f"/delivered/{mail_id}/?show=text").content.decode()
    assert "List-Unsubscribe" not in client.get(f"/delivered/{mail_id}/?show=headers").content.decode()


@pytest.mark.parametrize("id", ["nope", "..%2f..%2fkeys", "0" * 20 + "-" + "0" * 8])
def test_a_mail_that_is_not_there_is_not_found(client, mail_id, id):
    assert client.get(f"/delivered/{id}/").status_code == 404


def test_outside_the_demo_and_without_personal_data_there_is_no_mailbox(client, mail_id, settings, mallory, vera):
    settings.DEMO = False
    for address in ("/delivered/", f"/delivered/{mail_id}/", f"/delivered/{mail_id}/body"):
        assert client.get(address).status_code == 404
    settings.DEMO = True
    for person in (mallory, vera):
        client.force_login(person)
        assert client.get("/delivered/").status_code == 403
        assert client.get(f"/delivered/{mail_id}/body").status_code == 403


def test_the_sink_keeps_refuses_and_puts_off(settings, data_dir):
    settings.SINK_PORT = 9165
    controller = sink.controller()
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", 9165, timeout=10) as server:
            message = "Subject: x\r\n\r\nhello\r\n"
            server.sendmail("s@example.org", "ann@example.org", message)
            for address, code in [
                ("a+bounce@example.org", 550),
                ("a+defer@example.org", 451),
                ("a+defer@example.org", 451),
            ]:
                with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                    server.sendmail("s@example.org", address, message)
                assert refused.value.recipients[address][0] == code
            server.sendmail("s@example.org", "a+defer@example.org", message)
    finally:
        controller.stop()
    assert [mail.recipient for mail in sink.mails()] == ["a+defer@example.org", "ann@example.org"]
