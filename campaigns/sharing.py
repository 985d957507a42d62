"""What campaigns and folders are shared for: three levels, the same for both (see ``orchcamp.accounts.sharing``)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from orchcamp.accounts import sharing
from orchcamp.accounts.sharing import Kind, Level

from .models import Campaign, Folder

ALL = ("view", "change", "delete", "test", "approve", "publish", "confirm", "report")  # where; profiles say what

CAMPAIGN = Kind(
    Campaign,
    (
        Level("view", gettext_lazy("see it and its report"), "view", ("view", "report")),
        Level("change", gettext_lazy("change and test it"), "change", ("view", "report", "change", "test")),
        Level("all", gettext_lazy("everything their profile allows"), "publish", ALL),
    ),
    owner=ALL,
    only_owner=gettext_lazy("Only the owner of a campaign and administrators share it."),
)
FOLDER = Kind(
    Folder,
    (
        Level("view", gettext_lazy("see it and the campaigns in it"), "view", ("view",)),
        Level(
            "change", gettext_lazy("change it, and change and test the campaigns in it"), "change", ("view", "change")
        ),
        Level("all", gettext_lazy("everything their profile allows"), "delete", ("view", "change", "delete")),
    ),
    owner=("view", "change", "delete"),
    only_owner=gettext_lazy("Only the owner of a folder and administrators share it."),
    inherited=gettext_lazy("What holds for a folder holds for the folders and campaigns in it."),
)


def declare() -> None:
    """Have both shared; called when the applications are ready."""
    sharing.declare(CAMPAIGN)
    sharing.declare(FOLDER)
