"""Where messages go: the configuration's own server, or the one of EMAIL_URL."""

from __future__ import annotations

import pytest

from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.messaging.transports import Unreachable
from orchcamp.messaging.transports.server import Server, from_url, server_of


def configuration(**given) -> ChannelConfiguration:
    return ChannelConfiguration(slug="news", label="News", sender_address="news@example.org", **given)


def test_a_configuration_goes_before_the_environment(settings):
    settings.EMAIL_URL = "smtp://elsewhere.example"
    own = configuration(host="mail.example.org", port=2525, security="none")
    assert server_of(own) == Server("mail.example.org", 2525, "none")


def test_an_empty_server_is_the_one_of_the_environment(settings):
    settings.EMAIL_URL = "smtp+tls://ann%40example.org:p%3Aw@mail.example.org"
    assert server_of(configuration(host="")) == Server("mail.example.org", 587, "starttls", "ann@example.org", "p:w")


def test_without_either_the_sentence_names_both(settings):
    settings.EMAIL_URL = ""
    with pytest.raises(Unreachable, match="“News” names no server, and EMAIL_URL is not set"):
        server_of(configuration(host=""))


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:port", "smtp://[::1"]
)
def test_an_address_that_cannot_be_read_is_refused_without_showing_it(url):
    with pytest.raises(Unreachable, match=r"^EMAIL_URL cannot be read; write it as smtp\+tls://"):
        from_url(url)


def test_a_password_is_not_in_what_people_read():
    server = from_url("smtps://ann:secret@mail.example.org")
    assert "secret" not in repr(server) + str(server)
    assert server.port == 465
