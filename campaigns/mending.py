"""What a person reads when a node failed for a reason that nobody foresaw: what it was, and what to do."""

from __future__ import annotations

import errno

from django.db import DatabaseError
from django.utils.translation import gettext as _

FULL = {errno.ENOSPC, errno.EDQUOT}


def sentence(error: Exception) -> str:
    """What, where the place is not the node itself, and the mend. Never a value of the data: logs are read by many."""
    kind = type(error).__name__
    if kind == "OutOfMemoryException" or isinstance(error, MemoryError):
        return _(
            "It needs more memory than the engine may use. Narrow the rows before this node, or have “memory_limit” "
            "in ORCHCAMP_ENGINE raised; then try it again."
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return _("The disk of the lake is full. Have room made on it (ORCHCAMP_LAKE), then try it again.")
    if isinstance(error, PermissionError):
        return _("The worker may not write into the lake. Have the rights of ORCHCAMP_LAKE checked, then try it again.")
    if isinstance(error, DatabaseError):
        return _("The database did not answer (%(kind)s). Try it again in a moment.") % {"kind": kind}
    return _(
        "Something unexpected went wrong (%(kind)s). Try it again; if it stays, give this sentence and the time to an "
        "administrator: the server's log has the details."
    ) % {"kind": kind}
