"""Who signed in and out, and who tried: in the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from . import audit, signed_in_list

MOST = 60  # characters of a name that somebody typed


def signed_in(sender: Any, user: Any, **kwargs: Any) -> None:
    request = kwargs.get("request")
    audit.record(user, "signed in", user, **getattr(request, "signing_in", {}))
    signed_in_list.note(request)


def signed_out(sender: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        audit.record(user, "signed out", user)


def refused(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """A name and no more: what was typed for a password is told to nobody."""
    name = str(credentials.get("username") or "")[:MOST]
    verb = "gave a wrong code" if credentials.get("second_factor") else "could not sign in"
    audit.record(None, verb, username=name.replace("\0", ""))


def listen() -> None:
    user_logged_in.connect(signed_in, dispatch_uid="orchcamp.accounts.signed_in")
    user_logged_out.connect(signed_out, dispatch_uid="orchcamp.accounts.signed_out")
    user_login_failed.connect(refused, dispatch_uid="orchcamp.accounts.refused")
