"""Policies and requests for stories about them."""

from __future__ import annotations

from typing import Any

from campaigns.approvals import policies
from campaigns.approvals.policies import Plan, Stage
from campaigns.models import ApprovalPolicy


def make_policy(
    name: str = "Policy",
    *,
    people: Any = (),
    groups: Any = (),
    needed: int = 1,
    facets: tuple[str, ...] = policies.FACETS,
    stages: list[Stage] | None = None,
    active: bool = True,
    **changes: Any,
) -> ApprovalPolicy:
    """A policy of one stage, unless others are given; active."""
    found = stages if stages is not None else [Stage(list(groups), list(people), needed, facets)]
    policy = policies.create(Plan(name=name, stages=found, **changes), by=None)
    if active:
        policies.activate(policy, by=None)
    return policy
