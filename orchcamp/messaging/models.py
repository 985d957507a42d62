"""Channels as the control plane knows them; the messages themselves lie in the lake."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.access import PermittedQuerySet

SEALED = "sealed.parquet"  # the file name of a plan that is never sent: a dry run's


class Channel(models.TextChoices):
    EMAIL = "email", _("Email")
    SMS = "sms", _("SMS")
    PUSH = "push", _("Push")
    DIRECT_MAIL = "direct_mail", _("Direct mail")


class ChannelConfiguration(models.Model):
    """How messages of one kind leave: sender, server, pace."""

    class Security(models.TextChoices):
        NONE = "none", _("None")
        STARTTLS = "starttls", _("STARTTLS")
        TLS = "tls", _("TLS")

    slug = models.SlugField(unique=True, max_length=60)
    label = models.CharField(_("label"), max_length=120)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices, default=Channel.EMAIL)
    active = models.BooleanField(_("active"), default=True)
    sender_name = models.CharField(_("sender name"), max_length=120)
    sender_address = models.EmailField(_("sender address"))
    reply_to = models.EmailField(_("reply-to address"), blank=True)
    host = models.CharField(
        _("server"),
        max_length=255,
        blank=True,
        help_text=_(
            "Name or address of the SMTP server. Empty: the one of EMAIL_URL, with its port, security and user."
        ),
    )
    port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("security"), max_length=8, choices=Security.choices, default=Security.STARTTLS)
    username = models.CharField(_("user name"), max_length=255, blank=True)
    secret = models.TextField(blank=True, editable=False)  # encrypted; never shown, never exported
    secret_variable = models.CharField(
        _("password from environment variable"),
        max_length=120,
        blank=True,
        help_text=_("Name of an environment variable that holds the password; it goes before the stored one."),
    )
    throttle = models.PositiveIntegerField(
        _("messages per second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(2000)],
        help_text=_("Over all workers. Empty: as fast as the server takes them."),
    )
    consent_column = models.CharField(
        _("consent column"),
        max_length=120,
        blank=True,
        help_text=_("A yes-or-no column of the dimension. Empty cell: consent is taken as given."),
    )
    paced_until = models.DateTimeField(null=True, editable=False)  # the throttle's slots are taken until then

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name = _("channel configuration")
        verbose_name_plural = _("channel configurations")

    def __str__(self) -> str:
        return self.label


class Connection(models.Model):
    """Another program that data goes to: where it is, and the secret between us."""

    class Kind(models.TextChoices):
        SFTP = "sftp", _("SFTP server")
        WEBHOOK = "webhook", _("Webhook: its signature")

    slug = models.SlugField(unique=True, max_length=60)
    label = models.CharField(_("label"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    active = models.BooleanField(_("active"), default=True)
    host = models.CharField(_("server"), max_length=255, blank=True, help_text=_("Name or address of the SFTP server."))
    port = models.PositiveIntegerField(
        _("port"), default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    username = models.CharField(_("user name"), max_length=255, blank=True)
    host_key = models.TextField(
        _("host key"),
        blank=True,
        help_text=_(
            "The server's public key, as in “ssh-ed25519 AAAA…”; “ssh-keyscan SERVER” prints it. Only this one is trusted."
        ),
    )
    secret = models.TextField(blank=True, editable=False)  # encrypted; never shown, never exported
    secret_variable = models.CharField(
        _("secret from environment variable"),
        max_length=120,
        blank=True,
        help_text=_("Name of an environment variable that holds the secret; it goes before the stored one."),
    )

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name = _("connection")
        verbose_name_plural = _("connections")

    def __str__(self) -> str:
        return self.label


class Delivery(models.Model):
    """One channel node of one live run: its plan, its frozen content, and who was left out and why."""

    reference = models.CharField(max_length=80, unique=True)  # "run-node": the plan is made once
    campaign = models.SlugField(max_length=80, db_index=True)  # slug: this layer knows no campaign
    label = models.CharField(max_length=120)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    configuration = models.ForeignKey(ChannelConfiguration, on_delete=models.PROTECT, related_name="deliveries")
    content = models.JSONField(default=dict)
    dimension = models.CharField(max_length=60)
    key = models.JSONField(default=list)
    plan = models.CharField(max_length=200)  # lake path of the plan file
    targeted = models.BigIntegerField(default=0)
    prepared = models.BigIntegerField(default=0)  # targeted = prepared + sum(excluded)
    excluded = models.JSONField(default=dict)  # reason -> rows
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(condition=~models.Q(plan__endswith=SEALED), name="no_delivery_of_a_sealed_plan")
        ]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.label}"


class Consent(models.Model):
    """The last word of an address about a channel; takes effect at once."""

    channel = models.CharField(max_length=12, choices=Channel.choices)
    address = models.CharField(max_length=320)  # lower case
    granted = models.BooleanField()
    source = models.CharField(max_length=60)  # unsubscribe link, one-click, import, person
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="one_consent_per_address")]

    def __str__(self) -> str:
        return f"{self.address}: {'yes' if self.granted else 'no'}"


class Suppression(models.Model):
    """An address, or a domain written ``@example.org``, that gets nothing."""

    class Reason(models.TextChoices):
        MANUAL = "manual", _("Added by a person")
        BOUNCE = "bounce", _("Bounced")
        COMPLAINT = "complaint", _("Complained")

    channel = models.CharField(max_length=12, choices=Channel.choices, default=Channel.EMAIL)
    address = models.CharField(_("address or @domain"), max_length=320)
    reason = models.CharField(max_length=10, choices=Reason.choices, default=Reason.MANUAL)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="one_suppression_per_address")]

    def __str__(self) -> str:
        return self.address


class SeedAddress(models.Model):
    """A colleague's address that proofs may go to."""

    label = models.CharField(_("name"), max_length=120)
    address = models.EmailField(_("address"), unique=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return f"{self.label} <{self.address}>"


class TrackingEvent(models.Model):
    """One thing a recipient did; appended as it arrives."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Opened")
        CLICK = "click", _("Clicked")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscribed")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="events")
    message_id = models.CharField(max_length=32)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    url = models.TextField(blank=True)
    agent = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["delivery", "kind", "message_id"], name="events_by_delivery")]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"
