"""Webhook: the rows that arrive are posted to another program, batch by batch."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic as now
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ibis.expr.types import Table

from activities.base import Finding, Rejecting, Unfinished, Work, Written
from activities.catalogue import register
from activities.fields import OfferedField, TextField, errors_field, outbound_field
from activities.forms import Scope, SettingsForm
from activities.output_columns import MOST, OutputColumnForm, chosen, computed
from activities.pairs import PairsField
from activities.populations import ActivityError, Context, Inputs, Population
from activities.rows import RowsField
from orchcamp.datasets import engine
from orchcamp.datasets.extracting import plain
from orchcamp.messaging import secrets, transfers, webhooks
from orchcamp.web.errors import Refused

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
OURS = re.compile(r"(content-|host$|transfer-|connection$|idempotency-key$|x-orchcamp-|cookie$)", re.IGNORECASE)
SECRETS = re.compile(r"(authorization|api-?key|token|secret|password)", re.IGNORECASE)
SLICE_SECONDS = 60  # then another worker may have its turn
REASON, BATCH = "reason", "number_of_batch"


class WebhookForm(SettingsForm):
    template = "activities/webhook.html"
    url = TextField(
        label=gettext_lazy("Address"),
        max_length=1000,
        help_text=gettext_lazy("Begins with https://. Addresses of a private network must be allowed by the server."),
    )
    columns = RowsField(
        OutputColumnForm,
        row=gettext_lazy("Column"),
        at_least=0,
        most=MOST,
        label=gettext_lazy("Columns"),
        required=False,
        help_text=gettext_lazy("What each row holds, by label. Without any, every column that reaches this node."),
    )
    batch_size = forms.IntegerField(
        label=gettext_lazy("Rows per call"),
        min_value=1,
        max_value=10_000,
        initial=100,
        required=False,
        help_text=gettext_lazy("A call posts {campaign, node, run, batch, rows: [{…}, …]}."),
    )
    headers = PairsField(
        "name",
        "value",
        label=gettext_lazy("Headers"),
        required=False,
        help_text=gettext_lazy("“X-Shop = north”, one a line. Never a secret: these are exported."),
    )
    signature = OfferedField(
        "signatures",
        label=gettext_lazy("Signature"),
        required=False,
        help_text=gettext_lazy(
            "A connection whose secret signs each call (HMAC-SHA256 of time and body, X-Orchcamp-Signature)."
        ),
    )
    seconds = forms.IntegerField(
        label=gettext_lazy("Seconds to wait for an answer"),
        min_value=1,
        max_value=120,
        initial=20,
        required=False,
        help_text=gettext_lazy("Then the call is tried again."),
    )
    tries = forms.IntegerField(
        label=gettext_lazy("Tries"),
        min_value=1,
        max_value=10,
        initial=5,
        required=False,
        help_text=gettext_lazy("When nobody answers or the answer is 429 or 5xx; at growing distances, or as it asks."),
    )
    outbound = outbound_field()
    process_errors = errors_field()

    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        try:
            return webhooks.check(url) if url else url
        except Refused as error:
            raise forms.ValidationError(str(error)) from None

    def clean_headers(self) -> list[dict[str, str]]:
        for header in self.cleaned_data["headers"]:
            name, value = header["name"], header["value"]
            if not TOKEN.fullmatch(name) or not value.isascii() or any(ord(mark) < 32 for mark in value):
                raise forms.ValidationError(_("“{name}” is no header with a plain value.").format(name=name[:60]))
            if OURS.match(name):
                raise forms.ValidationError(_("“{name}” is written by Orchcamp itself.").format(name=name))
        return self.cleaned_data["headers"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in ("batch_size", "seconds", "tries"):
            cleaned[name] = cleaned.get(name) or self.fields[name].initial
        return cleaned


@register
class Webhook(Rejecting):
    key = "webhook"
    label = gettext_lazy("Webhook")
    group = "data"
    position = 80
    icon = "webhook"
    help = gettext_lazy("Posts the rows in batches to another program.")
    form_class = WebhookForm
    holds_back = False

    def summary(self, ctx: Context | None = None) -> str:
        url = self.settings.get("url")
        if not isinstance(url, str) or not url:
            return _("No address yet")
        return re.sub(r"^https?://", "", url).split("?")[0][:80]

    def findings(self, scope: Scope) -> Iterable[Finding]:
        for header in self.items("headers"):
            if SECRETS.search(str(header["name"])):
                sentence = _("The header “{name}” looks like a secret; whoever sees the campaign can read it.")
                yield Finding("warning", sentence.format(name=header["name"]))
        if not self.settings["signature"]:
            yield Finding(
                "warning",
                _(
                    "The calls are not signed, so the other program cannot tell who calls; choose a connection that signs them."
                ),
            )

    def compile(self, inputs: Inputs, ctx: Context) -> Mapping[str, Population]:
        people = inputs.audience()
        if not self.settings.get("url"):
            raise ActivityError(_("Write the address."))
        self._rows(people, ctx)
        nobody = people.table.filter(ibis.literal(False)).mutate(**{REASON: ibis.literal("")})
        return {
            **({"out": people} if self.settings.get("outbound", True) else {}),
            "rejects": people.with_table(nobody),
        }

    # --- The work --------------------------------------------------------------------------------------

    def write(self, work: Work) -> Written:
        table, labels = self._rows(work.population, work.ctx)
        path = f"{work.folder}/calls.parquet"
        engine.write(table, path, order_by=[BATCH])  # so that a batch is found without reading all of them
        calls = engine.table(path)
        progress = Progress(f"{work.folder}/progress.jsonl")
        caller = self._caller()
        size, begun = self.settings.get("batch_size") or 100, now()
        total = -(-engine.count(calls) // size)
        for number in range(total):
            if number in progress.done:
                continue
            if now() - begun > SLICE_SECONDS:
                raise Unfinished(_("{n} of {all} calls are made.").format(n=len(progress.done), all=total))
            batch = calls.filter((calls[BATCH] >= number * size) & (calls[BATCH] < (number + 1) * size))
            rows = engine.arrow(batch.order_by(ibis.asc(batch[BATCH], nulls_first=False)))
            body, tried = self._body(work, number, rows, labels), progress.tried.get(number, 0)
            try:
                answer = caller.post(body, f"{work.run_key}-{number}", tried)
            except webhooks.Later as later:
                progress.note(number, tried=later.tried)
                raise Unfinished(_("The other program asks for patience."), later.seconds) from None
            progress.note(number, refused="" if answer.taken else answer.reason)
        return self._ended(work, calls, progress, size)

    def rehearse(self, work: Work) -> Written:
        self._caller()  # a connection that is gone is said before a live run
        calls = -(-work.rows // (self.settings.get("batch_size") or 100))
        sentence = ngettext("Would make {n} call to {url}.", "Would make {n} calls to {url}.", calls)
        return Written(sentence.format(n=f"{calls:,}", url=self.summary()))

    def _rows(self, people: Population, ctx: Context) -> tuple[Table, list[str]]:
        """The rows with what is posted of them, numbered by their key."""
        table, labels = chosen(self.items("columns"), people, ctx)
        order = [ibis.asc(table[name], nulls_first=False) for name in people.identity if name in table.columns]
        own = [name for name in people.table.columns if name not in computed(labels)]
        numbered = table.mutate(**{BATCH: ibis.row_number().over(order_by=order)})
        return numbered.select(BATCH, *own, *computed(labels)), labels

    def _caller(self) -> webhooks.Caller:
        secret = ""
        if slug := self.settings.get("signature"):
            secret = secrets.password(transfers.connection(str(slug), "webhook"))
        headers = {str(header["name"]): str(header["value"]) for header in self.items("headers")}
        return webhooks.Caller(
            url=str(self.settings.get("url")),
            headers={"User-Agent": "Orchcamp", **headers},
            secret=secret,
            seconds=float(self.settings.get("seconds") or 20),
            tries=int(self.settings.get("tries") or 5),
        )

    def _body(self, work: Work, number: int, rows: pa.Table, labels: list[str]) -> bytes:
        names, zone = computed(labels), ZoneInfo(work.ctx.timezone)
        records = [
            {label: plain(row[name], zone) for label, name in zip(labels, names, strict=True)}
            for row in rows.to_pylist()
        ]
        run, _dash, node = work.run_key.partition("-")
        told = {"campaign": work.ctx.campaign, "node": node, "run": run, "batch": number, "rows": records}
        return json.dumps(told, ensure_ascii=False, allow_nan=False).encode()

    def _ended(self, work: Work, calls: Table, progress: Progress, size: int) -> Written:
        """The rows of the calls that were refused, each with the answer."""
        refused = {number: why for number, why in progress.done.items() if why}
        number = (calls[BATCH] // size).cast("int64")
        branches = [(number == place, ibis.literal(why)) for place, why in sorted(refused.items())]
        reason = ibis.cases(*branches, else_=ibis.literal(None, type="string")) if branches else ibis.literal("")
        own = [name for name in work.population.table.columns if name in calls.columns and name != REASON]
        rejects = calls.filter(number.isin(list(refused)) if refused else ibis.literal(False))
        table = rejects.select(*own, **{REASON: reason})
        sentence = _("{n} calls, {refused} refused.").format(n=len(progress.done), refused=len(refused))
        return Written(sentence, populations={"rejects": work.population.with_table(table)})


class Progress:
    """Which calls were answered, a line each on the disk before the next begins: a crash repeats one at most."""

    def __init__(self, path: str):
        self.place = engine.root() / path
        self.done: dict[int, str] = {}  # number -> why it was refused; "": taken
        self.tried: dict[int, int] = {}  # how often, of a call that nobody has answered yet
        for told in self._read():
            self._take(told)

    def _take(self, told: Mapping[str, Any]) -> None:
        if "refused" in told:
            self.done[told["batch"]] = told["refused"]
        else:
            self.tried[told["batch"]] = told["tried"]

    def _read(self) -> Iterator[Mapping[str, Any]]:
        if not self.place.exists():
            return
        for line in filter(None, self.place.read_text().splitlines()):
            try:
                yield json.loads(line)
            except ValueError:  # cut off by a crash
                continue

    def note(self, number: int, **told: Any) -> None:
        self.place.parent.mkdir(parents=True, exist_ok=True)
        with self.place.open("a") as file:
            file.write("\n" + json.dumps({"batch": number, **told}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._take({"batch": number, **told})
