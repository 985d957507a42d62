"""Asked of everybody at once, who may do something to a campaign, the answer is the one that each gets alone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from campaigns.models import Folder
from orchcamp.accounts import access, roles
from orchcamp.accounts.models import ProductProfile, User
from tests.campaigns.builders import make_campaign
from tests.conftest import person

pytestmark = pytest.mark.django_db


def narrow(name: str) -> User:
    """Somebody whose profile reaches only what is shared."""
    profile = ProductProfile.objects.filter(label="Agency").first()
    if profile is None:
        profile = ProductProfile(label="Agency", everywhere=False)
        roles.define(profile, [right.code for right in roles.RIGHTS if right.code.startswith("campaigns.")])
    user = person(name, None)
    user.groups.add(profile.group)
    return user


def test_everybody_at_once_is_each_alone(mallory, vera, mark, anna, ada):
    outer = Folder.objects.create(name="Outer")
    middle = Folder.objects.create(name="Middle", parent=outer)
    inner = Folder.objects.create(name="Inner", parent=middle)
    other = Folder.objects.create(name="Other")
    campaign = make_campaign(owner=mark, folder=inner)
    team = Group.objects.create(name="Team")
    shared = {"itself": campaign, "inner": inner, "middle": middle, "outer": outer, "other": other, "nothing": None}
    for name, thing in shared.items():
        user = narrow(name)
        if thing is not None:
            access.grant(user, ["view"], thing)
    narrow("member").groups.add(team)
    access.grant(team, ["view"], outer)
    access.grant(mallory, ["view"], campaign)  # a share gives no right that no profile gives
    User.objects.filter(pk=narrow("left").pk).update(is_active=False)
    User.objects.create_superuser("root", "root@example.org", "x")
    for action in ("view", "change", "confirm", "publish"):
        found = set(access.who_may(action, campaign).values_list("username", flat=True))
        alone = {user.username for user in User.objects.all() if access.may(user, action, campaign)}
        assert found == alone
    seeing = set(access.who_may("view", campaign).values_list("username", flat=True))
    assert {"itself", "inner", "middle", "outer", "member", "vera"} <= seeing
    assert not {"other", "nothing", "mallory", "left"} & seeing
