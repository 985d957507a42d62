"""The settings of the test suite, on top of the product's own."""

from orchcamp.settings import *  # noqa: F403
from orchcamp.settings import Q_CLUSTER

DEBUG = False
SECRET_KEY = "tests-only"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
Q_CLUSTER = Q_CLUSTER | {"sync": True}
ALLOWED_HOSTS = ["*"]
DATA_DIR = LAKE_DIR = None  # every test gets its own by the ``data_dir`` fixture
STATIC_ROOT = None
WHITENOISE_AUTOREFRESH = True  # look for a file when it is asked for, not for all of them in every test
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
