"""Templates: every ready one can be used, and what people save can be used by others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db.utils import IntegrityError
from django.http import Http404
from django.urls import reverse

from activities import catalogue, check
from activities.populations import Context
from campaigns import demo, gallery, miniature
from campaigns.choices import choices
from campaigns.errors import CampaignError
from campaigns.models import Campaign, CampaignTemplate
from orchcamp.accounts import roles
from orchcamp.accounts.models import AuditEntry, ProductProfile
from orchcamp.datasets import demo as demo_data
from orchcamp.datasets import loading, manifest, schema
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph
from tests.conftest import person

READY = {template.key: template for template in gallery.ready()}
ASKED_FOR = {
    "welcome",
    "win-back",
    "birthday",
    "back-in-stock",
    "seasonal-waves",
    "product-launch",
    "multi-entity-reminder",
    "direct-mail",
}


def test_the_gallery_holds_what_marketing_teams_begin_with():
    assert set(READY) >= ASKED_FOR
    assert all(template.description.endswith(".") for template in READY.values())
    assert len({template.name for template in READY.values()}) == len(READY)


@pytest.mark.parametrize("key", READY)
def test_every_picture_shows_every_node(key):
    picture, graph = miniature.draw(READY[key].graph), READY[key].graph
    assert len(picture.cards) == len(graph.nodes)
    assert all(node.name in picture.words for node in graph.nodes.values())
    assert float(picture.width) > 0


@pytest.fixture
def offered(db) -> dict[str, Any]:
    """The demo's channels, without its data."""
    demo.people()
    demo.channel(9)
    demo.planned_channels()
    return {}


@pytest.mark.slow
def test_every_ready_template_counts_people_in_the_demo(offered, demo_tables, capsys):
    for key in READY:  # in one test, for loading the demo takes a while
        call_command("import_campaign", str(gallery.FOLDER / f"{key}.json"), "--owner", "manager")
        call_command("check_campaign", key)
        capsys.readouterr()
        call_command("run_campaign", key, "--test", "--json")
        report = json.loads(capsys.readouterr().out)
        assert report["status"] == "succeeded", key
        ran = [node["outputs"] for node in report["nodes"].values() if node["outputs"]]
        assert ran, key
        assert all(any(output["rows"] for output in outputs.values()) for outputs in ran), key


@pytest.fixture
def demo_tables(offered, tmp_path):
    loading.load(manifest.read(demo_data.write_files(tmp_path)))


def test_a_template_becomes_a_draft_of_the_person_who_uses_it(db, mark):
    make_shop()
    make_configuration("letters-by-mail")
    campaign = gallery.use(READY["win-back"], by=mark)
    assert (campaign.name, campaign.owner, campaign.status) == ("Win back", mark, Campaign.Status.DRAFT)
    assert campaign.variables == {"quiet_since": "2017-12-01", "high_spend": 1000}
    graph = campaign.latest_version().graph
    assert graph.nodes["mail"].settings["configuration"] == "letters-by-mail"  # the only one that is here
    assert graph.nodes["sms"].settings["configuration"] == "texts"  # none here: the alerts say so
    assert AuditEntry.objects.filter(verb="used template").get().facts == {"template": "win-back"}
    assert gallery.use(READY["win-back"], by=mark).slug == "win-back-2"


def test_what_is_missing_here_is_named(db):
    make_shop()
    make_configuration()
    assert gallery.missing(READY["win-back"], choices()) == ["households", "texts"]


def test_a_campaign_is_saved_as_a_template_and_used_by_others(client, mark, anna):
    make_shop()
    make_configuration()
    campaign = make_campaign(simple_graph(), owner=mark, variables={"city": "Paris"}, tags=["spring"])
    client.force_login(mark)
    words = {"name": "Parisians", "description": "Writes to people in a city."}
    answer = client.post(reverse("campaigns:save_template", args=[campaign.slug]), words)
    assert answer["Location"] == reverse("campaigns:gallery")
    client.force_login(anna)
    page = client.get(reverse("campaigns:gallery")).content.decode()
    assert "Writes to people in a city." in page and "Mark" in page
    answer = client.post(reverse("campaigns:use_template", args=["parisians"]), {"name": "Anna's own"})
    made = Campaign.objects.get(owner=anna)
    assert answer["Location"] == reverse("campaigns:canvas", args=[made.slug])
    assert (made.name, made.variables, made.tags) == ("Anna's own", {"city": "Paris"}, ["spring"])
    assert made.latest_version().graph == campaign.latest_version().graph


def test_a_date_of_its_own_is_not_carried_along(db, mark):
    campaign = make_campaign(owner=mark, schedule={"frequency": "once", "at": "2026-12-01T09:00"})
    made = gallery.save(campaign, name="A", description="B.", by=mark)
    assert made.properties["schedule"] == {"frequency": "asap"}
    daily = {"frequency": "daily", "at": "09:00"}
    Campaign.objects.update(schedule=daily | {"valid_from": "2026-01-01", "valid_until": "2026-12-31"})
    campaign.refresh_from_db()
    assert gallery.save(campaign, name="C", description="D.", by=mark).properties["schedule"] == daily


@pytest.mark.parametrize("name", ["Win back", "WIN BACK"])
def test_two_templates_do_not_bear_one_name(name, db, mark):
    with pytest.raises(CampaignError, match="another name"):
        gallery.save(make_campaign(owner=mark), name=name, description="B.", by=mark)


def test_the_database_holds_names_apart_too(db):
    CampaignTemplate.objects.create(slug="a", name="A", description="B.", document={})
    with pytest.raises(IntegrityError):
        CampaignTemplate.objects.create(slug="b", name="A", description="B.", document={})


def test_only_its_author_and_administrators_remove_a_template(client, mark, anna, ada):
    gallery.save(make_campaign(owner=mark), name="Mine", description="B.", by=mark)
    client.force_login(anna)
    client.post(reverse("campaigns:remove_template", args=["mine"]))
    assert CampaignTemplate.objects.exists()
    client.force_login(ada)
    client.post(reverse("campaigns:remove_template", args=["mine"]))
    assert not CampaignTemplate.objects.exists()
    with pytest.raises(CampaignError, match="administrators only"):
        gallery.remove(READY["welcome"], by=ada)


def test_a_template_that_is_gone_is_not_found(mark):
    with pytest.raises(Http404):
        gallery.find("nowhere", mark)


def test_who_reaches_only_what_is_shared_sees_no_canvas_of_others(client, mark):
    gallery.save(make_campaign(owner=mark), name="Secret plans", description="B.", by=mark)
    nora = person("nora", None)
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, ["campaigns.view_campaign", "campaigns.add_campaign", "campaigns.change_campaign"])
    nora.groups.add(profile.group)
    client.force_login(nora)
    assert "Secret plans" not in client.get(reverse("campaigns:gallery")).content.decode()
    assert client.post(reverse("campaigns:use_template", args=["secret-plans"])).status_code == 404
    own = make_campaign(owner=nora, slug="own")
    gallery.save(own, name="Own plans", description="B.", by=nora)
    assert "Own plans" in client.get(reverse("campaigns:gallery")).content.decode()


def test_an_activity_of_another_version_is_drawn_and_explained(db, mark):
    graph = simple_graph()
    campaign = make_campaign(graph, owner=mark)
    campaign.versions.update(
        document=graph.to_json() | {"nodes": {"x": {"type": "telepathy", "name": "X"}}, "edges": []}
    )
    template = gallery.save(campaign, name="Odd", description="B.", by=mark)
    picture = miniature.draw(gallery.find(template.slug, mark).graph)
    assert [card.group for card in picture.cards] == ["unknown"]
    made = gallery.use(gallery.find(template.slug, mark), by=mark)
    context = Context(model=schema.load(), now=made.created_at)
    sentences = [problem.sentence for problem in check.problems(made.latest_version().graph, context)]
    assert any("telepathy" in sentence for sentence in sentences)
    assert "telepathy" not in {cls.key for cls in catalogue.all_types()}
