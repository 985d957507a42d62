"""How a benchmark begins: an installation of its own in a folder, and nothing else on its database."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

SETTINGS = "DJANGO_SETTINGS_MODULE"


def begin(folder: str | Path, **environment: str) -> None:
    """Set up Django on an empty data folder and make its tables; ``environment`` is set before."""
    os.environ |= {"ORCHCAMP_DATA": str(folder), SETTINGS: "orchcamp.settings", **environment}
    from django.conf import settings
    from django.core.management import call_command

    importlib.import_module("orchcamp.wsgi")  # as the server begins: all loaded, and then out of the collector's way
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    call_command("migrate", verbosity=0)
