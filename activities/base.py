"""What an activity type is: settings and populations in, populations out.

Four kinds, one question each. *What comes out?* ``Activity``. *When?* ``Gate``. *What of ours changes?*
``Writer``. *What happens to each row, out in the world?* ``Channel``. Status, retries, storage, permissions and the
queue are the engine's business, never a type's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.datasets.rules.verdicts import Verdict
from orchcamp.datasets.schema import DataModel, DatasetShape

from .populations import Context, Inputs, Population

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from .cases import Case
    from .forms import Scope, SettingsForm

    Text = str | _StrPromise  # said in the reader's language when it is shown


ERROR = "error"  # the port of a failure that is processed


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
    alone: bool = False  # where many may come: one is enough
    required: bool = True  # an unconnected required inbound is an error on the canvas


@dataclass(frozen=True)
class Loss:
    """Rows that arrived and leave through no port, and why: what vanishes silently elsewhere."""

    reason: str  # completes "12 rows: …"
    rows: Table
    less: tuple[Table, ...] = ()  # their rows are taken off the number: what arrived less what left


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

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        """The ports a run goes on through, now that their rows are counted; ``ctx`` is the run's, at this node."""
        return list(rows)

    def brings(self, ctx: Context) -> Iterable[DatasetShape]:
        """Datasets that exist only on this canvas, such as the rows of a file. Settings may be half-done here."""
        return ()

    def declares(self) -> Mapping[str, Any]:
        """Variables that the node sets while a run goes on, with values to try them with. Settings may be half-done."""
        return {}

    def prepare(self, ctx: Context) -> None:
        """In a run, before ``compile``: make what the expressions only name, once. Raises Refused."""

    def made(self, ctx: Context) -> Iterable[MadeFile]:
        """Files that ``prepare`` made and that people can download from the run, in a test too."""
        return ()

    def lost(self, inputs: Inputs, ctx: Context, outputs: Mapping[str, Population]) -> Iterable[Loss]:
        """The rows that arrived and leave through no port, by reason; ``outputs`` are as ``compile`` gave them."""
        return ()

    def explain(self, case: Case) -> Iterable[Verdict]:
        """Why one row left as it did, or was not found. May query; nothing where the ports say enough."""
        return ()

    def remember(self, outputs: Mapping[str, Population], ctx: Context) -> dict[str, Any]:
        """What the next live run is to know, kept only when this one ends well; ``outputs`` are as the run kept them."""
        return {}

    def ports(self) -> tuple[Port, ...]:
        """Every port that transitions can leave: ``outputs()``, and the one for errors where they are processed."""
        own = self.outputs()
        return (*own, Port(ERROR, _("Error"))) if self.processes_errors else own

    @property
    def watches_clock(self) -> bool:
        """Whether ``findings`` hold the present moment against a date: what they say is then not kept for the day."""
        return False

    @property
    def processes_errors(self) -> bool:
        """Whether a failure of this node sends what arrived on through the port ``error`` instead of ending the run."""
        return bool(self.settings.get("process_errors"))

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


@dataclass(frozen=True)
class Asked:
    """A question that a gate puts to people; the answer's code is the port it goes on through."""

    title: str
    message: str
    answers: tuple[tuple[str, str], ...]  # (code, label)
    group: str = ""  # name of the group that answers
    person: str = ""  # user name of the person who answers
    several: bool = False  # all of them answer; the most frequent answer wins
    remind_at: datetime | None = None


class Gate(Activity):
    """Holds a run back; passes its population through unchanged. Tests and dry runs do not wait."""

    waits_for: ClassVar[str] = "time"  # or "answer" of a person, or "signal" of another program
    expiry: ClassVar[str] = "expired"  # the port that is taken when nobody answered in time

    def opens_at(self, ctx: Context, arrived: datetime) -> datetime | None:
        """When to go on whatever happens; None means never by itself."""
        raise NotImplementedError

    def asks(self, rows: int, ctx: Context, arrived: datetime) -> Asked:
        """The question, where the gate waits for an answer."""
        raise NotImplementedError

    def tried(self) -> str:
        """What a test run did instead of waiting, in a sentence."""
        return ""

    def assumed(self, ctx: Context) -> str:
        """What a dry run took for granted instead of waiting, in a sentence; ``ctx`` is the run's, at this node."""
        return ""


@dataclass(frozen=True)
class Work:
    """What a writer is given: the rows that arrived, as the run kept them, and where it is."""

    population: Population
    ctx: Context
    run_key: str  # "run-node": what was done under it is not done again
    source: str  # campaign and node in words
    folder: str  # lake folder of this node in this run, for files that it makes
    by: int | None = None  # primary key of the person who began the run
    rows: int = 0  # how many arrived


@dataclass(frozen=True)
class MadeFile:
    """A file that a writer made: people can download it."""

    name: str
    path: str  # in the lake
    rows: int
    note: str = ""  # where it went, in words


@dataclass(frozen=True)
class Raised:
    """An alert for those who may see the campaign."""

    title: str
    message: str
    severity: str = "info"  # info, warning or error


@dataclass(frozen=True)
class Call:
    """A signal to another campaign."""

    campaign: str  # its slug
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """What came of a writer's work: the sentence for the log, files, ports whose rows are known only now, and what
    the application is to tell others, once."""

    sentence: str = ""
    files: tuple[MadeFile, ...] = ()
    alerts: tuple[Raised, ...] = ()
    signals: tuple[Call, ...] = ()
    populations: Mapping[str, Population] = field(default_factory=dict)


class Unfinished(Exception):
    """A writer's work goes on later, under the same key: a worker does not hold one node for ever."""

    def __init__(self, sentence: str, seconds: float = 0.0):
        self.sentence, self.seconds = sentence, seconds
        super().__init__(sentence)


class Writer(Activity):
    """Does something as a whole: changes our data, makes a file, tells another program. Twice is once.

    ``compile`` says what goes on, as for any activity; a test run computes that and does not write, a dry run
    rehearses.
    """

    runs_in_test = False
    holds_back: ClassVar[bool] = True  # channels of the run wait until it is done: they may depend on what it writes
    late: ClassVar[frozenset[str]] = frozenset()  # ports whose rows only the work itself knows: ``write`` gives them

    @property
    def left_out(self) -> str:
        """What a test run says of the work that it did not do."""
        return _("Not written in a test.")

    def write(self, work: Work) -> Written:
        """Do it. May be called again with the same ``run_key`` after a crash. Raises Refused, and Unfinished."""
        raise NotImplementedError

    def rehearse(self, work: Work) -> Written:
        """Say what ``write`` would do with these rows, and change nothing: the sentence of a dry run, and the rows of
        late ports where they can be known beforehand. Raises Refused as ``write`` would."""
        raise NotImplementedError


class Rejecting(Writer):
    """A writer whose rows go on unchanged where they are wanted; those that it could not use leave by “Rejects”."""

    late = frozenset({"rejects"})

    def outputs(self) -> tuple[Port, ...]:
        out = (Port("out"),) if self.settings.get("outbound", True) else ()
        return (*out, Port("rejects", _("Rejects")))

    def follows(self, rows: Mapping[str, int], ctx: Context | None = None) -> Collection[str]:
        return [port for port, count in rows.items() if port != "rejects" or count]


class Message(Protocol):
    """What a channel sends: which columns it needs, and what is wrong with it."""

    @property
    def fields(self) -> set[str]: ...

    @property
    def category(self) -> str: ...

    def problems(self, columns: set[str]) -> list[str]: ...


class Channel(Activity):
    """Sends one message per row. It says *what*; planning, batches and transports are the application's."""

    runs_in_test = False
    channel: ClassVar[str]  # a value of messaging's Channel

    def message(self, variables: Mapping[str, Any]) -> Message:
        """What is sent, with the campaign's variables. Settings may be half-done here."""
        raise NotImplementedError

    def address(self, model: DataModel, dimension: str) -> list[str]:
        """The columns, or paths to columns, that the address of a row is made of; none where there is none."""
        named = self.settings.get("address") or model.dataset(dimension).target.get(self.channel)
        return [named] if isinstance(named, str) and named else list(named or [])

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        return {"out": inputs.audience()}  # the population goes on
