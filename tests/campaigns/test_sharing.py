"""Folders and audiences shared like campaigns; moves that let in and shut out; audiences that are hidden from a reader."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from activities.graph import Node
from campaigns import canvas, execution, folders, lifecycle, moving
from campaigns.models import Campaign, Folder
from orchcamp.accounts import access, roles, sharing
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from orchcamp.datasets import audiences, predefined, refreshing
from orchcamp.datasets.models import Audience, Dataset
from orchcamp.web.errors import Refused
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign
from tests.conftest import person

HTMX = {"HX-Request": "true"}
HIDDEN = "an audience that you may not see"


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def nora(db) -> User:
    """A manager in all, but only where something is shared with her."""
    user = person("nora", None)
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, roles.codes("manager"))
    user.groups.add(profile.group)
    return user


@pytest.fixture
def vips(mark) -> Audience:
    make_shop()
    found = audiences.create("Secret VIPs", Dataset.objects.get(slug="people"), by=mark)
    refreshing.refresh(found, by=mark)
    return found


def share(obj, subject, level: str, *, by: User) -> None:
    sharing.share(obj, subject, sharing.kind_of(obj).level(level), by=by)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


# --- Folders ------------------------------------------------------------------------------------------


def test_a_folder_is_shared_on_its_page_and_its_campaigns_say_through_which_folder(mark, ada, nora):
    brand = folders.create("Brand", None, by=mark)
    season = folders.create("Season", brand, by=mark)
    make_shop()
    campaign = make_campaign(owner=mark, folder=season)
    address = reverse("campaigns:folder_sharing", args=[brand.pk])
    page = as_(mark).post(address, {"subject": f"person-{nora.pk}", "level": "change"}, headers=HTMX)
    assert f'id="share-person-{nora.pk}"' in page.content.decode()
    shown = as_(mark).get(reverse("campaigns:properties", args=["spring"])).content.decode()
    assert f'id="through-person-{nora.pk}"' in shown and "through the folder Brand" in shown
    assert "the profile reaches everywhere" in shown and "Administrator" in shown
    assert access.may(fresh(nora), "test", campaign) and not access.may(fresh(nora), "delete", campaign)
    inner = as_(nora).get(reverse("campaigns:folder_sharing", args=[season.pk])).content.decode()
    assert "through the folder Brand" in inner and "Only the owner of a folder and administrators share it" in inner
    assert AuditEntry.objects.get(verb="shared").facts["level"] == "change"


def test_whoever_makes_a_folder_owns_and_reaches_it(nora):
    as_(nora).post(reverse("campaigns:folders"), {"name": "Mine"})
    folder = Folder.objects.get()
    assert folder.owner == nora and access.may(fresh(nora), "change", folder)
    assert [branch.folder for branch in folders.tree(fresh(nora))] == [folder]


def test_everybody_who_reaches_a_campaign_is_listed_with_the_reason(mark, ada, vera, anna, nora):
    folder = folders.create("Brand", None, by=mark)
    make_shop()
    campaign = make_campaign(owner=mark, folder=folder)
    sharing.give_owner(campaign, mark)
    User.objects.create_superuser("root")
    share(folder, nora, "view", by=mark)
    share(campaign, person("olga", None), "all", by=mark)
    found = sharing.reach(campaign)
    assert [(str(one.subject), one.is_owner, one.powerless) for one in found.shares] == [
        ("Mark", True, False),
        ("Olga", False, True),  # no profile of hers lets her see campaigns
    ]
    assert [(str(one.subject), one.level.slug, str(one.folder)) for one in found.inherited] == [
        ("Mark", "all", "Brand"),
        ("Nora", "view", "Brand"),
    ]
    assert [(one.profile, one.level.slug, one.people) for one in found.wide] == [
        ("Administrator", "all", 1),
        ("Approver", "all", 1),
        ("Manager", "change", 1),
        ("Viewer", "view", 1),
    ]
    assert [person.username for person in found.superusers] == ["root"]


def test_the_page_of_a_folder_asks_no_more_questions_for_more_shares(mark, django_assert_max_num_queries):
    folder = folders.create("Brand", None, by=mark)
    client, address = as_(mark), reverse("campaigns:folder_sharing", args=[folder.pk])
    client.get(address)
    share(folder, person("p0", None), "view", by=mark)
    with django_assert_max_num_queries(30) as few:
        client.get(address)
    asked = len(few)
    for number in range(1, 8):
        share(folder, person(f"p{number}", None), "view", by=mark)
    with django_assert_max_num_queries(asked):
        client.get(address)


# --- Moving -------------------------------------------------------------------------------------------


def test_a_move_needs_the_right_in_both_folders(mark, nora):
    mine, theirs = folders.create("Mine", None, by=mark), folders.create("Theirs", None, by=mark)
    make_shop()
    campaign = make_campaign(owner=mark, folder=mine)
    share(campaign, nora, "all", by=mark)
    with pytest.raises(moving.NotYours, match="lies in a folder that is not shared with you"):
        folders.put(campaign, None, by=fresh(nora))
    share(mine, nora, "view", by=mark)
    with pytest.raises(moving.NotYours, match="may not change what lies in the folder “Mine”"):
        folders.put(campaign, None, by=fresh(nora))
    share(mine, nora, "change", by=mark)
    with pytest.raises(moving.NotYours, match="not shared with you"):
        folders.put(campaign, theirs, by=fresh(nora))
    share(theirs, nora, "change", by=mark)
    assert folders.put(campaign, theirs, by=fresh(nora))
    assert AuditEntry.objects.get(verb="moved").facts["changes"] == {"folder": ["Mine", "Theirs"]}


def test_a_copy_of_what_lies_in_a_folder_of_others_lies_in_none(mark, nora):
    folder = folders.create("Brand", None, by=mark)
    make_shop()
    campaign = make_campaign(owner=mark, folder=folder)
    share(campaign, nora, "view", by=mark)
    assert lifecycle.duplicate(campaign, by=fresh(nora)).folder is None
    assert lifecycle.duplicate(campaign, by=mark).folder == folder
    with pytest.raises(moving.NotYours):
        lifecycle.create(name="Smuggled", dimension="people", folder=folder, by=fresh(nora))


@pytest.mark.parametrize("by", ["properties", "many"])
def test_a_move_tells_first_whom_it_lets_in_and_shuts_out(mark, nora, by):
    one, other = folders.create("One", None, by=mark), folders.create("Other", None, by=mark)
    make_shop()
    campaign = make_campaign(owner=mark, folder=one)
    olga = person("olga", None)
    share(one, nora, "change", by=mark)
    share(other, olga, "view", by=mark)
    client = as_(mark)
    if by == "many":
        address, data = reverse("campaigns:many"), {"do": "move", "campaign": "spring", "folder": other.pk}
    else:
        address = reverse("campaigns:properties", args=["spring"])
        data = {"name": "Spring", "dimension": "people", "timezone": "UTC", "folder": other.pk, "variables-rows": "0"}
    asked = client.post(address, data).content.decode()
    assert 'id="gained"' in asked and "Olga: see it and its report" in asked
    assert 'id="lost"' in asked and "so far through the folder One" in asked
    campaign.refresh_from_db()
    assert campaign.folder == one
    client.post(address, data | {"sure": "yes"})
    campaign.refresh_from_db()
    assert campaign.folder == other
    back = client.post(address, data)
    assert "Move to another folder" not in back.content.decode()  # it lies there already


def test_the_move_of_a_folder_is_asked_about_too_and_needs_the_right_in_both(mark, nora):
    brand, season = folders.create("Brand", None, by=mark), folders.create("Season", None, by=mark)
    share(brand, nora, "view", by=mark)
    address = reverse("campaigns:folder", args=[season.pk])
    asked = as_(mark).post(address, {"name": "Season", "parent": brand.pk}).content.decode()
    assert "Nora: see it and the campaigns in it" in asked
    as_(mark).post(address, {"name": "Season", "parent": brand.pk, "sure": "yes"})
    season.refresh_from_db()
    assert season.parent == brand
    share(season, nora, "change", by=mark)
    as_(nora).post(address, {"name": "Season", "parent": "", "sure": "yes"})
    season.refresh_from_db()
    assert season.parent == brand  # she may not take it out of Brand


# --- Audiences ----------------------------------------------------------------------------------------


def test_an_audience_is_shared_at_levels_and_lists_show_what_is_shared(vips, mark, nora):
    page, listed = reverse("datasets:audience", args=[vips.slug]), reverse("datasets:audiences")
    edit = reverse("datasets:audience_edit", args=[vips.slug])
    assert as_(nora).get(page).status_code == 404 and "Secret" not in as_(nora).get(listed).content.decode()
    as_(mark).post(
        reverse("datasets:audience_share", args=[vips.slug]), {"subject": f"person-{nora.pk}", "level": "use"}
    )
    assert as_(nora).get(page).status_code == 200 and "Secret" in as_(nora).get(listed).content.decode()
    refused = as_(nora).get(edit)
    assert refused.status_code == 403 and "not so far that you may “change audiences”" in refused.content.decode()
    share(vips, nora, "change", by=mark)
    assert as_(nora).get(edit).status_code == 200
    assert 'id="shares"' in as_(mark).get(page).content.decode()


def test_whoever_makes_an_audience_owns_it(vips, nora):
    made = audiences.create("Hers", Dataset.objects.get(slug="people"), by=nora)
    assert set(Audience.objects.for_user(fresh(nora), "delete")) == {made}


def reading(slug: str):
    nodes = {"read": ("read_audience", {"audience": slug, "columns": [], "keep_empty": False}), "end": ("end", {})}
    return graph(nodes, "read>end")


def test_a_campaign_that_uses_a_hidden_audience_says_so_without_name_or_number(vips, mark, nora):
    campaign = make_campaign(reading(vips.slug), owner=mark)
    share(campaign, nora, "all", by=mark)
    client = as_(nora)
    for name, args in (
        ("canvas", ["spring"]),
        ("alerts", ["spring"]),
        ("node", ["spring", "read"]),
        ("versions", ["spring"]),
        ("history", ["spring"]),
        ("uses", ["spring"]),
        ("explain", ["spring"]),
        ("node_menu", ["spring", "read"]),
    ):
        for headers in ({}, HTMX):
            text = client.get(reverse(f"campaigns:{name}", args=args), headers=headers).content.decode()
            assert "Secret" not in text and vips.slug not in text, name
    assert HIDDEN in client.get(reverse("campaigns:canvas", args=["spring"])).content.decode()
    panel = client.get(reverse("campaigns:node", args=["spring", "read"]), headers=HTMX).content.decode()
    assert "its owner or an administrator can share it with you" in panel
    assert "Secret VIPs" in as_(mark).get(reverse("campaigns:canvas", args=["spring"])).content.decode()


def test_the_clipboard_takes_no_node_that_names_a_hidden_audience(vips, mark, nora):
    share(make_campaign(reading(vips.slug), owner=mark), nora, "all", by=mark)
    answer = as_(nora).get(reverse("campaigns:copy_nodes", args=["spring"]), {"node": "read"})
    assert answer.status_code == 204 and vips.slug not in str(answer.headers)


def test_only_what_is_shared_for_use_is_offered_and_can_be_put_on_a_canvas(vips, mark, nora):
    campaign = make_campaign(reading(""), owner=mark)
    share(campaign, nora, "all", by=mark)
    panel = reverse("campaigns:node", args=["spring", "read"])
    draft = campaign.draft()

    def choose() -> None:
        draft.refresh_from_db()
        settings = {"audience": vips.slug, "columns": [], "keep_empty": False}
        canvas.configure_node(draft, "read", revision=draft.revision, by=fresh(nora), settings=settings)

    assert vips.slug not in as_(nora).get(panel, headers=HTMX).content.decode()
    with pytest.raises(Refused, match="no audience “secret_vips” that you may use"):
        choose()
    share(vips, nora, "view", by=mark)
    assert vips.slug not in as_(nora).get(panel, headers=HTMX).content.decode()
    with pytest.raises(Refused, match="not so far that you may “use audiences in campaigns”"):
        choose()
    share(vips, nora, "use", by=mark)
    assert "Secret VIPs" in as_(nora).get(panel, headers=HTMX).content.decode()
    choose()


def test_saving_into_an_audience_needs_it_shared_to_be_changed(vips, mark, nora):
    campaign = make_campaign(reading(""), owner=mark)
    share(vips, nora, "use", by=mark)
    draft, node = campaign.draft(), Node("keep", "save_audience", "Keep", {"audience": vips.slug})
    with pytest.raises(Refused, match="“change audiences”"):
        canvas.edit(draft, lambda graph: graph.with_node(node), revision=draft.revision, by=fresh(nora))
    share(vips, nora, "change", by=mark)
    canvas.edit(draft, lambda graph: graph.with_node(node), revision=draft.revision, by=fresh(nora))


def test_rules_and_filters_name_no_audience_that_is_not_shared_for_use(vips, nora):
    rule, people = {"audience": vips.slug}, Dataset.objects.get(slug="people")
    with pytest.raises(Refused, match="that you may use"):
        audiences.create("Thieves", people, rule=rule, by=fresh(nora))
    with pytest.raises(Refused, match="that you may use"):
        predefined.create(label="Thieves", dataset="people", rule=rule, by=fresh(nora))


def test_an_audience_whose_rule_names_a_hidden_one_is_not_opened_for_a_change(vips, mark, nora):
    other = audiences.create("Open", vips.dataset, rule={"audience": vips.slug}, by=mark)
    share(other, nora, "change", by=mark)
    client = as_(nora)
    page = client.get(reverse("datasets:audience", args=[other.slug])).content.decode()
    assert HIDDEN in page and "Secret" not in page and vips.slug not in page
    assert client.get(reverse("datasets:audience_edit", args=[other.slug])).status_code == 403


def test_a_running_campaign_that_uses_it_goes_on_whoever_looks(vips, mark, nora):
    campaign = make_campaign(reading(vips.slug), owner=mark)
    share(campaign, nora, "all", by=mark)
    as_(nora).post(reverse("campaigns:test", args=["spring"]))
    assert execution.run_to_end(Campaign.objects.get().runs.get()).status == "succeeded"
