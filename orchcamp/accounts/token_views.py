"""One's own tokens, on the page of one's account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from . import tokens
from .forms import TokenForm
from .models import ApiToken
from .views import account_page


@require_POST
@never_cache  # the secret is on the page this once
def make(request: HttpRequest) -> HttpResponse:
    """Make a token and show its secret, here and never again."""
    form = TokenForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            token, secret = tokens.make(
                request.user, given["name"], expires_at=form.expires_at, campaigns=given["campaigns"]
            )
            return account_page(request, made=token, secret=secret)
        except tokens.TokenError as refusal:
            form.add_error("name", str(refusal))
    return account_page(request, token_form=form)


@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Close one of one's own tokens for good."""
    token = get_object_or_404(ApiToken, owner=request.user, pk=token_id)
    if tokens.revoke(token, by=request.user):
        messages.success(request, _("“%(name)s” is revoked: it opens nothing any more.") % {"name": token.name})
    return redirect("accounts:account")
