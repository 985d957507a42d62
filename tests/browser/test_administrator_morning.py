"""An administrator's morning: people come, get what they may do, are looked after, and all of it stands in the trail."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page, expect

from campaigns.models import Beat, Campaign
from orchcamp.accounts.door import codes
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests import access_stage
from tests.accounts.one_time_codes import code
from tests.browser.eye import Eye

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]
PEOPLE = """username,email,first_name,last_name,profiles,groups,active
nina,nina@example.org,Nina,Berg,,Paris team,yes
omar,omar@example.org,Omar,Diaz,Viewer,Paris team,yes
pia,not an address,Pia,Holm,Viewer,,yes
"""
PASSWORD = "longer and better"  # noqa: S105


def shot(page: Page, name: str) -> None:
    """Pictures for whoever looks: wide and narrow, light and dark."""
    folder = os.environ.get("ORCHCAMP_PICTURES")
    if not folder:
        return
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(200)
            page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_administrator_s_morning(page: Page, live_server, browser: Browser, problems, ada, mark, settings, tmp_path):
    settings.BASE_URL = live_server.url
    settings.REQUIRE_TWO_FACTOR = frozenset({"administrator"})
    things = access_stage.build(mark)
    Campaign.objects.filter(slug="spring").update(folder=things["folder"])
    Beat.objects.all().delete()
    eye = Eye(page)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105
    codes.switch_on(ada, secret, code(secret, time.time() - 30))

    sign_in_with_a_code(page, live_server.url, secret, eye)
    link = import_people(page, live_server.url, tmp_path)
    make_a_profile(page)
    give_it_to_the_group(page)
    share_a_folder(page, live_server.url, things["folder"])
    nina = come_in(browser, link)
    look_as_nina(page, live_server.url, eye)
    end_her_session(page, live_server.url, nina, eye)
    find_it_in_the_trail(page, live_server.url)
    page.goto(f"{live_server.url}/")
    page.get_by_role("link", name="Health", exact=True).click()
    expect(page.get_by_role("heading", name="Health")).to_be_visible()
    assert problems == []
    eye.tell()


def sign_in_with_a_code(page: Page, url: str, secret: str, eye: Eye) -> None:
    page.goto(f"{url}/admin/")
    shot(page, "login")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    shot(page, "second-factor")
    eye.look("the second factor")
    page.get_by_label("Code").fill(code(secret))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/admin/")


def import_people(page: Page, url: str, folder: Path) -> str:
    """Nina's link."""
    file = folder / "people.csv"
    file.write_text(PEOPLE)
    page.goto(f"{url}/admin/accounts/user/")
    page.get_by_role("link", name="Import from a file").click()
    shot(page, "import-upload")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Look through it").click()
    expect(page.get_by_role("row", name="4 pia")).to_contain_text("“not an address” is no mail address.")
    expect(page.get_by_text("Groups that are made: Paris team")).to_be_visible()
    shot(page, "import-preview")
    assert not User.objects.filter(username="nina").exists()
    page.get_by_role("button", name="Do this for 2 people").click()
    expect(page.get_by_role("status")).to_contain_text("2 created, 0 changed, 1 refused")
    shot(page, "import-done")
    return page.get_by_role("row", name=re.compile("^nina")).get_by_role("code").inner_text()


def make_a_profile(page: Page) -> None:
    page.locator("a[href='/admin/accounts/productprofile/']").first.click()
    page.locator("a[href$='/productprofile/add/']").first.click()
    page.get_by_label("Label").fill("Agency")
    page.get_by_label("Everywhere").uncheck()
    page.get_by_label("See campaigns").check()
    page.get_by_label("See folders").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Agency").first).to_be_visible()
    assert ProductProfile.objects.get(label="Agency").group.permissions.count() == 2


def give_it_to_the_group(page: Page) -> None:
    page.locator("a[href='/admin/accounts/team/']").first.click()
    page.get_by_role("link", name="Paris team").first.click()
    page.get_by_label("Agency").check()
    shot(page, "group")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Paris team").first).to_be_visible()
    assert Group.objects.get(name="Agency").user_set.count() == 2


def share_a_folder(page: Page, url: str, folder: object) -> None:
    """The profile reaches nothing that is not shared: now it reaches one season."""
    page.goto(f"{url}/campaigns/folders/{folder}/sharing")
    choice = page.get_by_label("Person or group")
    choice.select_option(value=f"group-{Group.objects.get(name='Paris team').pk}")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="Paris team")).to_contain_text("shared with them")


def come_in(browser: Browser, link: str) -> Page:
    """Nina chooses her password and signs in, in a browser of her own."""
    page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    if folder := os.environ.get("ORCHCAMP_PICTURES"):
        page.screenshot(path=f"{folder}/set-password-390.png")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your password is set")).to_be_visible()
    page.get_by_label("Username").fill("nina")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def look_as_nina(page: Page, url: str, eye: Eye) -> None:
    page.goto(f"{url}/admin/accounts/user/")
    page.get_by_role("link", name="nina", exact=True).first.click()
    page.get_by_role("link", name="How they sign in; look as them").click()
    eye.look("how a person signs in")
    shot(page, "person")
    page.get_by_role("button", name="Look as Nina Berg").click()
    expect(page.get_by_role("region", name="Looking as another person")).to_contain_text("You look as Nina Berg.")
    eye.look("the start page of another person")
    page.goto(f"{url}/campaigns/spring/")
    expect(page.get_by_text("You look as Nina Berg.")).to_be_visible()
    shot(page, "looking")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("heading", name="How Nina Berg signs in")).to_be_visible()


def end_her_session(page: Page, url: str, nina: Page, eye: Eye) -> None:
    page.get_by_role("button", name=re.compile("^Sign .* out$")).click()
    expect(page.get_by_text("Signed in nowhere.")).to_be_visible()
    nina.goto(f"{url}/campaigns/")
    expect(nina.get_by_role("heading", name="Sign in")).to_be_visible()
    nina.context.close()
    page.goto(f"{url}/account/")
    expect(page.get_by_role("row").filter(has_text="This browser")).to_be_visible()
    eye.look("one's own account")
    shot(page, "account")
    page.get_by_role("link", name="Change it").click()
    eye.look("the second factor that is on")
    shot(page, "two-factor-on")


def find_it_in_the_trail(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/accounts/auditentry/?q=nina")
    for verb in ("began to look as", "stopped looking as", "ended a session", "created"):
        expect(
            page.get_by_role("cell", name=verb, exact=True).or_(page.get_by_text(verb, exact=True)).first
        ).to_be_visible()
    shot(page, "trail")
    told = AuditEntry.objects.filter(actor__username="ada")
    assert told.filter(verb="began to look as", label="Nina Berg").exists()
    assert told.filter(verb="signed in", facts__second_factor="totp").exists()


def test_the_second_factor_is_set_up_by_picture_and_code(page: Page, live_server, sign_in, problems, anna, settings):
    settings.REQUIRE_TWO_FACTOR = frozenset({"approver"})
    eye = Eye(page)
    page.goto(f"{live_server.url}/login")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("only be used with a second factor")).to_be_visible()
    eye.look("setting the second factor up")
    shot(page, "two-factor-set-up")
    secret = page.locator(".qr-secret").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(code(secret))
    page.get_by_role("button", name="Switch the second factor on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    eye.look("the recovery codes")
    shot(page, "recovery-codes")
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download as text").click()
    text = Path(kept.value.path()).read_text()
    assert len(text.split()) == 10
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url(f"{live_server.url}/")
    assert problems == []
    eye.tell()
