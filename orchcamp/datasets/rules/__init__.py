"""Rules: the tree that the rule builder edits, checked, compiled to Ibis and said in words."""

from __future__ import annotations

from .api import check, keep, mark, parse, phrase, sentence
from .context import RuleContext, RuleError

__all__ = ["RuleContext", "RuleError", "check", "keep", "mark", "parse", "phrase", "sentence"]
