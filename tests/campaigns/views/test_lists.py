"""The list as each person arranges it: filters, views, columns, favourites, tags, and deeds for many rows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.graph import Node
from campaigns import columns, saved_views
from campaigns.models import Campaign, Folder, Run, SavedView
from orchcamp.accounts import access
from orchcamp.accounts.models import AuditEntry
from tests.campaigns.builders import email, graph, make_campaign, targeting_graph

LIST, MANY, ARRANGE = reverse("campaigns:list"), reverse("campaigns:many"), reverse("campaigns:arrange")
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def names(response) -> list[str]:
    return re.findall(r'class="cell-name"><a [^>]*>([^<]*)<', response.content.decode())


def heads(response) -> list[str]:
    head = re.search(r"<thead>.*</thead>", response.content.decode(), re.S).group()
    return [re.sub(r"<[^>]+>|arrow_\w+", "", cell).strip() for cell in re.findall(r"<th.*?</th>", head, re.S)][1:-1]


def said(client) -> list[str]:
    return [str(message) for message in client.get(LIST).context["messages"]]


# --- Filters ---------------------------------------------------------------------------------


def test_search_reads_names_texts_and_tags_whatever_their_capitals(mark):
    make_campaign(owner=mark, slug="a", name="Été en ville")
    make_campaign(owner=mark, slug="b", description="A gift for Members")
    make_campaign(owner=mark, slug="c", tags=["VIP", "été"])
    assert names(as_(mark).get(LIST, {"q": "members"})) == ["B"]
    assert names(as_(mark).get(LIST, {"q": "vip"})) == ["C"]
    assert "C" in names(as_(mark).get(LIST, {"q": "été"}))  # SQLite folds the capitals of plain letters only


def test_a_tag_is_found_however_it_is_spelled(mark):
    make_campaign(owner=mark, slug="a", tags=["iPad"])
    make_campaign(owner=mark, slug="b", tags=["IPAD", "other"])
    make_campaign(owner=mark, slug="c", tags=["ipad mini"])
    assert sorted(names(as_(mark).get(LIST, {"tag": "ipad"}))) == ["A", "B"]
    assert names(as_(mark).get(LIST, {"tag": "unknown"})) == []


def test_channels_are_found_by_what_the_newest_canvas_holds(mark):
    mailed = make_campaign(graph({"mail": ("email", email())}), owner=mark, slug="mailed")
    make_campaign(targeting_graph(), owner=mark, slug="counted")
    assert names(as_(mark).get(LIST, {"channel": "email"})) == ["Mailed"]
    canvas = graph({"text": ("sms", {})})
    mailed.versions.update(document=canvas.to_json())
    Campaign.objects.filter(pk=mailed.pk).update(modified_at=timezone.now())
    assert names(as_(mark).get(LIST, {"channel": "email"})) == []
    assert names(as_(mark).get(LIST, {"channel": "sms"})) == ["Mailed"]


def test_dimension_days_and_the_last_run_narrow_the_list(mark):
    failed = make_campaign(owner=mark, slug="failed")
    old = make_campaign(owner=mark, slug="old")
    make_campaign(owner=mark, slug="other")
    Campaign.objects.filter(slug="other").update(dimension="shops")
    Campaign.objects.filter(pk=old.pk).update(modified_at=timezone.now() - timedelta(days=40))
    for status, hours in (("failed", 2), ("succeeded", 3)):
        run = Run.objects.create(
            campaign=failed, version=failed.versions.get(), mode="test", scheduled_for=timezone.now() - timedelta(hours=hours),
            document=failed.versions.get().document, status=status,
        )  # fmt: skip
        Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(hours=hours))
    page = as_(mark)
    assert names(page.get(LIST, {"dimension": "shops"})) == ["Other"]
    day = (timezone.localdate() - timedelta(days=30)).isoformat()
    assert names(page.get(LIST, {"until": day})) == ["Old"]
    assert "Old" not in names(page.get(LIST, {"since": day}))
    assert names(page.get(LIST, {"failed": "1"})) == ["Failed"]


def test_a_folder_shows_what_lies_in_the_folders_within_it(mark):
    brand = Folder.objects.create(name="Brand")
    season = Folder.objects.create(name="Season", parent=brand)
    make_campaign(owner=mark, slug="inner", folder=season)
    make_campaign(owner=mark, slug="outer", folder=brand)
    make_campaign(owner=mark, slug="loose")
    page = as_(mark)
    assert sorted(names(page.get(LIST, {"folder": brand.pk}))) == ["Inner", "Outer"]
    assert names(page.get(LIST, {"folder": season.pk})) == ["Inner"]
    assert names(page.get(LIST, {"folder": "0"})) == ["Loose"]


@pytest.mark.parametrize(
    "query",
    [
        "since=nonsense",
        "since=2026-02-31",
        "until=9999-12-31",
        "tag=%22%5D",
        "view=7",
        "view=²",
        "channel='",
        "folder=99",
    ],
)
def test_what_the_address_asks_wrongly_breaks_nothing(mark, query):
    make_campaign(owner=mark)
    assert as_(mark).get(f"{LIST}?{query}").status_code == 200


@pytest.mark.parametrize("key", sorted(columns.SORTED))
def test_every_column_that_offers_it_sorts_both_ways(mark, key):
    for slug in ("a", "b"):
        make_campaign(owner=mark, slug=slug)
    page = as_(mark)
    assert len(names(page.get(LIST, {"sort": key}))) == len(names(page.get(LIST, {"sort": f"-{key}"}))) == 2


def test_links_lead_back_to_the_list_as_it_was_left(mark):
    make_campaign(owner=mark)
    page = as_(mark)
    page.get(LIST, {"status": "draft", "q": "spr"})
    canvas = page.get(reverse("campaigns:canvas", args=["spring"])).content.decode()
    assert f'href="{LIST}?status=draft&amp;q=spr"' in canvas
    archived = page.post(reverse("campaigns:archive", args=["spring"]))
    assert archived.headers["Location"] == f"{LIST}?status=draft&q=spr"


# --- Columns and views -----------------------------------------------------------------------


def test_each_person_has_their_own_columns(mark, vera):
    make_campaign(owner=mark)
    page = as_(mark)
    page.post(ARRANGE, {"column": ["created", "status", "nonsense"], "done": "1"})
    assert heads(page.get(LIST)) == ["Campaign", "Created", "Status"]
    page.post(ARRANGE, {"column": ["created", "status"], "move": "status:-1"})
    assert heads(page.get(LIST)) == ["Campaign", "Status", "Created"]
    assert "Owner" in heads(as_(vera).get(LIST))
    page.post(ARRANGE, {"usual": "1"})
    assert heads(page.get(LIST)) == heads(as_(vera).get(LIST))


def test_every_column_has_a_cell(mark):
    make_campaign(owner=mark, tags=["VIP"])
    page = as_(mark)
    page.post(ARRANGE, {"column": list(columns.BY_KEY), "done": "1"})
    assert len(heads(page.get(LIST))) == len(columns.COLUMNS) + 1


def test_a_view_keeps_filters_sort_and_columns_and_opens_first(mark):
    make_campaign(owner=mark, slug="a")
    make_campaign(owner=mark, slug="b", status="live")
    page = as_(mark)
    page.post(ARRANGE, {"column": ["created"], "done": "1"})
    page.get(LIST, {"status": "live", "sort": "name"})
    made = page.post(reverse("campaigns:save_view"), {"name": "What runs", "default": "1"})
    page.post(ARRANGE, {"column": ["owner"], "done": "1"})
    opened = page.get(made.headers["Location"])
    assert (names(opened), heads(opened)) == (["B"], ["Campaign", "Created"])
    first = page.get(LIST, follow=True)
    assert names(first) == ["B"]
    everything = page.get(LIST, {"status": "all"})
    assert (sorted(names(everything)), heads(everything)) == (["A", "B"], ["Campaign", "Owner"])


def test_views_are_renamed_deleted_and_nobody_else_s(mark, vera):
    view = saved_views.save(mark, "Mine", "status=draft&page=3", columns.of(mark, None))
    saved_views.save(mark, "Other", "", columns.of(mark, None))
    assert view.query == "status=draft"
    address = reverse("campaigns:change_view", args=[view.pk])
    assert as_(vera).post(address, {"do": "delete"}).status_code == 404
    page = as_(mark)
    page.post(address, {"do": "rename", "name": "Other"})
    assert said(page) == ["You have a view called “Other” already."]
    page.post(address, {"do": "rename", "name": "Drafts"})
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Drafts", "Other"}
    page.post(address, {"do": "delete"})
    assert SavedView.objects.get().name == "Other"


def test_there_is_one_default_view_at_most(mark):
    for name in ("One", "Two"):
        saved_views.save(mark, name, "", columns.of(mark, None), default=True)
    assert SavedView.objects.get(is_default=True).name == "Two"


# --- Favourites, tags, many at once ----------------------------------------------------------


def test_a_favourite_is_one_s_own(mark, vera):
    make_campaign(owner=mark, slug="a")
    make_campaign(owner=mark, slug="b")
    star = reverse("campaigns:star", args=["a"])
    answer = as_(vera).post(star, {"starred": "1"}, headers=HTMX)
    assert 'aria-pressed="true"' in answer.content.decode()
    assert names(as_(vera).get(LIST, {"starred": "1"})) == ["A"]
    assert names(as_(mark).get(LIST, {"starred": "1"})) == []
    as_(vera).post(star, {"starred": "0"})
    assert names(as_(vera).get(LIST, {"starred": "1"})) == []


def test_tags_are_edited_in_the_row_whatever_the_status(mark, vera):
    campaign = make_campaign(owner=mark, status="live", tags=["Spring"])
    address = reverse("campaigns:tags", args=["spring"])
    answer = as_(mark).post(address, {"tags": "spring, VIP, vip"}, headers=HTMX).content.decode()
    assert ">VIP</a>" in answer and "<html" not in answer
    campaign.refresh_from_db()
    assert campaign.tags == ["spring", "VIP"]
    assert AuditEntry.objects.get(verb="tagged").facts["changes"] == {"tags": [["Spring"], ["spring", "VIP"]]}
    assert as_(vera).post(address, {"tags": "x"}).status_code == 403
    assert "at most 40 characters" in as_(mark).post(address, {"tags": "x" * 41}, headers=HTMX).headers["HX-Trigger"]


def do(user, deed: str, *slugs: str, **more) -> list[str]:
    page = as_(user)
    page.post(MANY, {"do": deed, "campaign": slugs, **more})
    return said(page)


def test_many_are_archived_and_what_was_skipped_says_why(mark):
    for slug, status in (("a", "completed"), ("b", "live"), ("c", "draft")):
        make_campaign(owner=mark, slug=slug, status=status)
    done, skipped = do(mark, "archive", "a", "b", "c")
    assert done == "2 campaigns archived."
    assert skipped.startswith("1 was skipped: This campaign cannot be archived now") and "“B” is live" in skipped
    assert set(Campaign.objects.filter(status="archived").values_list("slug", flat=True)) == {"a", "c"}
    assert AuditEntry.objects.filter(verb="archived").count() == 2
    assert do(mark, "restore", "a", "c") == ["2 campaigns taken out of the archive."]


def test_many_are_moved_tagged_and_starred_with_one_entry_each(mark):
    folder = Folder.objects.create(name="Season")
    for slug in ("a", "b"):
        make_campaign(owner=mark, slug=slug, tags=["Old"])
    Campaign.objects.filter(slug="b").update(folder=folder)
    assert do(mark, "move", "a", "b", folder=folder.pk) == ["1 campaign moved. 1 was so already."]
    assert do(mark, "tag", "a", "b", tags="new, OLD") == ["2 campaigns tagged."]
    assert do(mark, "untag", "a", tags="old") == ["1 campaign lost the tags."]
    assert list(Campaign.objects.order_by("slug").values_list("tags", flat=True)) == [["new"], ["Old", "new"]]
    assert AuditEntry.objects.filter(verb__in=["moved", "tagged"]).count() == 4
    assert do(mark, "star", "a") == ["1 campaign among your favourites now."]
    assert do(mark, "tag", "a", tags=" ") == ["Write the tags first, separated by commas."]


def test_deleting_many_asks_first_and_takes_drafts_only(mark):
    make_campaign(owner=mark, slug="a")
    make_campaign(owner=mark, slug="b", status="completed")
    page = as_(mark)
    asked = page.post(MANY, {"do": "delete", "campaign": ["a", "b"]}).content.decode()
    assert "Delete 1 draft?" in asked and "are lost" in asked and Campaign.objects.count() == 2
    page.post(MANY, {"do": "delete", "campaign": ["a", "b"], "sure": "yes"})
    assert Campaign.objects.get().slug == "b"
    assert said(page) == ["1 campaign deleted.", "1 was skipped: Only a draft can be deleted; archive “B” instead."]


def test_who_may_not_change_is_told_the_right_and_changes_nothing(mark, vera, mallory):
    make_campaign(owner=mark, slug="a")
    assert "You need the right “change campaigns”" in do(vera, "archive", "a")[0]
    assert do(vera, "star", "a") == ["1 campaign among your favourites now."]
    assert do(mallory, "archive", "a") == ["Nothing was done: tick the campaigns first, then choose what to do."]
    assert Campaign.objects.get().status == "draft"


def test_a_campaign_comes_out_of_the_archive_as_what_it_was(mark):
    now = timezone.now()
    never = make_campaign(owner=mark, slug="never", status="approved")
    never.versions.update(frozen_at=now, approved_at=now)
    draft = make_campaign(owner=mark, slug="draft")
    ran = make_campaign(owner=mark, slug="ran", status="completed")
    broken = make_campaign(owner=mark, slug="broken", status="stopped")
    for over in (ran, broken):
        over.versions.update(frozen_at=now, approved_at=now, published_at=now)
    for campaign in (never, draft, ran, broken):
        as_(mark).post(reverse("campaigns:archive", args=[campaign.slug]))
    assert not Campaign.objects.active().exists()
    for campaign in (never, draft, ran, broken):
        as_(mark).post(reverse("campaigns:restore", args=[campaign.slug]))
    assert dict(Campaign.objects.values_list("slug", "status")) == {
        "never": "approved", "draft": "draft", "ran": "completed", "broken": "stopped",
    }  # fmt: skip


# --- Used in ---------------------------------------------------------------------------------


def test_a_campaign_tells_who_sends_it_signals(mark):
    make_campaign(owner=mark, slug="welcome")
    calling = targeting_graph().with_node(Node("bye", "end", "Call welcome", {"signal": {"campaign": "welcome"}}))
    make_campaign(calling, owner=mark, slug="caller", name="The caller")
    make_campaign(owner=mark, slug="else", description="welcome")
    page = as_(mark).get(reverse("campaigns:uses", args=["welcome"])).content.decode()
    assert "The caller" in page and "Call welcome" in page
    assert "Nothing uses this campaign" in as_(mark).get(reverse("campaigns:uses", args=["caller"])).content.decode()


def test_uses_that_a_person_may_not_see_are_counted_only(mark, mallory):
    welcome = make_campaign(owner=mark, slug="welcome")
    calling = targeting_graph().with_node(Node("bye", "end", "Call", {"signal": {"campaign": "welcome"}}))
    make_campaign(calling, owner=mark, slug="caller", name="The caller")
    group = mark.groups.get()
    type(group.profile).objects.update(everywhere=False)
    mallory.groups.add(group)
    access.grant(mallory, ["view"], welcome)
    page = as_(mallory).get(reverse("campaigns:uses", args=["welcome"])).content.decode()
    assert "The caller" not in page and "And 1 use that you may not see" in page
