"""What the application refuses, each named for what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.web.errors import Refused

if TYPE_CHECKING:
    from activities.check import Problem


class CampaignError(Refused):
    """One sentence for the person who asked."""


class StaleCanvas(CampaignError):
    """Somebody else saved this canvas, or it was frozen, in the meantime."""


class WrongStatus(CampaignError):
    """The campaign or run is not in a status that allows this."""


class AlreadyDecided(CampaignError):
    """Another person decided first."""


class OwnWork(CampaignError):
    """The author of a version asks to approve it."""


class NotAllowed(CampaignError):
    """The person named on the command line does not hold the right."""


class NodeFailed(CampaignError):
    """A node that cannot go on; the sentence stands in the log."""


class NotRunnable(CampaignError):
    """The canvas has errors; the sentence tells the first and how many there are."""

    def __init__(self, problems: Sequence[Problem], names: dict[str, str] | None = None):
        self.problems = list(problems)
        first = self.problems[0]
        name = (names or {}).get(first.node_id or "", first.node_id)
        place = f"“{name}”: " if name else ""
        rest = len(self.problems) - 1
        more = ngettext(" (and %(n)s more error)", " (and %(n)s more errors)", rest) % {"n": rest} if rest > 0 else ""
        super().__init__(
            _("The canvas cannot run: %(place)s%(sentence)s%(more)s")
            % {"place": place, "sentence": first.sentence, "more": more}
        )


class StaleTask(CampaignError):
    """Somebody else changed this task in the meantime."""
