"""Writing files and manifests for tests of loading."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import yaml
from django.core.management import call_command

from orchcamp.datasets import engine, loading, manifest, schema
from orchcamp.datasets.prepared import Result


def load(folder: Path, tree: dict[str, Any]) -> dict[str, Result]:
    """Write the manifest, load it, and give the results by slug."""
    place = folder / "manifest.yaml"
    place.write_text(yaml.safe_dump(tree, sort_keys=False))
    return {result.slug: result for result in loading.load(manifest.read(place))}


def load_text(folder: Path, name: str, text: str | bytes, key: str | list[str] = "id", **entry: Any) -> Result:
    """Load one file as the dataset “things”."""
    place = folder / name
    place.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(folder, {"datasets": {"things": {"file": name, "key": key, **entry}}})["things"]


def rows(slug: str = "things", order: str = "id") -> list[dict[str, Any]]:
    return engine.rows(schema.load().table(slug).order_by(order))


def types(slug: str = "things") -> dict[str, str]:
    return {name: column.type for name, column in schema.load().dataset(slug).columns.items()}


def rejects(result: Result) -> list[list[str]]:
    """The reject file without its header and file names."""
    import csv

    if not result.rejects:
        return []
    with (engine.root() / result.rejects).open(newline="") as file:
        return [row[1:] for row in list(csv.reader(file))[1:]]


def refused(folder: Path, tree: dict[str, Any]) -> str:
    """The sentence with which a manifest is refused, after making sure that nothing is left behind."""
    before = sorted(path for path in engine.root().rglob("*") if path.is_file())
    with pytest.raises(manifest.Refused) as caught:
        load(folder, tree)
    assert sorted(path for path in engine.root().rglob("*") if path.is_file()) == before
    assert not list((engine.root().parent / "staging").glob("*"))
    return str(caught.value)


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PARTS = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(place: Path, lines: list[list[Any]]) -> None:
    """A workbook of one sheet: texts, numbers, booleans, dates and nothing."""

    def cell(value: Any) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, bool):
            return f'<c t="b"><v>{value:d}</v></c>'
        if isinstance(value, datetime):
            days = (value - datetime(1899, 12, 30)).total_seconds() / 86_400
            return f'<c s="1"><v>{days}</v></c>'
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    sheet = "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PARTS}/content-types"><Default Extension="xml" ContentType="{kinds}.sheet.main+xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        for name, target, kind in (
            ("_rels/.rels", "xl/workbook.xml", "officeDocument"),
            ("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "worksheet"),
        ):
            archive.writestr(
                name,
                f'<Relationships xmlns="{PARTS}/relationships"><Relationship Id="r1" Type="{OFFICE}/{kind}"'
                f' Target="{target}"/>'
                + (f'<Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/>' if kind == "worksheet" else "")
                + "</Relationships>",
            )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{SHEET}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/>'
            "</cellXfs></styleSheet>",
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{SHEET}"><sheetData>{sheet}</sheetData></worksheet>'
        )


def command(*arguments: str) -> Any:
    """The JSON answer of ``load_datasets``."""
    out = StringIO()
    call_command("load_datasets", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())
