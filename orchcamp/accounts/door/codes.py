"""The second factor: one-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .. import access, audit
from ..models import User
from ..roles import ADMINISTRATOR
from . import limits

SETTING_UP = "door.secret"  # in the session: the secret that a QR code shows, not in force yet
TOTP_TYPE, RECOVERY = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES


class CodeError(Refused):
    """A code that opens nothing, or a second factor that cannot be changed so."""


class Adapter(DefaultMFAAdapter):
    """Secrets lie encrypted in the database, under a key made of this installation's secret."""

    def get_totp_label(self, user: Any) -> str:
        return user.username

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise CodeError(
                _("Your second factor cannot be read any more: ask an administrator to reset it.")
            ) from None


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(b"orchcamp.second-factor" + str(secret).encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def is_on(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=TOTP_TYPE).exists()


def since(user: User) -> Any:
    """When it was switched on; None while it is off."""
    return Authenticator.objects.filter(user=user, type=TOTP_TYPE).values_list("created_at", flat=True).first()


def left(user: User) -> int:
    """How many recovery codes are unused."""
    found = Authenticator.objects.filter(user=user, type=RECOVERY).first()
    return len(RecoveryCodes(found).get_unused_codes()) if found else 0


def is_demanded(user: User) -> bool:
    """Whether one of the person's profiles may not be used without a second factor."""
    slugs = access.profile_slugs(user) | ({ADMINISTRATOR} if user.is_superuser else frozenset())
    return bool(settings.REQUIRE_TWO_FACTOR & slugs)


# --- Switching on and off ----------------------------------------------------------------------------


def secret_for(session: Any) -> str:
    """The secret that is being set up, kept in the session until a code of it was shown."""
    if SETTING_UP not in session:
        session[SETTING_UP] = generate_totp_secret()
    return session[SETTING_UP]


def address(user: User, secret: str) -> str:
    return get_adapter().build_totp_url(user, secret)


def switch_on(user: User, secret: str, code: str) -> list[str]:
    """Put the secret in force once a code of it is shown; the recovery codes, which nobody can read again."""
    _demand_attempts(user)
    given = cleaned(code)
    if not validate_totp_code(secret, given):
        raise CodeError(_("This is not the code of the moment: check the clock of the phone, and type the next one."))
    try:
        with transaction.atomic():
            totp = TOTP.activate(user, secret)
            totp.validate_code(given)  # it is used up by this
            made = _new_recovery_codes(user)
            audit.record(user, "switched on the second factor", user)
    except IntegrityError:
        raise CodeError(_("Your second factor is on already; reload the page.")) from None
    limits.clear(user)
    return made


def switch_off(user: User) -> None:
    """By the person, who has just shown a password or a code."""
    if is_demanded(user):
        raise CodeError(_("Your product profile demands a second factor: it cannot be switched off."))
    with transaction.atomic():
        if _remove(user):
            audit.record(user, "switched off the second factor", user)


def reset(user: User, *, by: User) -> bool:
    """By an administrator, for somebody who lost phone and recovery codes; whether there was anything to reset."""
    with transaction.atomic():
        if not _remove(user):
            return False
        audit.record(by, "reset the second factor", user)
    return True


def renew(user: User) -> list[str]:
    """Other recovery codes: the old open nothing from now on."""
    if not is_on(user):
        raise CodeError(_("Switch the second factor on first: recovery codes are for when its phone is lost."))
    with transaction.atomic():
        made = _new_recovery_codes(user)
        audit.record(user, "made new recovery codes", user)
    return made


def _remove(user: User) -> int:
    return Authenticator.objects.filter(user=user).delete()[0]


def _new_recovery_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=RECOVERY).delete()
    return RecoveryCodes.activate(user).get_unused_codes()


# --- Being asked -------------------------------------------------------------------------------------


def check(user: User, code: str) -> str:
    """What the code was, ``totp`` or ``recovery_codes``; each opens once. Raises CodeError."""
    _demand_attempts(user)
    return _open(user, code)


def prove(user: User, given: str) -> None:
    """That it is the person who sits there: by their password, or by a code. Raises CodeError."""
    _demand_attempts(user)
    if user.has_usable_password() and user.check_password(given):
        limits.clear(user)
        return
    _open(user, given)


def _open(user: User, code: str) -> str:
    given = cleaned(code)
    for row in _authenticators(user):
        if given and row.wrap().validate_code(given):
            row.record_usage()
            limits.clear(user)
            if row.type == RECOVERY:
                audit.record(user, "used a recovery code", user, left=left(user))
            return str(row.type)
    raise CodeError(_("This code opens nothing: each code is good once and for half a minute. Type the next one."))


def _authenticators(user: User) -> Iterable[Authenticator]:
    return Authenticator.objects.filter(user=user, type__in=[TOTP_TYPE, RECOVERY]).order_by("-type")


def _demand_attempts(user: User) -> None:
    if limits.too_many(user):
        raise CodeError(
            _("There were too many wrong codes; wait %(n)d minutes, then try again.") % {"n": limits.WHILE // 60}
        )


def cleaned(code: str) -> str:
    """Without the spaces and dashes that people type between the digits."""
    return re.sub(r"[\s-]", "", code)[:20]
