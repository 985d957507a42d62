"""People: users, product profiles, and the audit trail."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import devices
from .notification import DigestTime, Letter, Notification, NotificationPreference

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditQuerySet",
    "BrowserSession",
    "DigestTime",
    "Letter",
    "Notification",
    "NotificationPreference",
    "PeopleImport",
    "ProductProfile",
    "Team",
    "User",
]


def new_handle() -> str:
    return secrets.token_urlsafe(12)


NAMES = ("first_name", "last_name", "username")  # what a person is called by


def name_of(first: str | None, last: str | None, username: str | None) -> str:
    """What a person is called, from the values of ``NAMES``; nothing where there is no person."""
    return f"{first or ''} {last or ''}".strip() or username or ""


class User(AbstractUser):
    """A person who signs in. Rights come from product profiles, never from ``is_staff``."""

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"
        permissions = [("look_as", _("look as another person, read-only"))]

    def __str__(self) -> str:
        return name_of(self.first_name, self.last_name, self.username)


class ProductProfile(models.Model):
    """A named role: an auth group that holds model permissions, and how far they reach."""

    slug = models.SlugField(unique=True)
    label = models.CharField(_("label"), max_length=80)
    description = models.TextField(_("description"), blank=True)
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="profile", verbose_name=_("group"))
    everywhere = models.BooleanField(
        _("everywhere"),
        default=True,
        help_text=_(
            "Reaches every campaign. If off, only those campaigns and folders that are shared with its members."
        ),
    )
    built_in = models.BooleanField(_("built in"), default=False, editable=False)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("product profile")
        verbose_name_plural = _("product profiles")

    def __str__(self) -> str:
        return self.label


class Team(Group):
    """A group of people that is no profile: what is shared, asked and given to several at once. It holds no rights."""

    class Meta:
        proxy = True
        verbose_name = _("group")
        verbose_name_plural = _("groups")


class ApiToken(models.Model):
    """A secret by which a program acts as the person who made it; only a digest of the secret is kept (docs/adr/0022)."""

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("acts as")
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    campaigns = models.JSONField(_("only for"), default=list, blank=True)  # slugs; none: all that its owner reaches
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(revoked_at=None), name="one_token_of_a_name_in_use"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_good(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and not self.is_expired

    def covers(self, slug: str) -> bool:
        """Whether it is meant for a campaign."""
        return not self.campaigns or slug in self.campaigns


class BrowserSession(AbstractBaseSession):
    """A session of Django's, and whose it is. Its key opens it: pages name it by its handle, never by its key."""

    handle = models.CharField(max_length=24, unique=True, editable=False, default=new_handle)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.CASCADE, related_name="browser_sessions"
    )
    agent = models.CharField(_("device"), max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=80, blank=True)
    way = models.CharField(_("by"), max_length=20, blank=True)
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    class Meta:
        default_permissions = ()
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return self.device

    @classmethod
    def get_session_store_class(cls) -> Any:
        from .sessions import SessionStore

        return SessionStore

    @property
    def device(self) -> str:
        return devices.words(self.agent)

    @property
    def is_phone(self) -> bool:
        return devices.is_phone(self.agent)


class PeopleImport(models.Model):
    """A file of people that somebody looks through before it is applied; the file is forgotten with that."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    name = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class AuditQuerySet(models.QuerySet):
    """Entries are added and read; nothing changes them, and only ``forget`` takes the oldest away."""

    def update(self, **_values: Any) -> int:
        raise TypeError("The audit trail is append-only: an entry is never changed.")

    def delete(self) -> Any:
        raise TypeError("The audit trail is append-only: see AuditQuerySet.forget.")

    def forget(self, before: datetime, *, most: int | None = None) -> int:
        """Remove the entries that are older than the retention of the trail, the oldest first; how many there were."""
        old = self.filter(at__lt=before)
        if most is not None:
            old = self.filter(pk__in=list(old.order_by("at", "pk").values_list("pk", flat=True)[:most]))
        return super(AuditQuerySet, old).delete()[0]


class AuditEntry(models.Model):
    """Who did what to which object, when and from where. Written by ``audit.record`` only, never changed."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    verb = models.CharField(max_length=60)
    kind = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=80, blank=True)  # the address of a request, or the system
    facts = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["kind", "object_id"], name="audit_by_object"),
            models.Index(fields=["actor", "-at"], name="audit_by_actor"),
        ]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The audit trail is append-only: an entry is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("The audit trail is append-only: see AuditQuerySet.forget.")
