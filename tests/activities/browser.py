"""What a browser would send for a form that was drawn: enough of HTML for settings panels."""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import QueryDict
from django.template.loader import get_template
from django.utils.http import urlencode

from activities.forms import SettingsForm


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.buttons: list[tuple[str, str]] = []
        self._select = self._area = None
        self._first: str | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "button" and name:
            self.buttons.append((name, value))
        elif tag == "select":
            self._select, self._first = name, None
        elif tag == "option" and self._select:
            self._first = value if self._first is None else self._first
            if "selected" in given:
                self.sent.append((self._select, value))
                self._select = None
        elif tag == "textarea":
            self._area = (name, "")
        elif tag == "input" and name and "disabled" not in given:
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio"):
                self.sent.append((name, value))
            elif "checked" in given:
                self.sent.append((name, value or "on"))

    def handle_data(self, data):
        if self._area:
            self._area = (self._area[0], self._area[1] + data)

    def handle_endtag(self, tag):
        if tag == "select" and self._select:
            self.sent.append((self._select, self._first or ""))
            self._select = None
        if tag == "textarea" and self._area:
            self.sent.append((self._area[0], self._area[1].removeprefix("\n")))
            self._area = None


def drawn(form: SettingsForm) -> str:
    return get_template(form.template).render({"form": form})


def sent(form: SettingsForm, press: tuple[str, str] | None = None) -> QueryDict:
    """The data of the form as it is drawn, with the button that was pressed."""
    inputs = _Inputs()
    inputs.feed(drawn(form))
    assert press is None or press in inputs.buttons
    return QueryDict(urlencode([*inputs.sent, *([press] if press else [])]))
