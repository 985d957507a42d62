"""The transport against a real server in another process."""

from __future__ import annotations

import pytest

from orchcamp.messaging import secrets
from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.messaging.transports import Sealed, Unreachable
from orchcamp.messaging.transports.smtp import Smtp
from tests.messaging.smtp_server import received, running

PORT = 9160


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    path = tmp_path_factory.mktemp("smtp") / "received"
    with running(PORT, path):
        yield path


@pytest.fixture
def server(box):
    box.write_text("")
    return box


def configuration(**given) -> ChannelConfiguration:
    return ChannelConfiguration(**{"label": "News", "host": "127.0.0.1", "port": PORT, "security": "none"} | given)


@pytest.fixture
def transport(server):
    opened = Smtp(configuration())
    yield opened
    opened.close()


def send(transport, recipient, data=b"Subject: x\r\n\r\nhello\r\n"):
    begun = []
    return transport.send("news@example.org", recipient, data, lambda: begun.append(True)), bool(begun)


@pytest.mark.parametrize(
    ("recipient", "code", "begun"),
    [
        ("a@example.org", 250, True),
        ("a+bounce@example.org", 550, False),
        ("a+defer@example.org", 451, False),
        ("a+spam@example.org", 554, True),
        ("a+later@example.org", 451, True),
    ],
)
def test_the_servers_word_is_the_reply(transport, recipient, code, begun):
    reply, was_begun = send(transport, recipient)
    assert (reply.code, was_begun) == (code, begun)
    assert reply.accepted == (code == 250) and reply.refused == (code >= 500) and not reply.lost
    assert send(transport, "next@example.org")[0].accepted  # the connection goes on


def test_a_server_that_takes_the_text_and_hangs_up_leaves_a_doubt(transport, server):
    reply, begun = send(transport, "a+mute@example.org")
    assert begun and reply.lost and not reply.accepted and not reply.refused
    assert received(server)["a+mute@example.org"] == 1
    assert send(transport, "b@example.org")[0].accepted


def test_a_server_that_hangs_up_before_the_text_leaves_none(transport, server):
    reply, begun = send(transport, "a+early@example.org")
    assert not begun and not reply.lost and reply.code == 0 and not reply.accepted
    assert received(server) == {}


def test_dots_at_the_start_of_lines_arrive_as_they_were(transport):
    assert send(transport, "a@example.org", b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\n")[0].accepted
    assert send(transport, "b@example.org")[0].accepted


def test_a_refused_sender_is_no_fault_of_the_recipients(transport):
    with pytest.raises(Unreachable, match=r"refused the sender forbidden@example.org: 550"):
        transport.send("forbidden@example.org", "a@example.org", b"x\r\n")
    assert send(transport, "a@example.org")[0].accepted


@pytest.mark.parametrize("recipient", ["a@example.org>\r\nRCPT TO:<b@example.org", "a b@example.org", "é@example.org"])
def test_no_command_can_be_smuggled_in(transport, server, recipient):
    with pytest.raises(ValueError, match="is no address"):
        send(transport, recipient)
    assert received(server) == {}


def test_the_sealed_transport_reaches_seed_addresses_only(transport, server):
    sealed = Sealed(transport, ["Seed@example.org"])
    assert sealed.send("n@example.org", "customer@example.org", b"x\r\n").refused
    assert sealed.send("n@example.org", "seed@example.org", b"x\r\n").accepted
    assert received(server) == {"seed@example.org": 1}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"port": 9169}, "127.0.0.1:9169 cannot be reached"),
        ({"security": "starttls"}, "does not offer"),
        ({"username": "me", "secret_variable": "NOT_SET_ANYWHERE"}, "environment variable NOT_SET_ANYWHERE"),
        ({"host": "no-such-host.invalid"}, "cannot be reached"),
    ],
)
def test_a_server_that_cannot_be_used_gets_a_sentence(server, given, sentence):
    with pytest.raises(Unreachable, match=sentence):
        Smtp(configuration(**given)).check()


def test_the_check_says_what_the_server_said(server):
    assert Smtp(configuration()).check() == "ok"


def test_a_password_is_kept_encrypted(data_dir, monkeypatch):
    kept = configuration(secret=secrets.encrypted("sesame"))
    assert "sesame" not in kept.secret and secrets.password(kept) == "sesame"
    assert (data_dir / "keys" / "channels").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("SMTP_PASSWORD", "from outside")
    kept.secret_variable = "SMTP_PASSWORD"
    assert secrets.password(kept) == "from outside"
    (data_dir / "keys" / "channels").unlink()
    kept.secret_variable = ""
    with pytest.raises(Unreachable, match="type it in again"):
        secrets.password(kept)
