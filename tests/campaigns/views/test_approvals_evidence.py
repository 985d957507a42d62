"""The evidence pack: everything about one request in one file that refers to nothing, masked for who may not see."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import lifecycle
from campaigns.approvals import requests
from campaigns.models import Approval, Campaign
from orchcamp.accounts.models import AuditEntry
from tests.campaigns.builders import simple_graph
from tests.campaigns.desk_stage import ask, make_stage, policy, stage
from tests.conftest import person

BODY = (
    '<style>p{background:url(https://cdn.example/a.png)}</style><p style="color:#112233">Hello {{ name }}</p>'
    '<a href="https://shop.example/buy">Buy</a><img src="https://cdn.example/p.png" alt="A shoe"><script>alert(1)</script>'
)


@pytest.fixture
def otto(db):
    return person("otto", "approver")


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark, simple_graph(body=BODY))


def pack(user, approval: Approval):
    client = Client()
    client.force_login(user)
    return client.get(reverse("campaigns:evidence", args=[approval.pk]))


def read(user, approval: Approval) -> str:
    return " ".join(pack(user, approval).content.decode().split())


class References(HTMLParser):
    """Whatever a browser would fetch or open."""

    LOADING = ("src", "href", "srcset", "data", "action", "background", "poster", "formaction", "xlink:href")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in self.LOADING]
        self.found += [f"{tag} {name}" for name, value in attrs if name.startswith("on")]
        self.found += [f"{tag} style={value}" for name, value in attrs if name == "style" and "url" in (value or "")]


def test_it_refers_to_nothing_and_runs_nothing(campaign, mark, anna):
    asked = ask(campaign, mark)
    html = pack(anna, asked).content.decode()
    found = References(html)
    assert found.found == []
    assert not found.tags & {"script", "link", "iframe", "img", "object", "embed", "form", "base", "video", "audio"}
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    assert "url(" not in styles and "@import" not in styles and html.count("<style") == 1
    assert "default-src 'none'" in html


def test_it_is_a_file_to_keep_whose_taking_is_recorded(campaign, mark, anna):
    asked = ask(campaign, mark)
    response = pack(anna, asked)
    name = f"evidence-spring-version-1-request-{asked.pk}.html"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    entry = AuditEntry.objects.get(verb="downloaded evidence")
    assert entry.actor == anna and entry.facts == {"approval": asked.pk, "version": 1, "personal": True}


def test_it_has_everything_that_was_asked_shown_and_decided(campaign, mark, anna, otto):
    policy("Legal", stage(anna, facets=["content"]), stage(otto, facets=["audience"]))
    first = ask(campaign, mark, "The first try")
    requests.approve(first, by=anna, message="By the law")
    requests.delegate(first, by=otto, to=anna)
    requests.take_back(first, by=otto)
    requests.approve(first, by=otto, message="Enough people")
    requests.approve(first, by=anna, message="The date is good") if first.status == "waiting" else None
    shown = read(anna, first)
    for words in ("Spring mail", "version 1", "The first try", "Mark", "Legal", "By the law", "Enough people",
                  "Would be sent", "No consent", "Hello Ann", "A shoe", "Buy", "Shortest", "submitted", "signed",
                  "No earlier version of this campaign was approved.", "Snapshots read",
                  *first.hashes.values()):  # fmt: skip
        assert words in shown, words
    assert f"Run {first.test_run_id}" in shown


def test_it_tells_what_differs_from_the_last_approved_version(campaign, mark, anna):
    lifecycle.approve(ask(campaign, mark), by=anna)
    campaign.refresh_from_db()
    lifecycle.edit_again(campaign, by=mark)
    draft = campaign.draft()
    draft.document["nodes"]["mail"]["settings"]["subject"] = "Good evening {{ name }}"
    draft.save()
    shown = read(anna, ask(campaign, mark))
    assert "Compared with version 1, approved by Anna on" in shown
    assert "<del>Hello</del>" in shown and "<ins>Good evening</ins>" in shown


def test_a_sent_back_request_says_by_whom_and_why(campaign, mark, anna):
    asked = ask(campaign, mark)
    requests.send_back(asked, by=anna, message="Shorter, please")
    shown = read(mark, asked)
    assert "Sent back" in shown and "Anna" in shown and "Shorter, please" in shown


def test_who_may_not_see_personal_data_gets_it_masked(campaign, mark, vera):
    asked = ask(campaign, mark)
    shown = read(vera, asked)
    assert "Personal values are hidden" in shown
    assert "Hello Ann" not in shown and "ann@" not in shown and "Hello •••" in shown


def test_who_may_not_see_the_campaign_gets_none(campaign, mark, mallory):
    assert pack(mallory, ask(campaign, mark)).status_code == 404


def test_a_request_from_before_policies_has_a_pack_too(campaign, mark, anna):
    asked = ask(campaign, mark)
    asked.requirements.all().delete()
    Approval.objects.filter(pk=asked.pk).update(hashes={}, test_run=None)
    asked = Approval.objects.get(pk=asked.pk)
    shown = read(anna, asked)
    assert "No policy was asked" in shown and "Asked before facets were signed apart." in shown


def test_what_people_wrote_stands_in_it_as_text(campaign, mark, anna):
    asked = ask(campaign, mark, '<img src=x onerror="alert(1)">')
    requests.send_back(asked, by=anna, message="</td><script>alert(2)</script>")
    found = References(pack(anna, asked).content.decode())
    assert found.found == [] and "script" not in found.tags
