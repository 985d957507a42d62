"""People: users, product profiles, and the audit trail."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in. Rights come from product profiles, never from ``is_staff``."""

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


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


class AuditEntry(models.Model):
    """Who did what to which object, when. Written by ``audit.record`` only, never changed."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    verb = models.CharField(max_length=60)
    kind = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["kind", "object_id"], name="audit_by_object")]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.label}"
