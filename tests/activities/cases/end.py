"""End: nothing comes out, whatever it calls."""

from __future__ import annotations

from . import Case, untied

CASES = [
    Case("nothing comes out", {}, expected={}),
    Case("of rows without counterpart neither", {}, arrived=[untied(1)], expected={}),
]
