"""Every setting, read from the environment; safe unless the environment says otherwise."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.door import single_sign_on
from orchcamp.web import keys

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, default: str = "") -> bool:
    return env(name, default).lower() in {"1", "true", "yes", "on"}


def env_names(name: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in env(name).split(",") if part.strip())


def env_int(name: str, default: int) -> int:
    value = env(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not “{value}”.")
    return int(value)


def env_zone(name: str) -> str:
    try:
        return ZoneInfo(env(name) or "UTC").key
    except (KeyError, ValueError, OSError):
        raise ImproperlyConfigured(f"{name}: there is no time zone “{env(name)}”; one is Europe/Paris.") from None


def env_database(name: str, default: str) -> dict[str, Any]:
    try:
        found = dict(dj_database_url.parse(env(name) or default, conn_max_age=60))
    except Exception as error:  # each of its refusals has a class of its own
        raise ImproperlyConfigured(f"{name} cannot be read: {error}") from None
    if not str(found.get("ENGINE", "")).endswith(("sqlite3", "postgresql")):
        raise ImproperlyConfigured(f"{name} must begin with postgres:// or sqlite:///.")
    return found


def env_mail(name: str) -> tuple[str, int, str, str, bool, bool]:
    """The mail server as Django wants it; what cannot be read is said by ``manage.py check`` and to whoever sends."""
    try:
        parts = urlsplit(env(name))
        security, port = parts.scheme.partition("+")[2] or parts.scheme, parts.port
    except ValueError:
        return "", 25, "", "", False, False
    tls, ssl = security == "tls", security in {"smtps", "ssl"}
    default = 587 if tls else 465 if ssl else 25
    return parts.hostname or "", port or default, unquote(parts.username or ""), unquote(parts.password or ""), tls, ssl


def made(folder: Path) -> Path:
    """The folder, there and writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {folder} cannot be made: {error.strerror}. Set ORCHCAMP_DATA to one that can."
        ) from None
    return folder


def env_secret(name: str, folder: Path) -> str:
    """The secret from the environment, else from a file that is made once, readable by its owner only."""
    if value := env(name):
        return value
    try:
        return keys.kept(made(folder) / name.lower().removeprefix("orchcamp_"), lambda: secrets.token_urlsafe(64))
    except OSError as error:
        raise ImproperlyConfigured(f"{error.filename} cannot be used: {error.strerror}. Set {name}.") from None


# --- Where things are kept ---------------------------------------------------------------------

DATA_DIR = made(Path(env("ORCHCAMP_DATA") or BASE_DIR / "var").resolve())
LAKE_DIR = Path(env("ORCHCAMP_LAKE") or DATA_DIR / "lake").resolve()
ENGINE = env("ORCHCAMP_ENGINE", "duckdb://")
TRANSFER_DIRS = [Path(place).resolve() for place in env("ORCHCAMP_TRANSFER_DIRS").split(",") if place.strip()]
WEBHOOK_HOSTS = [host.strip().lower() for host in env("ORCHCAMP_WEBHOOK_HOSTS").split(",") if host.strip()]

METRICS_TOKEN = env("ORCHCAMP_METRICS_TOKEN")  # who shows it may read /metrics and the details of /health

# --- Safety ------------------------------------------------------------------------------------

DEMO = env_bool("ORCHCAMP_DEMO")
DEBUG = env_bool("ORCHCAMP_DEBUG")
SECRET_KEY = env_secret("ORCHCAMP_SECRET_KEY", DATA_DIR / "keys")
BASE_URL = env("ORCHCAMP_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
TLS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = [host for host in env("ORCHCAMP_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if host]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^metrics$"]
CSRF_FAILURE_VIEW = "orchcamp.web.pages.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # but for the sandboxed preview of a mail, which our own pages frame

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

# --- Applications ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "orchcamp.accounts.admin_app.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "guardian",
    "django_q",
    "orchcamp.web",
    "orchcamp.accounts",
    "orchcamp.datasets",
    "orchcamp.messaging",
    "activities",
    "campaigns",
]

MIDDLEWARE = [
    "orchcamp.web.middleware.NoNulMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "orchcamp.accounts.audit.SourceMiddleware",
    "orchcamp.accounts.granting.Middleware",
    "orchcamp.datasets.reading.Middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "orchcamp.web.middleware.ExpiredSessionMiddleware",
    "orchcamp.accounts.sessions.SeenMiddleware",
    "orchcamp.accounts.door.middleware.SecondFactorMiddleware",
    "orchcamp.accounts.looking.middleware.LookingMiddleware",
    "csp.middleware.CSPMiddleware",
    "orchcamp.web.middleware.AdminPolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "orchcamp.urls"
WSGI_APPLICATION = "orchcamp.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "orchcamp.web.navigation.context",
            ],
        },
    },
]

FORM_RENDERER = "orchcamp.web.forms.Renderer"

# --- Database, cache, queue --------------------------------------------------------------------

DATABASES = {"default": env_database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'orchcamp.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if env("REDIS_URL"):
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env("REDIS_URL")}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_entries"}}

# timeout < lease of our own rows <= retry; libraries of this design: our rows hold the truth, the queue only nudges.
Q_CLUSTER = {
    "name": "orchcamp",
    "orm": "default",
    "workers": env_int("ORCHCAMP_WORKERS", 2),
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.2,
    "recycle": 500,
    "timeout": 300,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 0,
    "catch_up": False,
    "label": _("Queue"),
}

# --- People ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "orchcamp.accounts.backends.PasswordBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ANONYMOUS_USER_NAME = None
LOGIN_URL = reverse_lazy("accounts:login")
LOGIN_REDIRECT_URL = reverse_lazy("campaigns:home")
LOGOUT_REDIRECT_URL = LOGIN_URL
SESSION_ENGINE = "orchcamp.accounts.sessions"
PASSWORD_SIGN_IN = env_bool("ORCHCAMP_PASSWORD_SIGN_IN", "on")  # closed, it is left to superusers
REQUIRE_TWO_FACTOR = env_names("ORCHCAMP_REQUIRE_TWO_FACTOR")  # slugs of product profiles
SINGLE_SIGN_ON = single_sign_on.from_environment(os.environ)
SOCIALACCOUNT_ADAPTER = "orchcamp.accounts.door.provider.Adapter"
MFA_ADAPTER = "orchcamp.accounts.door.codes.Adapter"
MFA_TOTP_ISSUER = "Orchcamp"
MFA_TOTP_TOLERANCE = 1  # periods by which a clock may be wrong
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- Words, files, mail ------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "orchcamp" / "locale"]
TIME_ZONE = env_zone("ORCHCAMP_TIME_ZONE")
USE_TZ = USE_I18N = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = made(DATA_DIR / "static")  # WhiteNoise warns where there is none
STATICFILES_DIRS = [BASE_DIR / "orchcamp" / "static"]
WHITENOISE_USE_FINDERS = True  # nothing to collect in the demo and in tests

EMAIL_URL = env("EMAIL_URL")
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = env_mail("EMAIL_URL")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("ORCHCAMP_MAIL_FROM", "orchcamp@localhost")  # of what supervisors are written
# Seconds until a message that a server deferred is tried again; after the last it is refused.
SENDING_BACKOFF = [int(part) for part in env("ORCHCAMP_RETRY_AFTER", "60,300,900,3600,14400").split(",") if part]
SIGNAL_INTERVAL = env_int("ORCHCAMP_SIGNAL_INTERVAL", 3600)  # seconds between two runs that programs begin by a signal
JOURNAL_FSYNC = env_bool("ORCHCAMP_JOURNAL_FSYNC")  # outlive a power cut too, not only a killed worker (docs/adr/0010)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a rule of a thousand conditions has that many inputs
FILE_UPLOAD_TEMP_DIR = None
SINK_PORT = env_int("ORCHCAMP_SINK_PORT", 2525)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"expected": {"()": "orchcamp.web.logs.Expected"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["expected"]}},
    "root": {"handlers": ["console"], "level": env("ORCHCAMP_LOG_LEVEL", "INFO")},
    "loggers": {"django-q": {"level": "WARNING"}, "axes": {"level": "WARNING"}, "mail.log": {"level": "WARNING"}},
}

UNFOLD = {  # the skin of the administration, in the colours of tokens.css
    "SITE_TITLE": "Orchcamp",
    "SITE_HEADER": "Orchcamp",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_SYMBOL": "hub",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("orchcamp/mark.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("orchcamp/admin.css")],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "#eff4ff",
            "100": "#dfe9fe",
            "200": "#c3d4fd",
            "300": "#9ab5fb",
            "400": "#6a91f7",
            "500": "#4470ee",
            "600": "#2350e0",
            "700": "#1d43bf",
            "800": "#1d3a99",
            "900": "#1d3579",
            "950": "#15214a",
        },
    },
    "SIDEBAR": {"show_search": False, "navigation": "orchcamp.accounts.administration.navigation"},
}
