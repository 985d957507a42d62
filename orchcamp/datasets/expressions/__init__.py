"""Expressions: a text such as ``YearsOld([birth_date]) >= 18``, checked and compiled to Ibis."""

from __future__ import annotations

from . import functions as _functions  # noqa: F401  enters every function
from . import refused as _refused  # noqa: F401  and those that there are not
from .api import Expression, add, aggregate, check, demand_type, read
from .errors import ExpressionError
from .registry import CATEGORIES, REFUSED, Function, Parameter, functions

__all__ = [
    "CATEGORIES",
    "REFUSED",
    "Expression",
    "ExpressionError",
    "Function",
    "Parameter",
    "add",
    "aggregate",
    "check",
    "demand_type",
    "functions",
    "read",
]
