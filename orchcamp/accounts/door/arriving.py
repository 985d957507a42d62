"""Who somebody is here whom the provider of single sign-on names: linked, found by address, made, or not let in."""

from __future__ import annotations

import re
from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .. import audit
from ..models import ProductProfile, User
from ..roles import ADMINISTRATOR
from .single_sign_on import SingleSignOn

KEPT = ("sub", "email", "email_verified", "preferred_username", "name")  # of the claims; the rest is forgotten
LONGEST = 150


class NotLetIn(Refused):
    """Whom the provider knows and this site does not let in; ``why`` is for the audit trail."""

    def __init__(self, sentence: str, why: str = ""):
        super().__init__(sentence)
        self.why = why or sentence


def person(sociallogin: SocialLogin, sso: SingleSignOn) -> User:
    """The person of these claims, who may sign in; their profiles follow the claims. Raises NotLetIn."""
    claims = sociallogin.account.extra_data
    account = sociallogin.account
    account.extra_data = {name: claims[name] for name in KEPT if name in claims}
    try:
        with transaction.atomic():
            user = _linked(account) or _by_email(account, claims, sso) or _made(account, claims, sso)
            if not user.is_active:
                raise NotLetIn(_("You may not sign in any more: ask an administrator."), f"{user} is not active")
            _follow(user, claims, sso)
    except IntegrityError:  # the same person in two windows at once
        raise NotLetIn(_("You are signing in twice at the same moment: try again."), "at once") from None
    return user


def _linked(account: SocialAccount) -> User | None:
    found = SocialAccount.objects.filter(provider=account.provider, uid=account.uid).select_related("user").first()
    if found is None:
        return None
    found.extra_data = account.extra_data
    found.save(update_fields=["extra_data", "last_login"])
    return found.user


def _by_email(account: SocialAccount, claims: dict[str, Any], sso: SingleSignOn) -> User | None:
    """Somebody who is here already, by an address that the provider has verified and that is theirs alone."""
    email = _email(claims)
    found = list(User.objects.filter(email__iexact=email)[:2]) if email else []
    if not found:
        return None
    sentence = _(
        "There is somebody with your mail address here who is not linked with the provider: ask an administrator."
    )
    if not sso.links_by_email:
        raise NotLetIn(sentence, "linking by address is off")
    if not _verified(claims):
        raise NotLetIn(sentence, f"{email} is not verified by the provider")
    if len(found) > 1:
        raise NotLetIn(sentence, f"{email} is the address of several people")
    user = found[0]
    if user.is_superuser:
        raise NotLetIn(sentence, f"{user} is a superuser, who is never linked by address")
    if SocialAccount.objects.filter(user=user, provider=account.provider).exists():
        raise NotLetIn(sentence, f"{user} is linked with another subject of the provider")
    _link(user, account)
    return user


def _made(account: SocialAccount, claims: dict[str, Any], sso: SingleSignOn) -> User:
    if not sso.creates:
        raise NotLetIn(
            _("You are not known here: ask an administrator to add you with the mail address of the provider."),
            f"{_email(claims) or account.uid} is not known",
        )
    email = _email(claims)
    if not _verified(claims):
        email = ""  # nobody's word for it
    first, _space, last = str(claims.get("name") or "").partition(" ")
    user = User(
        username=_username(claims, account.uid),
        email=email,
        first_name=str(claims.get("given_name") or first)[:LONGEST],
        last_name=str(claims.get("family_name") or last)[:LONGEST],
    )
    user.set_unusable_password()
    user.save()
    audit.record(user, "created", user, by="single sign-on", subject=account.uid)
    if sso.profile:
        user.groups.add(*Group.objects.filter(profile__slug=sso.profile))
    _link(user, account)
    return user


def _link(user: User, account: SocialAccount) -> None:
    account.user = user
    account.save()
    audit.record(user, "linked with single sign-on", user, issuer=account.provider, subject=account.uid)


def _follow(user: User, claims: dict[str, Any], sso: SingleSignOn) -> None:
    """Give and take those profiles that claims decide about; never take the last administrator."""
    if not sso.groups_claim or not sso.profiles:
        return
    told = claims.get(sso.groups_claim)
    values = {str(value) for value in (told if isinstance(told, list) else [told] if told else [])}
    wanted = {slug for value, slug in sso.profiles if value in values}
    decided = {slug for _value, slug in sso.profiles}
    held = set(ProductProfile.objects.filter(group__user=user).values_list("slug", flat=True))
    gone = (held & decided) - wanted
    if ADMINISTRATOR in gone and not _others_administer(user):
        gone -= {ADMINISTRATOR}
    given = wanted - held
    if not given and not gone:
        return
    user.groups.add(*Group.objects.filter(profile__slug__in=given))
    user.groups.remove(*Group.objects.filter(profile__slug__in=gone))
    after = sorted((held | given) - gone)
    audit.record(user, "changed", user, by="single sign-on", changes={"profiles": [sorted(held), after]})


def _others_administer(user: User) -> bool:
    found = User.objects.filter(is_active=True, groups__profile__slug=ADMINISTRATOR)
    return found.exclude(pk=user.pk).exists()


def _verified(claims: dict[str, Any]) -> bool:
    """Whether the provider vouches for the address; some say it in a text."""
    told = claims.get("email_verified")
    return told is True or told == "true"


def _email(claims: dict[str, Any]) -> str:
    email = str(claims.get("email") or "").strip()
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email[:254]


def _username(claims: dict[str, Any], uid: str) -> str:
    """What the provider calls them, made to fit, and with a number where it is taken."""
    wanted = str(claims.get("preferred_username") or _email(claims).partition("@")[0] or uid)
    base = re.sub(r"[^\w.@+-]", "-", wanted)[: LONGEST - 5].strip("-") or "person"
    taken = {
        name.lower() for name in User.objects.filter(username__istartswith=base).values_list("username", flat=True)
    }
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name.lower() not in taken)
