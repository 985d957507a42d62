"""The lines of a file of people."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from orchcamp.web import tables
from orchcamp.web.errors import Refused

COLUMNS = ("username", "email", "first_name", "last_name", "profiles", "groups", "active")
MOST = 10_000
MOST_BYTES = 5_000_000


class FileRefused(Refused):
    """A file that cannot be taken for people at all."""


@dataclass(frozen=True)
class Line:
    """What one line says: None of columns that the file does not have."""

    number: int
    cells: dict[str, str]
    surplus: int = 0  # cells beyond the last column

    def get(self, name: str) -> str | None:
        return self.cells.get(name)


def read(text: str, name: str) -> list[Line]:
    """Raises FileRefused, naming the file, the line and the mend."""
    try:
        found = tables.rows(text, name)
        columns = _columns(next(found, (1, []))[1], name)
        lines = []
        for number, row in found:
            if len(lines) == MOST:
                raise FileRefused(
                    _("%(name)s has more than %(most)s people; divide it into several files.")
                    % {"name": name, "most": MOST}
                )
            cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
            lines.append(Line(number, cells, max(0, len(row) - len(columns))))
    except tables.TableError as error:
        raise FileRefused(str(error)) from None
    if not lines:
        raise FileRefused(
            _("%(name)s names nobody: under the header belongs one line for each person.") % {"name": name}
        )
    return lines


def _columns(row: list[str], name: str) -> list[str]:
    found = [cell.strip().lower().replace(" ", "_") for cell in row]
    if "username" not in found:
        raise FileRefused(
            _("%(name)s: the first line must name the columns, and “username” among them; known are %(known)s.")
            % {"name": name, "known": ", ".join(COLUMNS)}
        )
    for column in found:
        if column not in COLUMNS:
            raise FileRefused(
                _("%(name)s: there is no column “%(column)s”; known are %(known)s.")
                % {"name": name, "column": column[:60], "known": ", ".join(COLUMNS)}
            )
        if found.count(column) > 1:
            raise FileRefused(
                _("%(name)s: the column “%(column)s” stands twice in the first line.")
                % {"name": name, "column": column}
            )
    return found


def text_of(content: bytes, name: str) -> str:
    if len(content) > MOST_BYTES:
        raise FileRefused(
            _("%(name)s is larger than %(n)d MB; divide it into several files.")
            % {"name": name, "n": MOST_BYTES // 1_000_000}
        )
    try:
        return tables.decoded(content, name)
    except tables.TableError as error:
        raise FileRefused(str(error)) from None
