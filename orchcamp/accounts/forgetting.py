"""What of people is past its time: sessions that ran out, and files that nobody applied."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from .models import PeopleImport
from .sessions import SessionStore

KEPT = timedelta(days=1)  # of a file of people


def forget() -> None:
    """May be called at any time by any worker."""
    SessionStore.clear_expired()
    forget_files()


def forget_files() -> None:
    PeopleImport.objects.filter(made_at__lt=timezone.now() - KEPT).delete()
