"""What the log leaves out because it is an answer, not an event."""

from __future__ import annotations

import logging


class Expected(logging.Filter):
    """Leaves out what the answer itself says to whoever asked: that the health page found something unwell, and that a
    request was wrong, forbidden, late, or for something that is not there.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != "django.request":
            return True
        request, status = getattr(record, "request", None), getattr(record, "status_code", 0)
        return status >= 500 and getattr(request, "path", "") != "/health"
