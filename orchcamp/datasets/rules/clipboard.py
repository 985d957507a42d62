"""The part of a rule that a person copied: kept in the session, until they sign out."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from ..schema import DatasetShape
from . import api, editing, tree
from .context import RuleContext

KEY = "copied-rule"
NODES_AT_MOST = 500


@dataclass(frozen=True)
class Copied:
    """What was copied, and the dataset whose rows it is about."""

    node: tree.Tree
    dataset: str


def take(session: SessionBase, node: Any, shape: DatasetShape | None) -> None:
    """Copy a node. Raises Refused when it is none, or too large."""
    if not isinstance(node, dict) or shape is None:
        raise Refused(_("There is nothing here to copy."))
    if sum(1 for _one in tree.walk(node)) > NODES_AT_MOST:
        raise Refused(_("At most %(n)s conditions can be copied at once.") % {"n": NODES_AT_MOST})
    session[KEY] = {"node": copy.deepcopy(node), "dataset": shape.slug}


def held(session: SessionBase) -> Copied | None:
    """What was copied last."""
    kept = session.get(KEY)
    return Copied(kept["node"], kept["dataset"]) if isinstance(kept, dict) else None


def words(copied: Copied, ctx: RuleContext) -> str:
    """What was copied, as it is said."""
    try:
        return api.phrase(tree.plain(copied.node), copied.dataset, ctx)
    except Refused:
        return _("an unfinished condition")


def paste(copied: Copied, shape: DatasetShape | None, ctx: RuleContext) -> tree.Tree:
    """A copy for a place; the place must be about rows of which the same can be asked. Raises Refused."""
    if shape is None:
        raise Refused(_("There are no rows here to ask this of."))
    if shape.slug != copied.dataset and (why := editing.refusal(copied.node, shape, ctx)):
        source = ctx.model.datasets.get(copied.dataset)
        raise Refused(
            _("What was copied is about %(source)s and does not fit %(target)s: %(why)s")
            % {"source": source.label if source else copied.dataset, "target": shape.label, "why": why}
        )
    return copy.deepcopy(copied.node)
