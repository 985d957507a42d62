"""Following campaigns: who hears what happens to one, by their own choice or because they own, edit or supervise it."""

from .choosing import extents, follow, followers
from .events import happened
from .supervisors import supervisors, unseeing

__all__ = ["extents", "follow", "followers", "happened", "supervisors", "unseeing"]
