"""What is wrong with an expression, and where."""

from __future__ import annotations

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused


class ExpressionError(Refused):
    """An expression that cannot be used: line and column of the place (from 1), what is wrong there, and the mend."""

    def __init__(self, sentence: str, line: int = 1, column: int = 1):
        self.sentence, self.line, self.column = sentence, line, column
        place = _("Line %(line)s, column %(column)s") % {"line": line, "column": column}
        super().__init__(f"{place}: {sentence}")
