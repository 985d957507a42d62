"""What the log leaves out because it is an answer, not an event."""

from __future__ import annotations

import logging


class Expected(logging.Filter):
    """Leaves out the health page saying that something is unwell, and what people asked for and may not have or is not
    there: the page says it to whoever asked.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != "django.request":
            return True
        request, status = getattr(record, "request", None), getattr(record, "status_code", 0)
        return status not in (403, 404) and getattr(request, "path", "") != "/health"
