"""One's own second factor and sessions, on pages of one's account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from . import signed_in_list
from .door import codes
from .door.entering import FACTOR
from .door.forms import ProofForm, SetUpForm
from .models import User

FRESH = timedelta(minutes=10)  # after signing in, nobody asks for the password again


@never_cache
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def two_factor(request: HttpRequest) -> HttpResponse:
    """Set the second factor up, or see that it is on."""
    user: User = request.user  # type: ignore[assignment]
    if codes.is_on(user):
        return _page(request)
    secret = codes.secret_for(request.session)
    form = SetUpForm(user, request.POST or None, fresh=_fresh(request))
    if form.is_valid():
        try:
            made = codes.switch_on(user, secret, form.cleaned_data["code"])
        except codes.CodeError as refusal:
            form.add_error("code", str(refusal))
        else:
            del request.session[codes.SETTING_UP]
            request.session[FACTOR] = codes.TOTP_TYPE
            return _codes(request, made)
    return _page(request, form=form, secret=secret)


@never_cache
@sensitive_post_parameters("proof")
@require_POST
def change_two_factor(request: HttpRequest) -> HttpResponse:
    """Switch it off, or make other recovery codes: whoever does shows that it is they."""
    user: User = request.user  # type: ignore[assignment]
    form = ProofForm(user, request.POST)
    if not form.is_valid():
        return _page(request, proof=form)
    try:
        if request.POST.get("do") == "renew":
            return _codes(request, codes.renew(user))
        codes.switch_off(user)
    except codes.CodeError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, proof=form)
    request.session.pop(FACTOR, None)
    messages.success(request, _("Your second factor is off: the password alone signs you in."))
    return redirect("accounts:account")


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out another browser, or all others."""
    user: User = request.user  # type: ignore[assignment]
    key = request.session.session_key
    if handle := request.POST.get("handle"):
        own = handle == next((row.handle for row in signed_in_list.of(user) if row.pk == key), None)
        if not own and signed_in_list.end(user, handle, by=user):
            messages.success(request, _("That browser is signed out."))
    else:
        n = signed_in_list.end_all(user, by=user, but=key)
        said = ngettext("%(n)s other browser is signed out.", "%(n)s other browsers are signed out.", n)
        messages.success(request, said % {"n": n})
    return redirect("accounts:account")


def _fresh(request: HttpRequest) -> bool:
    row: Any = getattr(request.session, "row", None)
    return bool(row and row.signed_in_at and timezone.now() - row.signed_in_at < FRESH)


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    context = {
        "since": codes.since(user),
        "left": codes.left(user),
        "demanded": codes.is_demanded(user),
        "proof": ProofForm(user),
    }
    if secret := more.get("secret"):
        svg = get_adapter().build_totp_svg(codes.address(user, secret))
        more["picture"] = mark_safe(svg[svg.index("<svg") :])  # noqa: S308 - drawn here, of squares alone
        more["typed"] = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    return render(request, "accounts/two_factor.html", context | more)


def _codes(request: HttpRequest, made: list[str]) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"codes": made, "text": "\r\n".join(made)})
