"""What cannot be used on a page says why, wherever it stands; and personal data are masked for those who may not see them.

Every address of the table of ``tests/test_access.py`` is walked, as a viewer and as a manager.
"""

from __future__ import annotations

import re

import pytest

from campaigns.models import Campaign
from tests.test_access import TABLE, WHO, address_of, ask, data_dir, people, stage, things  # noqa: F401 - fixtures

PAGES = [name for name, route in TABLE.items() if route.get not in {"-", "token", "public"}]
TAG = re.compile(r"<(?:button|a|span|fieldset|input|select)\b[^>]*?>")
OFF = re.compile(r'aria-disabled="true"|\sdisabled(?=[\s>])')
SAID = re.compile(r'(?:title="[^"]{10,}"|aria-describedby="([^"]+)")')
WAITS = ("data-travel=", 'type="hidden"', "<input", "<select")  # undo of what is typed; fields of what says it itself
FRAGMENT = {"HTTP_HX_REQUEST": "true"}


def silent(page: str) -> list[str]:
    """The controls of a page that cannot be used and do not say why."""
    found = []
    for tag in TAG.findall(page):
        if not OFF.search(tag) or any(mark in tag for mark in WAITS):
            continue
        said = SAID.search(tag)
        if not said or (said[1] and not all(f'id="{id}"' in page for id in said[1].split())):
            found.append(tag)
    return found


@pytest.mark.parametrize("status", ["draft", "live"])
@pytest.mark.parametrize("name", PAGES)
def test_every_control_that_cannot_be_used_says_why(name, status, things, people, settings):  # noqa: F811
    settings.DEMO = True
    Campaign.objects.filter(slug="spring").update(status=status)
    address = address_of(name, things)
    for who in ("vera", "mark"):
        if who in WHO[TABLE[name].get]:
            for headers in ({}, FRAGMENT):
                response, _written = ask(people[who], "get", address, {}, **headers)
                assert not silent(response.text_of_page), f"{who} at {address}"


def test_a_viewer_is_told_which_right_is_missing_and_who_gives_it(things, people, settings):  # noqa: F811
    told = (
        'title="You need the right “create campaigns”, which these profiles have: Administrator, Approver or Manager. '
    )
    response, _written = ask(people["vera"], "get", "/campaigns/", {})
    assert f"{told}Ada can give it." in response.text_of_page
