"""What audiences are shared for (see ``orchcamp.accounts.sharing``), and those that a person may not see."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from orchcamp.accounts import sharing
from orchcamp.accounts.sharing import Kind, Level

from .models import Audience

AUDIENCE = Kind(
    Audience,
    (
        Level("view", gettext_lazy("see it"), "view", ("view",)),
        Level("use", gettext_lazy("use it in campaigns and rules"), "use", ("view", "use")),
        Level("change", gettext_lazy("change it"), "change", ("view", "use", "change")),
    ),
    owner=("view", "use", "change", "delete"),
    only_owner=gettext_lazy("Only the owner of an audience and administrators share it."),
)


def declare() -> None:
    """Have audiences shared; called when the applications are ready."""
    sharing.declare(AUDIENCE)
