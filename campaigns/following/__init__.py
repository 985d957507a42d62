"""Following campaigns: who hears what happens to one, by their own choice or because they own, edit or supervise it."""

from .choosing import extent, extent_for, follow, followers
from .events import happened
from .supervisors import supervisors, unseeing

__all__ = ["extent", "extent_for", "follow", "followers", "happened", "supervisors", "unseeing"]
