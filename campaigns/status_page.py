"""The page docs/reference/lifecycle.md: the table of transitions, and its drawing, as the code has them."""

from __future__ import annotations

from orchcamp.accounts import roles

from .models import Campaign
from .status import FORMER, SYSTEM, TRANSITIONS, Transition

Status = Campaign.Status
WORDS = {"edit_again": "back to draft", "take_up": "take up again", "run_again": "run again", "send_back": "send back"}
MEANT = {
    Status.DRAFT: "Can be edited and tested; nothing is sent.",
    Status.IN_REVIEW: "Its version is frozen and lies before an approver.",
    Status.APPROVED: "May be published.",
    Status.SCHEDULED: "Published; its first launch is still to come.",
    Status.LIVE: "Published; a run is on, or the next may begin.",
    Status.PAUSED: "Published, but nothing begins until it is resumed.",
    Status.COMPLETED: "Its last run ended well and no further one is to come.",
    Status.CLOSED: "No further run begins; what was on went, or goes, to its end.",
    Status.STOPPED: "Broken off by a person: what was not sent is not sent.",
    Status.ARCHIVED: "Out of the lists, until it is restored or the retention removes it.",
}
INTRODUCTION = """# The life of a campaign

Written by `manage.py write_reference` from `campaigns/status.py`; do not edit. The same in the words of the screen:
[the life of a campaign](../guide/lifecycle.md). Every transition is one conditional update: of two people who do
different things at once, the second is told where the campaign is now. From *scheduled*, *live* and *paused* on, a next
version is edited, approved and published without a change of status ([versions](../guide/versions.md)).
"""


def reference() -> str:
    """The whole page."""
    statuses = [f"| **{label}** | {MEANT[Status(value)]} |" for value, label in Status.choices]
    rows = [row(verb, transition) for verb, transition in TRANSITIONS.items()]
    return "\n".join(
        [
            INTRODUCTION,
            "## Statuses\n\n| status | means |\n| --- | --- |",
            *statuses,
            "\n## Transitions\n\n| verb | from | to | who | what happens |\n| --- | --- | --- | --- | --- |",
            *rows,
            "\n## Drawn\n",
            drawing(),
        ]
    )


def row(verb: str, transition: Transition) -> str:
    """One line of the table."""
    cells = [word(verb), _sources(transition), _target(transition), _who(transition.right), str(transition.effect)]
    return f"| {' | '.join(cells)} |"


def word(verb: str) -> str:
    """A verb as people say it."""
    return WORDS.get(verb, verb)


def _sources(transition: Transition) -> str:
    return ", ".join(str(Status(value).label) for value in Status.values if value in transition.sources)


def _target(transition: Transition) -> str:
    return "where it was" if transition.target == FORMER else str(Status(transition.target).label)


def _who(right: str) -> str:
    if right == SYSTEM:
        return "the system"
    profiles = next(found.profiles for found in roles.RIGHTS if found.code == f"campaigns.{right}_campaign")
    return ", ".join(profile for profile in roles.EVERYONE if profile in profiles)


def drawing() -> str:
    """The state diagram in Mermaid's words; verbs that go the same way share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for verb, transition in TRANSITIONS.items():
        for source, target in _ways(transition):
            arrows.setdefault((source, target), []).append(word(verb))
    lines = [f"    {source} --> {target}: {', '.join(verbs)}" for (source, target), verbs in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> draft", *lines, "```"])


def _ways(transition: Transition) -> list[tuple[str, str]]:
    """From where to where; what goes back goes to everything whose leaving is remembered."""
    sources = [value for value in Status.values if value in transition.sources]
    if transition.target != FORMER:
        return [(source, transition.target) for source in sources]
    left = {
        source
        for other in TRANSITIONS.values()
        if other.remembers and other.target in transition.sources
        for source in other.sources
    }
    return [(source, target) for source in sources for target in Status.values if target in left]
