"""The sizes of a drawing, for each way in which it can flow."""

from __future__ import annotations

from dataclasses import dataclass

NODE_WIDTH = 204.0
NODE_HEIGHT = 84.0
MARGIN = 40.0
GAP = 28.0  # between neighbours of a column
LANE = 36.0  # room of a transition that passes a column
BUTTON = 26.0  # a + button
LABEL_HEIGHT = 40.0  # a label and the count below it


@dataclass(frozen=True)
class Measures:
    """*Along* is the way the population goes, *across* is across it."""

    key: str
    along: float  # of a node
    across: float  # of a node with one port
    first: float  # from a node's edge to its inbound and to its first port, which lie on one line
    pitch: float  # from one port to the next
    rest: float  # room after the last port
    label: float  # the straight piece after a port that carries a label
    count: float  # the same where no port of the column carries one
    bend: float  # in which a line changes its lane

    def size(self, ports: int) -> float:
        """How much room a node takes across."""
        return max(self.across, self.first + (ports - 1) * self.pitch + self.rest)

    def port(self, number: int) -> float:
        """How far from a node's edge a port leaves it."""
        return self.first + number * self.pitch

    def point(self, along: float, across: float) -> tuple[float, float]:
        """As x and y."""
        return (along, across) if self is RIGHT else (across, along)


RIGHT = Measures(
    key="right", along=NODE_WIDTH, across=NODE_HEIGHT, first=42, pitch=44, rest=24, label=78, count=26, bend=38
)
DOWN = Measures(
    key="down", along=NODE_HEIGHT, across=NODE_WIDTH, first=102, pitch=96, rest=60, label=44, count=44, bend=46
)
FLOWS = {flow.key: flow for flow in (RIGHT, DOWN)}
