"""Functions of the reference that are not offered, and why."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .registry import refuse

STORE = _("it only makes sense inside the vendor's own store")
MEMO = _("texts of any length are plain texts here; use IsEmptyString, Charindex or a condition")

for name in ("VirtualLink", "VirtualLinkStr"):
    refuse(name, STORE)
refuse("NodeValue", _("columns hold no XML; load the value as a column of its own"))
refuse("GetMirrorURL", _("the mirror page of a message is put in by its content"))
refuse("RowId", _("rows have no number of their own; use RowNum(OrderBy(…))"))
for name in ("IsMemoNull", "MemoContains"):
    refuse(name, MEMO)
