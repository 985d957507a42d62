"""Signing in, and one's own account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import audit, roles, signed_in_list
from .door import codes
from .forms import DetailsForm, PasswordForm, TokenForm
from .models import User


class SetPassword(auth_views.PasswordResetConfirmView):
    """The first password, or another, by a link that is good once."""

    template_name = "accounts/set_password.html"
    success_url = reverse_lazy("accounts:login")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        audit.record(self.user, "changed the password", self.user, by="one-time link")
        signed_in_list.end_all(self.user, by=self.user, why="password changed")
        messages.success(self.request, _("Your password is set: sign in with it."))
        return answer


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
        signed_in_list.end_all(person, by=person, but=request.session.session_key, why="password changed")
        messages.success(request, _("Your password is changed. Other browsers are signed out."))
        return redirect("accounts:account")
    return account_page(request, details=details, password=password)


def account_page(request: HttpRequest, **more: Any) -> HttpResponse:
    """The page of one's own account, with the forms that were filled in."""
    context: dict[str, Any] = {
        "details": DetailsForm(instance=request.user),
        "password": PasswordForm(request.user),
        "by_password": request.user.has_usable_password() and (settings.PASSWORD_SIGN_IN or request.user.is_superuser),
        "second_factor": codes.since(request.user),
        "sessions": signed_in_list.of(request.user),
        "this_session": request.session.session_key,
        "rights": roles.rights_of(request.user),
        "tokens": request.user.api_tokens.all(),
        "token_form": TokenForm(initial={"campaigns": request.GET.get("campaign", "")}),
    }
    return render(request, "accounts/account.html", context | more)
