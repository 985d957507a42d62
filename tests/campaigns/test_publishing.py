"""Before a publication: each thing that has to be in order in a line, and nothing is published that something stops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from activities.graph import Graph
from campaigns import execution, lifecycle, publishing
from campaigns.models import Beat, Campaign, NodeRun, Run
from campaigns.publishing import OK, STOPS, WARNING, NotInOrder
from campaigns.versions import drafting
from orchcamp.datasets.models import Dataset, Snapshot
from orchcamp.messaging.models import ChannelConfiguration
from tests.builders import make_shop
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration, simple_graph
from tests.campaigns.lifecycle_stage import live_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


def saving() -> Graph:
    """Everybody is written to and, on the other branch, saved; the audience behind the message is saved after it."""
    save = {"audience": "everybody", "label": "Everybody", "operation": "create", "columns": [], "out": False}
    nodes = {
        "people": ("build_audience", audience(PARIS)),
        "fork": ("fork", {"transitions": [{"code": "a"}, {"code": "b"}]}),
        "mail": ("email", email(without_confirmation=True)),
        "save": ("save_audience", save),
        "end": ("end", {}),
    }
    return graph(nodes, "people>fork", "fork.a>mail", "fork.b>save", "mail>end")


def approved(mark, anna, canvas: Graph | None = None, **changes) -> Campaign:
    campaign = make_campaign(canvas or simple_graph(), owner=mark, **changes)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    return Campaign.objects.get(pk=campaign.pk)


def found(campaign: Campaign) -> dict[str, tuple[str, str]]:
    return {line.title: (line.level, line.sentence) for line in publishing.lines(publishing.case(campaign))}


def test_everything_that_matters_is_looked_at(mark, anna):
    Beat.objects.update_or_create(name="worker:here", defaults={"at": timezone.now()})
    lines = found(approved(mark, anna, schedule={"frequency": "signal"}))
    assert lines["Approval"][0] == OK
    assert "Anna" in lines["Approval"][1]
    assert lines["Canvas, contents and expressions"][1].startswith("No errors, 1 warning. “People”:")
    assert lines["Schedule"] == (OK, "When a signal comes.")
    assert lines["Channels"] == (OK, "1 message, its sender is in order.")
    assert lines["Reach"] == (OK, "“Mail”: about 6, by the approved counts.")
    assert lines["Confirmation"] == (OK, "“Mail”: prepared, then sent when somebody confirms.")
    assert lines["Worker"] == (OK, "A worker is there.")


def test_what_is_odd_is_said_and_stops_nothing(mark, anna):
    Beat.objects.all().delete()
    campaign = approved(mark, anna, simple_graph(without_confirmation=True))
    lines = found(campaign)
    assert lines["Worker"][0] == lines["Schedule"][0] == lines["Confirmation"][0] == WARNING
    assert publishing.publish(campaign, by=anna).mode == "live"


def test_a_date_to_come_is_said_in_the_campaign_s_zone(mark, anna):
    at = timezone.now() + timedelta(days=2)
    schedule = {"frequency": "once", "at": at.strftime("%Y-%m-%dT09:00")}
    level, said = found(approved(mark, anna, schedule=schedule, timezone="Asia/Tokyo"))["Schedule"]
    assert (level, "9 a.m. (Asia/Tokyo)" in said) == (OK, True)


def test_new_data_since_the_approval_are_pointed_at(mark, anna):
    campaign = approved(mark, anna)
    assert "Data" not in found(campaign)
    people = Dataset.objects.get(slug="people")
    path = people.snapshot.path
    people.snapshot = Snapshot.objects.create(dataset=people, number=2, path=path, rows=6)
    people.save()
    assert found(campaign)["Data"][0] == WARNING


@pytest.mark.parametrize("fault", [{"active": False}, {"secret_variable": "NOT_SET_ANYWHERE"}])
def test_a_sender_that_cannot_be_used_stops_the_publication(mark, anna, fault):
    campaign = approved(mark, anna)
    ChannelConfiguration.objects.update(**fault)
    with pytest.raises(NotInOrder):
        publishing.publish(campaign, by=anna)
    assert (Campaign.objects.get().status, Run.objects.live().exists()) == ("approved", False)


def test_a_canvas_with_an_error_by_now_stops_the_publication(mark, anna, client):
    campaign = approved(mark, anna)
    ChannelConfiguration.objects.all().delete()
    assert found(campaign)["Canvas, contents and expressions"][0] == STOPS
    client.force_login(anna)
    address = reverse("campaigns:publish", args=["spring"])
    assert "Mend what stops it first." in client.get(address).content.decode()
    assert client.post(address).status_code == 409
    assert Campaign.objects.get().status == "approved"


def test_a_schedule_that_is_over_stops_the_publication(mark, anna):
    campaign = approved(mark, anna)
    Campaign.objects.update(schedule={"frequency": "now and then"})
    with pytest.raises(NotInOrder, match="Schedule"):
        publishing.publish(Campaign.objects.get(pk=campaign.pk), by=anna)


def test_the_reason_given_stands_with_the_version(mark, anna, client):
    approved(mark, anna)
    client.force_login(anna)
    client.post(reverse("campaigns:publish", args=["spring"]), {"reason": "Season begins"})
    version = Campaign.objects.get().published_version()
    assert (version.reason, version.published_by) == ("Season begins", anna)


def test_a_next_version_says_what_goes_on_beside_it(mark, anna, client):
    campaign = approved(mark, anna, schedule={"frequency": "signal"})
    publishing.publish(campaign, by=anna)
    run = live_run(campaign, Run.Status.RUNNING)
    drafting.begin_next(campaign, by=mark)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    said = found(Campaign.objects.get())["Version in force"][1]
    assert said == (f"Version 1 is in force until the next launch. Run {run.pk} goes to its end with version 1.")
    client.force_login(anna)
    response = client.post(reverse("campaigns:publish", args=["spring"]), follow=True)
    assert "Published, and in force: When a signal comes." in response.content.decode()
    assert campaign.published_version().number == 2


def test_a_next_version_that_nothing_would_launch_any_more_says_so(mark, anna):
    campaign = approved(mark, anna, schedule={"frequency": "signal"})
    publishing.publish(campaign, by=anna)
    drafting.begin_next(campaign, by=mark)
    lifecycle.change_properties(campaign, by=mark, schedule={"frequency": "asap"})
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    level, said = found(Campaign.objects.get())["Schedule"]
    assert (level, said.startswith("As soon as possible. No launch is to come by it")) == (WARNING, True)


def test_the_command_publishes_only_what_is_in_order(mark, anna):
    approved(mark, anna)
    ChannelConfiguration.objects.update(active=False)
    with pytest.raises(CommandError):
        call_command("publish_campaign", "spring", by="anna")
    ChannelConfiguration.objects.update(active=True)
    call_command("publish_campaign", "spring", by="anna")
    assert Campaign.objects.get().status == "live"


def test_audiences_are_saved_before_any_message_exists(mark, anna):
    """§5.8, step 2: the message waits for the audience on the other branch, though it is ready first."""
    campaign = approved(mark, anna, saving())
    assert found(campaign)["Saved first"] == (OK, "“Save” is done before any message exists.")
    run = publishing.publish(campaign, by=anna)
    seen = []
    for _pass in range(8):
        for pk in execution.claim_ready(run):
            node = NodeRun.objects.get(pk=pk)
            if node.node_id == "mail":
                saved = run.nodes.get(node_id="save")
                assert saved.status == "succeeded", "a message began before the audience was saved"
            execution.execute(pk)
            seen.append(node.node_id)
    assert seen.index("save") < seen.index("mail")
    assert run.nodes.get(node_id="mail").status == "sending"
