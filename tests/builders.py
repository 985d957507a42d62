"""Builders with defaults: a small shop whose numbers can be counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchcamp.datasets import engine
from orchcamp.datasets.models import Column, Dataset, Link, Snapshot

ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(18, 4),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
}


def make_dataset(
    slug: str,
    key: list[str],
    columns: dict[str, str],
    rows: list[dict[str, Any]],
    *,
    target: dict[str, str] | None = None,
    personal: tuple[str, ...] = (),
) -> Dataset:
    """A dataset with one snapshot; ``columns`` maps names to types, missing cells are null."""
    dataset = Dataset.objects.create(slug=slug, label=slug.title(), key=key, target=target or {})
    for position, (name, type) in enumerate(columns.items()):
        Column.objects.create(
            dataset=dataset,
            name=name,
            label=name.replace("_", " ").capitalize(),
            type=type,
            personal=name in personal,
            position=position,
        )
    schema = pa.schema([(name, ARROW[type]) for name, type in columns.items()])
    path = f"datasets/{slug}/1.parquet"
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([{c: row.get(c) for c in columns} for row in rows], schema), place)
    dataset.snapshot = Snapshot.objects.create(dataset=dataset, number=1, path=path, rows=len(rows))
    dataset.save()
    return dataset


def make_link(
    source: Dataset, columns: list[str], target: Dataset, name: str, reverse: str, *, to: list[str] | None = None
) -> Link:
    link = Link.objects.create(
        source=source,
        source_columns=columns,
        target=target,
        target_columns=to or target.key,
        name=name,
        reverse=reverse,
    )
    source.save()  # touched: shapes are read again
    return link


PEOPLE = [
    {
        "id": 1,
        "name": "Ann",
        "city": "Paris",
        "email": "ann@example.org",
        "consent": True,
        "born": date(1980, 5, 1),
        "joined": datetime(2024, 1, 1, tzinfo=UTC),
    },
    {
        "id": 2,
        "name": "Bob",
        "city": "Lyon",
        "email": "bob@example.org",
        "consent": True,
        "born": date(1990, 2, 28),
        "joined": datetime(2024, 2, 1, tzinfo=UTC),
    },
    {
        "id": 3,
        "name": "Cid",
        "city": "Paris",
        "email": "cid@example.org",
        "consent": False,
        "born": None,
        "joined": datetime(2024, 3, 1, tzinfo=UTC),
    },
    {
        "id": 4,
        "name": "Dee",
        "city": None,
        "email": None,
        "consent": None,
        "born": date(2001, 12, 31),
        "joined": datetime(2024, 4, 1, tzinfo=UTC),
    },
    {
        "id": 5,
        "name": "Eve",
        "city": "Nice",
        "email": "not an address",
        "consent": True,
        "born": date(1975, 7, 7),
        "joined": datetime(2024, 5, 1, tzinfo=UTC),
    },
    {
        "id": 6,
        "name": "Fay",
        "city": "Paris",
        "email": "ANN@example.org",
        "consent": True,
        "born": date(1985, 1, 15),
        "joined": datetime(2024, 6, 1, tzinfo=UTC),
    },
]
PURCHASES = [
    {"id": 10, "person_id": 1, "product_id": "tea", "amount": 12.5, "bought_at": datetime(2025, 1, 5, 10, tzinfo=UTC)},
    {"id": 11, "person_id": 1, "product_id": "mug", "amount": 120.0, "bought_at": datetime(2025, 2, 5, 10, tzinfo=UTC)},
    {"id": 12, "person_id": 2, "product_id": "tea", "amount": 9.0, "bought_at": datetime(2025, 1, 6, 10, tzinfo=UTC)},
    {"id": 13, "person_id": 2, "product_id": "pot", "amount": 100.0, "bought_at": datetime(2025, 3, 6, 10, tzinfo=UTC)},
    {"id": 14, "person_id": 6, "product_id": "tea", "amount": 3.0, "bought_at": datetime(2025, 4, 6, 10, tzinfo=UTC)},
    {
        "id": 15,
        "person_id": 99,
        "product_id": "pot",
        "amount": 500.0,
        "bought_at": datetime(2025, 4, 7, 10, tzinfo=UTC),
    },
    {"id": 16, "person_id": None, "product_id": None, "amount": None, "bought_at": None},
]
PRODUCTS = [
    {"sku": "tea", "name": "Green tea", "brand": "Leaf", "price": 3.0},
    {"sku": "mug", "name": "BrewMaster mug", "brand": "BrewMaster", "price": 120.0},
    {"sku": "pot", "name": "BrewMaster pot", "brand": "BrewMaster", "price": 100.0},
]


def make_shop() -> None:
    """people (6, a dimension) ← purchases (7) → products (3)."""
    people = make_dataset(
        "people",
        ["id"],
        {
            "id": "integer",
            "name": "string",
            "city": "string",
            "email": "string",
            "consent": "boolean",
            "born": "date",
            "joined": "datetime",
        },
        PEOPLE,
        target={"email": "email"},
        personal=("name", "email"),
    )
    purchases = make_dataset(
        "purchases",
        ["id"],
        {"id": "integer", "person_id": "integer", "product_id": "string", "amount": "float", "bought_at": "datetime"},
        PURCHASES,
    )
    products = make_dataset(
        "products", ["sku"], {"sku": "string", "name": "string", "brand": "string", "price": "float"}, PRODUCTS
    )
    make_link(purchases, ["person_id"], people, "person", "purchases")
    make_link(purchases, ["product_id"], products, "product", "sales")
