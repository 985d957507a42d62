"""A browser in words: enough to recognise one's own, not more."""

from __future__ import annotations

from django.utils.translation import gettext as _

BROWSERS = (  # the first that is found; many call themselves by several names
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def words(agent: str) -> str:
    """“Firefox on Windows”; what calls itself by none of these names is a program."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    if browser or system:
        return browser or system
    first = agent.split("/")[0].split(" ")[0][:30]
    return _("A program (%(name)s)") % {"name": first} if first else _("Unknown")


def is_phone(agent: str) -> bool:
    return any(mark in agent for mark in ("iPhone", "Android", "iPad"))
