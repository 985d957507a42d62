"""What is kept for how long, and its removal: rows are marked, files removed, then rows; see docs/adr/0023-retention.md."""

from .installation import change, claim_daily, installation, removed_at
from .purging import purge

__all__ = ["change", "claim_daily", "installation", "purge", "removed_at"]
