"""Signing in: by password, by single sign-on, and by a second factor after either."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from requests import RequestException

from .. import audit
from . import codes, entering
from .arriving import NotLetIn
from .forms import CodeForm
from .provider import Exchange

logger = logging.getLogger(__name__)
DEMO_PEOPLE = (
    ("manager", "edit_square", gettext_lazy("Designs and tests campaigns")),
    ("approver", "approval", gettext_lazy("Approves, publishes and confirms")),
    ("administrator", "manage_accounts", gettext_lazy("Sets up data, channels and people")),
    ("viewer", "visibility", gettext_lazy("Reads campaigns and reports")),
)


class SignIn(auth_views.LoginView):
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {"demo_people": DEMO_PEOPLE, "sso": settings.SINGLE_SIGN_ON, "password_open": settings.PASSWORD_SIGN_IN}
        return super().get_context_data(**kwargs) | more

    def form_valid(self, form: Any) -> HttpResponse:
        return entering.enter(self.request, form.get_user(), way=entering.PASSWORD, next_url=self.get_redirect_url())


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The code that stands between the first factor and the inside."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    user = entering.waiting(request)
    if user is None:
        messages.error(request, _("Signing in took too long, or was not begun in this browser: begin again."))
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            return entering.complete(request, user, form.cleaned_data["code"])
        except codes.CodeError as refusal:
            form.add_error("code", str(refusal))
    return render(request, "accounts/second_factor.html", {"form": form, "name": user.username})


@login_not_required
@never_cache
@require_POST
def sso(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider. By a page that goes on by itself: the content policy lets no form lead out."""
    exchange = _exchange(request)
    nonce = secrets.token_urlsafe(24)
    try:
        provider = exchange.get_provider()
        answer = provider.redirect(
            request,
            AuthProcess.LOGIN,
            next_url=entering.safe(request, request.POST.get("next")),
            data={"nonce": nonce},
            auth_params={"nonce": nonce},
        )
    except (RequestException, OAuth2Error, KeyError, ValueError) as error:
        return _not_let_in(request, _no_answer(error))
    return render(request, "accounts/leaving.html", {"address": answer["Location"], "label": provider.name})


@login_not_required
@never_cache
@require_GET
def sso_callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider, with a code or an error."""
    exchange = _exchange(request)
    try:
        return OAuth2CallbackView.adapter_view(exchange)(request)
    except NotLetIn as refusal:
        return _not_let_in(request, refusal)
    except (RequestException, OAuth2Error, KeyError, ValueError, TypeError, AttributeError) as error:
        return _not_let_in(request, _no_answer(error))


def _exchange(request: HttpRequest) -> Exchange:
    if settings.SINGLE_SIGN_ON is None:
        raise Http404
    return Exchange(request, settings.SINGLE_SIGN_ON.issuer)


def _no_answer(error: Exception) -> NotLetIn:
    """What a provider answers is not in our hands: whatever is wrong with it, it lets nobody in."""
    logger.warning("single sign-on: %s", error)
    return NotLetIn(
        _("The provider of single sign-on does not answer as it should: try again, or tell an administrator."),
        f"{type(error).__name__}: {error}"[:300],
    )


def _not_let_in(request: HttpRequest, refusal: NotLetIn) -> HttpResponse:
    audit.record(None, "could not sign in", way=entering.SINGLE_SIGN_ON, why=refusal.why)
    messages.error(request, str(refusal))
    return redirect("accounts:login")
