"""The one family of exceptions that users read."""

from __future__ import annotations


class Refused(Exception):
    """Something that could not be done: one sentence that says what, where and the mend.

    Every package derives its own from it (``RuleError``, ``LoadError``, ``CampaignError``…); views and
    commands show ``str(error)`` and nothing else.
    """
