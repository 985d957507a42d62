"""The administrator's screens of approval policies: made, looked at, set to work, changed, copied and deleted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import lifecycle
from campaigns.models import ApprovalPolicy
from orchcamp.accounts.models import AuditEntry
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration
from tests.campaigns.policy_stage import make_policy

pytestmark = pytest.mark.django_db


def page(user, **headers) -> Client:
    client = Client(headers=headers)
    client.force_login(user)
    return client


def filled(user, **changes) -> dict:
    """What the form sends: large ones are signed by one person, in one stage."""
    return {
        "name": "Large ones",
        "description": "",
        "join": "all",
        "groups-0-join": "any",
        "groups-0-rows-0-field": "size",
        "groups-0-rows-0-compares": "at_least",
        "groups-0-rows-0-size": "1000",
        "groups-0-rows-1-field": "channel",
        "groups-0-rows-1-is_or_not": "is",
        "groups-0-rows-1-channel": "sms",
        "stages-0-people": [str(user.pk)],
        "stages-0-how": "any",
        "stages-0-needed": "1",
        "stages-0-facets": ["audience", "content", "schedule"],
        "deviation": "10",
        "bulk": "on",
        **changes,
    }


def test_an_administrator_makes_a_policy_by_the_form(ada, anna):
    answer = page(ada).post(reverse("campaigns:policy_create"), filled(anna))
    policy = ApprovalPolicy.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("campaigns:policy", args=[policy.pk]))
    leaves = [
        {"field": "size", "operator": "at_least", "value": 1000},
        {"field": "channel", "operator": "is", "value": "sms"},
    ]
    assert policy.conditions == {"all": [{"any": leaves}]}
    stage = policy.stages.get()
    assert (list(stage.people.all()), stage.needed, stage.facets) == ([anna], 1, ["audience", "content", "schedule"])
    assert (policy.status, policy.created_by) == ("draft", ada)
    shown = page(ada).get(answer.url).content.decode()
    assert "Size of the audience is at least 1,000 or Channel is “SMS”" in shown
    assert "1 of: Anna; for everything" in shown


def test_rows_are_added_and_removed_without_saving_anything(ada, anna):
    client = page(ada, hx_request="true")
    sent = filled(anna) | {"groups-0-rows-edit": "add"}
    shown = client.post(reverse("campaigns:policy_create"), sent).content.decode()
    assert 'name="groups-0-rows-2-field"' in shown and "<html" not in shown
    sent = filled(anna) | {"stages-edit": "add"}
    shown = client.post(reverse("campaigns:policy_create"), sent).content.decode()
    assert 'name="stages-1-facets"' in shown
    sent = filled(anna) | {"groups-edit": "remove:0"}
    assert 'name="groups-0-join"' not in client.post(reverse("campaigns:policy_create"), sent).content.decode()
    assert not ApprovalPolicy.objects.exists()


def test_what_is_wrong_is_said_at_its_place_and_nothing_is_lost(ada, anna):
    sent = filled(anna) | {"groups-0-rows-0-size": "", "stages-0-facets": []}
    shown = page(ada).post(reverse("campaigns:policy_create"), sent).content.decode()
    assert "Condition 1: Messages, by the dry run: Say what it is held against." in shown
    assert "Stage 1: What they sign: This field is required." in shown
    assert 'value="Large ones"' in shown
    assert not ApprovalPolicy.objects.exists()
    for field, said in [("requester", "There is nobody with this user name."), ("folder", "Say what it is held")]:
        sent = filled(anna) | {"groups-0-rows-0-field": field, "groups-0-rows-0-requester": "nobody"}
        assert said in page(ada).post(reverse("campaigns:policy_create"), sent).content.decode()


def test_saving_by_htmx_leads_to_the_policy(ada, anna):
    answer = page(ada, hx_request="true").post(reverse("campaigns:policy_create"), filled(anna))
    assert answer.headers["HX-Redirect"] == reverse("campaigns:policy", args=[ApprovalPolicy.objects.get().pk])


def test_what_is_stored_stands_in_the_form_again_and_saves_as_it_was(ada, anna, mark):
    group = Group.objects.get(name="Approver")
    conditions = {
        "any": [
            {"all": [{"field": "requester", "operator": "is_not", "value": mark.pk}]},
            {"field": "name", "operator": "begins", "value": "Big"},
        ]
    }
    policy = make_policy("Mine", groups=[group], people=[anna], needed=0, conditions=conditions, active=False)
    shown = page(ada).get(reverse("campaigns:policy_change", args=[policy.pk])).content.decode()
    assert 'value="mark"' in shown and 'value="Big"' in shown
    sent = filled(anna) | {
        "name": "Mine too",
        "join": "any",
        "revision": "0",
        "groups-0-join": "all",
        "groups-0-rows-0-field": "requester",
        "groups-0-rows-0-is_or_not": "is_not",
        "groups-0-rows-0-requester": "mark",
    }
    sent = {name: value for name, value in sent.items() if not name.startswith("groups-0-rows-1")}
    assert page(ada).post(reverse("campaigns:policy_change", args=[policy.pk]), sent).status_code == 302
    policy.refresh_from_db()
    assert policy.name == "Mine too"
    assert policy.conditions == {"any": [{"all": [{"field": "requester", "operator": "is_not", "value": mark.pk}]}]}
    answer = page(ada).post(reverse("campaigns:policy_change", args=[policy.pk]), sent | {"name": "Late"})
    assert answer.status_code == 409
    assert "changed in the meantime" in answer.content.decode()


def test_an_active_policy_is_deactivated_before_it_changes(ada, anna):
    policy = make_policy("Mine", people=[anna], active=False)
    client, act = page(ada), lambda verb: reverse("campaigns:policy_act", args=[policy.pk, verb])
    assert client.post(act("activate")).status_code == 302
    policy.refresh_from_db()
    assert (policy.status, policy.activated_by) == ("active", ada)
    for name in ("policy_change", "policy_delete"):
        answer = client.post(reverse(f"campaigns:{name}", args=[policy.pk]), filled(anna))
        assert (answer.status_code, "deactivate it first" in answer.content.decode()) == (409, True)
    assert client.post(act("duplicate")).status_code == 302
    assert ApprovalPolicy.objects.get(name="Mine (copy)").status == "draft"
    assert client.post(act("deactivate")).status_code == 302
    assert client.post(act("deactivate")).status_code == 409
    delete = reverse("campaigns:policy_delete", args=[policy.pk])
    assert "Delete “Mine”?" in client.get(delete).content.decode()
    assert client.post(delete).status_code == 302
    assert not ApprovalPolicy.objects.filter(name="Mine").exists()
    assert (
        client.post(reverse("campaigns:policy_act", args=[ApprovalPolicy.objects.get().pk, "explode"])).status_code
        == 400
    )
    verbs = AuditEntry.objects.filter(kind="campaigns.approvalpolicy").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == [f"{verb} policy" for verb in ("created", "activated", "created", "deactivated", "deleted")]


def test_a_policy_that_nobody_could_satisfy_is_not_activated(ada, mark):
    policy = make_policy("Mine", people=[mark], active=False)
    answer = page(ada).post(reverse("campaigns:policy_act", args=[policy.pk, "activate"]))
    assert answer.status_code == 409
    assert "“Mine”, stage 1: Mark may not approve campaigns." in answer.content.decode()


def test_the_preview_shows_for_which_campaigns_it_would_have_held(ada, anna, mark):
    make_shop()
    make_configuration()
    large = make_campaign(owner=mark, slug="large")
    lifecycle.submit(large.draft(), by=anna)
    make_campaign(owner=mark, slug="uncounted")
    conditions = {"all": [{"field": "size", "operator": "at_least", "value": 6}]}
    policy = make_policy("Mine", people=[anna, ada], conditions=conditions, active=False)
    make_policy("Other", people=[anna], conditions={"all": [{"field": "name", "operator": "equals", "value": "large"}]})
    shown = page(ada).get(reverse("campaigns:policy", args=[policy.pk])).content.decode()
    assert "Of the last 2 campaigns, it would have held for 1." in shown
    assert "not Anna, whose own work it is" in shown
    assert shown.index(">Large</a>") < shown.index(">Uncounted</a>")
    assert "Other" in shown.split(">Large</a>")[1].split("</tr>")[0]
    assert "unknown" in shown.split(">Uncounted</a>")[1]


def test_makers_read_policies_and_change_nothing_and_viewers_see_none(anna, mark, vera):
    policy = make_policy("Mine", people=[anna])
    for user in (anna, mark):
        shown = page(user).get(reverse("campaigns:policy", args=[policy.pk])).content.decode()
        assert reverse("campaigns:policy_act", args=[policy.pk, "deactivate"]) not in shown
        assert page(user).get(reverse("campaigns:policies")).status_code == 200
        assert page(user).get(reverse("campaigns:policy_create")).status_code == 403
        assert page(user).post(reverse("campaigns:policy_act", args=[policy.pk, "deactivate"])).status_code == 403
    assert page(vera).get(reverse("campaigns:policies")).status_code == 403
    assert page(vera).get(reverse("campaigns:policy", args=[policy.pk])).status_code == 404


def test_the_number_of_queries_does_not_grow_with_policies_or_campaigns(ada, anna, mark):
    policy = make_policy("Mine", people=[anna], active=False)
    make_campaign(owner=mark, slug="c0")
    client, asked = page(ada), []
    for number in range(1, 3):
        found = []
        for address in (reverse("campaigns:policies"), reverse("campaigns:policy", args=[policy.pk])):
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            found.append(len(queries))
        asked.append(found)
        for more in range(4):
            make_campaign(owner=mark, slug=f"c{number}-{more}")
            make_policy(f"P{number}-{more}", people=[anna], groups=[Group.objects.get(name="Approver")])
    assert asked[1][0] <= asked[0][0] + 2 and asked[1][1] <= asked[0][1] + 2, asked
    assert max(asked[1]) < 40
