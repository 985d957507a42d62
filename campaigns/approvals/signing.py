"""A date that moves after the approval: who moves it signs the schedule anew, unless a policy has others sign it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from campaigns.errors import OwnWork, WrongStatus
from campaigns.models import Approval, CampaignVersion, Decision
from orchcamp.accounts.models import User

from .deciders import authors
from .facets import SCHEDULE, hashes


def sign_schedule(version: CampaignVersion, *, by: User) -> None:
    """Have the approval hold for the version's schedule as it is now; within the transaction that moved it.

    Raises WrongStatus where a policy had the schedule signed: that is asked again, by the way of all changes.
    """
    waiting = Approval.objects.select_for_update().filter(version=version, status=Approval.Status.APPROVED)
    approval = waiting.order_by("-pk").first()
    if approval is None or not approval.hashes:
        return
    if by.pk in authors(approval):
        raise OwnWork(_("You wrote this version or asked for its approval; somebody else has to move its date now."))
    for row in approval.requirements.all():
        if SCHEDULE in row.facets and not row.anyone:
            raise WrongStatus(
                _(
                    "“%(name)s” was approved with this date under “%(policy)s”: take it back to draft and ask again to give "
                    "it another."
                )
                % {"name": version.campaign.name, "policy": row.title}
            )
    signed = {SCHEDULE: hashes(version)[SCHEDULE]}
    approval.hashes = {**approval.hashes, **signed}
    approval.save(update_fields=["hashes"])
    for row in approval.requirements.all():
        if SCHEDULE in row.facets:
            facts = {"by": by, "by_name": str(by)[:200], "verdict": Decision.Verdict.RESCHEDULE, "signed": signed}
            Decision.objects.create(requirement=row, **facts)
