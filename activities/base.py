"""What an activity type is: settings and populations in, populations out.

Four kinds, one question each. *What comes out?* ``Activity``. *When?* ``Gate``. *What of ours changes?*
``Writer``. *What happens to each row, out in the world?* ``Channel``. Status, retries, storage, permissions and the
queue are the engine's business, never a type's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from ibis.expr.types import BooleanValue, Table

from orchcamp.datasets.schema import DataModel
from orchcamp.web.errors import Refused

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from .forms import Scope, SettingsForm

    Text = str | _StrPromise  # said in the reader's language when it is shown


class ActivityError(Refused):
    """A node that cannot be compiled: one sentence for the alerts panel."""


@dataclass(frozen=True)
class Finding:
    """Something a type says about its own settings: an error keeps the canvas from being published."""

    severity: str  # "error" or "warning"
    sentence: str


@dataclass(frozen=True)
class Port:
    """A place where transitions leave or arrive."""

    name: str
    label: str = ""
    many: bool = False  # takes any number of transitions
    required: bool = True  # an unconnected required inbound is an error on the canvas


@dataclass(frozen=True)
class Population:
    """What a transition carries: lazy rows of one dimension, each key once.

    ``table`` holds the key columns and whatever nodes added (a segment code, enrichment); the dimension's own
    columns are joined when somebody asks for them (``Context.wide``).
    """

    table: Table
    dimension: str
    key: tuple[str, ...]

    def where(self, predicate: BooleanValue) -> Population:
        return replace(self, table=self.table.filter(predicate))

    def with_table(self, table: Table) -> Population:
        return replace(self, table=table)

    @property
    def extras(self) -> tuple[str, ...]:
        """The columns beside the key."""
        return tuple(name for name in self.table.columns if name not in self.key)


@dataclass(frozen=True)
class Context:
    """What the outside world lends to an activity; equal contexts give equal expressions."""

    model: DataModel
    now: datetime  # the run's slot with zone, never the wall clock
    timezone: str = "UTC"
    seed: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)

    def at(self, node_id: str) -> Context:
        """The same context for one node: two splits in a row must not draw alike."""
        return replace(self, seed=f"{self.seed}:{node_id}")

    def everyone(self, dimension: str) -> Population:
        """Every row of a dimension, as keys."""
        key = self.model.dataset(dimension).key
        return Population(self.model.table(dimension).select(*key), dimension, key)

    def wide(self, population: Population) -> Table:
        """The population's rows with all columns of its dimension beside those that nodes added.

        A column that a node added goes before one of the same name in the dimension.
        """
        entity = self.model.table(population.dimension)
        own = [name for name in entity.columns if name not in population.extras]
        joined = population.table.inner_join(entity.select(*own), list(population.key))
        return joined.select(*own, *population.extras)


class Inputs:
    """The populations that arrive, by inbound port; ``sources`` says from which node and port each came."""

    def __init__(
        self,
        arrived: Mapping[str, list[Population]],
        sources: Mapping[str, list[tuple[str, str]]] | None = None,
    ):
        self._arrived, self._sources = arrived, sources or {}

    def one(self, port: str = "in") -> Population:
        """The population of a port that takes one. Raises ActivityError when nothing is connected."""
        arrived = self._arrived.get(port) or []
        if not arrived:
            raise ActivityError(_("Nothing arrives here yet; connect a transition to this node."))
        return arrived[0]

    def audience(self, port: str = "in") -> Population:
        """Like ``one``, and it must be rows of a dimension: a bare start (a fork without inbound) is refused."""
        population = self.one(port)
        if not population.dimension:
            raise ActivityError(_("No audience arrives here; put a “Build audience” before this node."))
        return population

    def many(self, port: str = "in") -> list[Population]:
        return list(self._arrived.get(port) or [])

    def place(self, source: str, source_port: str, port: str = "in") -> int | None:
        """Where in ``many(port)`` the population of that node and port is; None when it did not arrive."""
        sources = list(self._sources.get(port) or [])
        return sources.index((source, source_port)) if (source, source_port) in sources else None


class Activity:
    """One node type of the canvas. Pure: building it and ``compile()`` run no query and have no effect."""

    key: ClassVar[str]  # stored in every saved canvas: never rename
    label: ClassVar[Text]
    group: ClassVar[str]  # heading in the palette: data, targeting, flow, channel
    position: ClassVar[int] = 50  # within its group of the palette
    icon: ClassVar[str] = "circle"  # a Material Symbols name
    help: ClassVar[Text] = ""  # one sentence for the palette and the reference
    form_class: ClassVar[type[SettingsForm]]  # its ``template`` draws the settings panel
    inputs: ClassVar[tuple[Port, ...]] = (Port("in"),)
    runs_in_test: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any]):
        self.settings = settings  # the form's cleaned data, as JSON

    @classmethod
    def initial(cls) -> dict[str, Any]:
        """The settings of a node that was just put on the canvas."""
        return cls.form_class.fresh()

    def outputs(self) -> tuple[Port, ...]:
        """Ports may follow the settings: a split has one per subset. Settings may be half-done or malformed here."""
        return (Port("out"),)

    def summary(self, ctx: Context | None = None) -> str:
        """The line under the node's name; ``ctx`` gives labels and rules in words. Settings may be half-done here."""
        return ""

    def findings(self, scope: Scope) -> Iterable[Finding]:
        """What the form alone does not see, for the alerts panel; settings are complete and valid here."""
        return ()

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        """One lazy population per output port, from settings that its form has cleaned.

        Raises ActivityError or another Refused.
        """
        raise NotImplementedError

    def follows(self, rows: Mapping[str, int]) -> Collection[str]:
        """The ports a run goes on through, now that their rows are counted."""
        return list(rows)

    def items(self, name: str) -> list[Mapping[str, Any]]:
        """A setting that should be a list of objects, whatever it is: for ``outputs`` and ``summary``."""
        value = self.settings.get(name)
        return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []

    def codes(self, name: str) -> tuple[Port, ...]:
        """One port per coded item of a setting, each code once."""
        ports: dict[str, Port] = {}
        for item in self.items(name):
            if (code := item.get("code")) and isinstance(code, str):
                ports.setdefault(code, Port(code, str(item.get("label") or code)))
        return tuple(ports.values())


class Gate(Activity):
    """Holds a run back until a moment; passes its population through unchanged."""

    def opens_at(self, ctx: Context, arrived: datetime) -> datetime | None:
        """When to go on; None means: a person must open it. In test mode a gate does not wait."""
        raise NotImplementedError


class Writer(Activity):
    """Changes our own data as a whole; doing it twice is doing it once."""

    runs_in_test = False

    def write(self, population: Population, run_key: str) -> None:
        raise NotImplementedError


class Channel(Activity):
    """Sends one message per row. It says *what*; planning, batches and transports are the application's."""

    runs_in_test = False
    channel: ClassVar[str]  # a value of messaging's Channel

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        return {"out": inputs.audience()}  # the population goes on
