"""Signing in, and one's own account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from . import audit, roles
from .forms import DetailsForm, PasswordForm, TokenForm
from .models import User

DEMO_PEOPLE = (
    ("manager", "edit_square", gettext_lazy("Designs and tests campaigns")),
    ("approver", "approval", gettext_lazy("Approves, publishes and confirms")),
    ("administrator", "manage_accounts", gettext_lazy("Sets up data, channels and people")),
    ("viewer", "visibility", gettext_lazy("Reads campaigns and reports")),
)


class SignIn(auth_views.LoginView):
    redirect_authenticated_user = True
    extra_context = {"demo_people": DEMO_PEOPLE}


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The person's own name, address and password."""
    part = request.POST.get("part")
    person = User.objects.get(pk=request.user.pk)  # the form writes into it, even when it is not valid
    details = DetailsForm(request.POST if part == "details" else None, instance=person)
    password = PasswordForm(person, request.POST if part == "password" else None)
    if details.is_valid():
        changes = audit.differences(details.initial, details.cleaned_data)
        details.save()
        audit.record(person, "changed own details", person, changes=changes)
        messages.success(request, _("Your details are saved."))
        return redirect("accounts:account")
    if password.is_valid():
        password.save()
        update_session_auth_hash(request, person)
        audit.record(person, "changed the password", person)
        messages.success(request, _("Your password is changed. Other browsers are signed out."))
        return redirect("accounts:account")
    return account_page(request, details=details, password=password)


def account_page(request: HttpRequest, **more: Any) -> HttpResponse:
    """The page of one's own account, with the forms that were filled in."""
    context: dict[str, Any] = {
        "details": DetailsForm(instance=request.user),
        "password": PasswordForm(request.user),
        "rights": roles.rights_of(request.user),
        "tokens": request.user.api_tokens.all(),
        "token_form": TokenForm(initial={"campaigns": request.GET.get("campaign", "")}),
    }
    return render(request, "accounts/account.html", context | more)
