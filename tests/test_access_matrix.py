"""Every address that names a campaign, a folder or an audience × the rights of a profile × how far it is shared × how.

The people here have the rights of a manager or an approver by a profile of their own that does not reach everywhere.
What each may follows from one rule an address, declared below and in the table of ``tests/test_access.py``: the right
that it asks for, and the level at which the thing has to be shared. An address with a new argument fails the suite.
That it makes no difference how something is shared is asked of every action, and with ``-m slow`` of every address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.test.utils import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from campaigns import sharing as campaign_sharing
from campaigns.models import Campaign, Folder
from orchcamp.accounts import access, roles, sharing
from orchcamp.accounts.models import ProductProfile, User
from orchcamp.datasets import sharing as audience_sharing
from orchcamp.datasets.models import Audience
from tests import access_stage
from tests.conftest import person
from tests.test_access import TABLE, Route, address_of, ask, complaint

# What the arguments of an address name, by namespace: something that is shared, or nothing of the kind.
CAMPAIGN, FOLDER, AUDIENCE = campaign_sharing.CAMPAIGN, campaign_sharing.FOLDER, audience_sharing.AUDIENCE
ARGUMENTS = {
    "campaigns": {
        "slug": CAMPAIGN,
        "folder_id": FOLDER,
        **dict.fromkeys(
            ("approval_id", "task_id", "question_id", "alert_id", "comment_id"), CAMPAIGN
        ),  # of one, and as it
        **dict.fromkeys(
            ("run_id", "node_id", "port", "file_id", "doubtful_id", "note_id", "message", "number", "verb")
        ),
        **dict.fromkeys(
            ("view_id", "key", "policy_id", "item_id", "mention_id", "group_id", "user_id")
        ),  # one's own, or everybody's
    },
}
AUDIENCES = "datasets:audience"  # addresses of audiences with a slug
RIGHTS = ("manager", "approver")
WAYS = ("person", "group", "folder", "parent")
GIVES = {"see": RIGHTS, "make": RIGHTS, "decide": ("approver",)}  # any other word: nobody of these people
ANYWHERE = {"anyone", "public", "token", "-"}

# The level from which on something has to be shared: by the word of the table, else as an address says here.
LEVEL = {"see": "view", "make": "change", "decide": "all"}
NEEDS = {
    "campaigns:delete": "all",
    "campaigns:duplicate": "view",  # the copy is one's own
    "campaigns:run_file": "view",  # and personal data, which the profile gives
    "campaigns:export_rows": "view",  # likewise
    # what the right to write comments opens to whoever sees the campaign
    **dict.fromkeys((f"campaigns:{of}_comments" for of in ("task", "node", "version", "run")), "view"),
    "campaigns:people": "view",
    "campaigns:resolve_comment": "view",
    "datasets:audience": "view",
    "datasets:audience_members": "view",
    "datasets:audience_change": "view",
    "datasets:audience_unmatched": "view",
    "datasets:audience_export": "view",
    "datasets:audience_delete": "",  # its owner alone, whom nobody shared it with
}
ASKED_OF_ONE_GROUP = {"campaigns:answer"}  # which these people are not in


def arguments(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, list[str]]]:
    """The names of all addresses with what they name."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", list(pattern.pattern.converters)
        elif pattern.namespace != "admin":
            yield from arguments(pattern, f"{pattern.namespace}:" if pattern.namespace else space)


def named(name: str, args: list[str]) -> sharing.Kind | None:
    """What is shared of that which an address names."""
    if name.startswith(AUDIENCES):
        return AUDIENCE if "slug" in args else None
    known = ARGUMENTS.get(name.partition(":")[0], {})
    return next((known[arg] for arg in args if known.get(arg)), None)


ROUTES = {name: kind for name, args in arguments(get_resolver()) if (kind := named(name, args))}
ROUTES.pop("campaigns:discard_failure", None)  # a task of the queue, not of a person
CASES = [
    (name, method) for name in ROUTES for method in ("get", "post") if getattr(TABLE[name], method) not in ANYWHERE
]


def test_every_argument_of_an_address_is_known():
    for name, args in arguments(get_resolver()):
        space = name.partition(":")[0]
        if space in ARGUMENTS:
            assert set(args) <= set(ARGUMENTS[space]), f"{name}: say in ARGUMENTS what it names"


@dataclass(frozen=True)
class Who:
    """One person: the rights of the profile, how things are shared, and how far; no level: not at all."""

    rights: str
    way: str = ""
    level: int = -1  # the place of the level among those of a kind

    @property
    def name(self) -> str:
        return f"{self.rights}_{self.way}_{self.level}" if self.way else f"{self.rights}_none"

    def level_of(self, kind: sharing.Kind) -> str:
        """The level at which things of a kind are shared with them; "" for not at all."""
        if self.level < 0 or (kind is AUDIENCE and self.way in {"folder", "parent"}):
            return ""
        return kind.levels[self.level].slug


CAST = [*(Who(rights) for rights in RIGHTS), *(Who(*each) for each in product(RIGHTS, WAYS, range(3)))]


def join(who: Who, things: dict[str, Any]) -> User:
    """Make the person, and share everything with them as they are to have it."""
    user = person(who.name, None)
    profile = ProductProfile(label=f"Profile of {who.name}", everywhere=False)
    roles.define(profile, roles.codes(who.rights))
    user.groups.add(profile.group)
    if who.level >= 0:
        subject = profile.group if who.way == "group" else user
        folders = {"folder": things["folder"], "parent": things["brand"]}
        shared = [Folder.objects.get(pk=folders[who.way])] if who.way in folders else _everything()
        for obj in shared:
            access.grant(subject, sharing.kind_of(obj).levels[who.level].actions, obj)
    return access_stage.sign_in(user)


def _everything() -> list[Any]:
    return [*Campaign.objects.all(), *Folder.objects.filter(parent=None), *Audience.objects.all()]


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Any]:
    """One of everything and everybody, built once: each request is undone."""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "lake").mkdir()
    with (
        override_settings(DATA_DIR=folder, LAKE_DIR=folder / "lake"),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        things = access_stage.build(person("mark", "manager"))
        yield folder, things, {who: join(who, things) for who in CAST}
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def data_dir(stage, settings):
    settings.DATA_DIR, settings.LAKE_DIR = stage[0], stage[0] / "lake"
    return stage[0]


def expected(name: str, route: Route, method: str, who: Who) -> int:
    """404 for what is not shared with them, 403 for what they may not do to it, 0 for what they may."""
    kind, word = ROUTES[name], getattr(route, method)
    level = who.level_of(kind)
    if not level:
        return 404
    slugs = [each.slug for each in kind.levels]
    need = NEEDS.get(name, LEVEL.get(word, ""))
    enough = need in slugs and slugs.index(level) >= slugs.index(need)
    holds = who.rights in GIVES.get(word, ()) and name not in ASKED_OF_ONE_GROUP
    return 0 if enough and holds else 403


def wrongs(stage: Any, name: str, method: str, people: Iterable[Who]) -> dict[str, str]:
    """What is wrong with the answers that some people get; empty when all are as the rule says."""
    _folder, things, users = stage
    route, found = TABLE[name], {}
    address = address_of(name, things)
    for who in people:
        response, written = ask(users[who], method, address, route.data)
        status = expected(name, route, method, who)
        if not status:
            if said := complaint(route, "see", "vera", response, written):  # as for those who may
                found[who.name] = said
        elif response.status_code != status or written:
            found[who.name] = f"must be {status}, got {response.status_code}, wrote {len(written)}"
        if status == 404 and access_stage.SECRET in response.text_of_page:
            found[who.name] = "reads what is not shared"
    return found


@pytest.mark.parametrize(("number", "name", "method"), [(n, *case) for n, case in enumerate(CASES)], ids=str)
def test_an_address_opens_as_far_as_rights_and_levels_reach(number, name, method, stage, db, settings):
    """Every level; how it is shared goes round from one address to the next, and whose rights where both have them."""
    settings.DEMO = True
    way, either = WAYS[number % len(WAYS)], RIGHTS[number // len(WAYS) % len(RIGHTS)]
    both = len(GIVES.get(getattr(TABLE[name], method), ())) == 1
    some = [who for who in CAST if ((both and who.way) or who.rights == either) and who.way in {way, ""}]
    assert not wrongs(stage, name, method, some)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), CASES, ids=str)
def test_an_address_opens_alike_however_it_is_shared(name, method, stage, db, settings):
    settings.DEMO = True
    assert not wrongs(stage, name, method, CAST)


ACTIONS = {CAMPAIGN: campaign_sharing.ALL, FOLDER: ("view", "change", "delete"), AUDIENCE: AUDIENCE.owner}


@pytest.mark.parametrize("who", CAST, ids=lambda who: who.name)
def test_whichever_way_it_is_shared_each_action_is_open_from_its_level_on(who, stage, db):
    _folder, things, people = stage
    user = people[who]
    for kind, actions in ACTIONS.items():
        obj = kind.model._default_manager.exclude(pk=things["brand"] if kind is FOLDER else 0).first()
        levels = [level.slug for level in kind.levels]
        own = levels[: levels.index(who.level_of(kind)) + 1] if who.level_of(kind) else []
        open_for = {action for level in kind.levels if level.slug in own for action in level.actions}
        for action in actions:
            holds = access.codename(kind.model, action) in roles.codes(who.rights)
            assert access.may(user, action, obj) == (holds and action in open_for), (kind.model, action)
