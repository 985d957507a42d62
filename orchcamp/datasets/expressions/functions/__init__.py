"""The functions of the language, by category; importing them enters them."""

from __future__ import annotations

from . import aggregates, choices, dates, exchange, geo, moments, numbers, others, texts, windows

__all__ = ["aggregates", "choices", "dates", "exchange", "geo", "moments", "numbers", "others", "texts", "windows"]
