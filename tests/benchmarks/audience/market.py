"""The data: profiles, four purchases each, products and stores; the same rows on every machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchcamp.datasets.schema import ColumnShape, DataModel, DatasetShape, Step

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
PRODUCTS, STORES = 5_000, 500
CITIES = ["Paris", "Lyon", "Lille", "Nantes", "Nice", "Rennes", "Reims", "Brest", "Tours", "Dijon"]
COLUMNS = {
    "profiles": {
        "profile_id": "integer", "email": "string", "city": "string", "age": "integer", "gender": "string",
        "score": "float", "consent": "boolean", "signed_up": "datetime",
    },
    "purchases": {
        "purchase_id": "integer", "profile_id": "integer", "product_id": "integer", "store_id": "integer",
        "amount": "decimal", "bought_at": "datetime",
    },
    "products": {"product_id": "integer", "name": "string", "category": "string", "brand": "string", "price": "decimal"},
    "stores": {"store_id": "integer", "region": "string", "city": "string"},
}  # fmt: skip
KEYS = {"profiles": "profile_id", "purchases": "purchase_id", "products": "product_id", "stores": "store_id"}


def paths(lake: Path) -> dict[str, Path]:
    """Dataset -> its file in the lake."""
    return {slug: lake / "datasets" / slug / "1.parquet" for slug in COLUMNS}


def model(lake: Path) -> DataModel:
    """The product's model of the same files."""
    steps: dict[str, dict[str, Step]] = {slug: {} for slug in COLUMNS}
    for target in ("profiles", "products", "stores"):
        key, one = (KEYS[target],), target.removesuffix("s")
        steps["purchases"][one] = Step(one, "purchases", key, target, key, True)
        steps[target]["purchases"] = Step("purchases", target, key, "purchases", key, False)
    shapes = {}
    for slug, path in paths(lake).items():
        columns = {name: ColumnShape(name, name.replace("_", " "), type) for name, type in COLUMNS[slug].items()}
        target = {"email": "email"} if slug == "profiles" else {}
        shapes[slug] = DatasetShape(
            slug, slug.capitalize(), (KEYS[slug],), columns, target, steps[slug], 1, str(path.relative_to(lake))
        )
    return DataModel(shapes)


def generate(lake: Path, profiles: int, con: duckdb.DuckDBPyConnection | None = None) -> None:
    """Write the files that are not there yet."""
    con = con or duckdb.connect(config={"memory_limit": "4GB"})
    con.execute("SET TimeZone = 'UTC'")
    for slug, statement in statements(profiles).items():
        path = paths(lake)[slug]
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            con.execute(f"COPY ({statement}) TO '{part}' (FORMAT parquet, COMPRESSION zstd)")
            part.rename(path)


def statements(profiles: int) -> dict[str, str]:
    """How each dataset is made: every value follows from the row's number."""
    cities = ", ".join(f"'{city}'" for city in CITIES)
    start = f"TIMESTAMPTZ '{NOW.isoformat()}'"
    return {
        "profiles": f"""
            SELECT i::BIGINT AS profile_id,
                'p' || i || '@' || CASE hash(hash(i, 1)) % 5 WHEN 0 THEN 'example.org' ELSE 'mail.example' END AS email,
                ([{cities}])[(hash(hash(i, 2)) % {len(CITIES)})::BIGINT + 1] AS city,
                (18 + hash(hash(i, 3)) % 70)::BIGINT AS age,
                CASE hash(hash(i, 4)) % 2 WHEN 0 THEN 'f' ELSE 'm' END AS gender,
                (hash(hash(i, 5)) % 10000) / 100.0::DOUBLE AS score,
                hash(hash(i, 6)) % 10 < 8 AS consent,
                {start} - to_seconds((hash(hash(i, 7)) % (5 * 365 * 86400))::BIGINT) AS signed_up
            FROM range(1, {profiles + 1}) t(i)""",
        "purchases": f"""
            SELECT i::BIGINT AS purchase_id,
                (hash(hash(i, 11)) % {profiles} + 1)::BIGINT AS profile_id,
                (hash(hash(i, 12)) % {PRODUCTS} + 1)::BIGINT AS product_id,
                (hash(hash(i, 13)) % {STORES} + 1)::BIGINT AS store_id,
                ((hash(hash(i, 14)) % 30000) / 100.0)::DECIMAL(18, 4) AS amount,
                {start} - to_seconds((hash(hash(i, 15)) % (3 * 365 * 86400))::BIGINT) AS bought_at
            FROM range(1, {4 * profiles + 1}) t(i)""",
        "products": f"""
            SELECT i::BIGINT AS product_id, 'Product ' || i AS name, 'category ' || i % 40 AS category,
                'brand ' || i % 200 AS brand, ((hash(hash(i, 21)) % 30000) / 100.0)::DECIMAL(18, 4) AS price
            FROM range(1, {PRODUCTS + 1}) t(i)""",
        "stores": f"""
            SELECT i::BIGINT AS store_id, 'region ' || i % 12 AS region, ([{cities}])[i % {len(CITIES)} + 1] AS city
            FROM range(1, {STORES + 1}) t(i)""",
    }


def register(lake: Path) -> None:
    """Tell the control plane of the files, as a load does."""
    from orchcamp.datasets.models import Column, Dataset, Link, Snapshot

    rows = {}
    for slug, shape in model(lake).datasets.items():
        rows[slug] = Dataset.objects.create(slug=slug, label=shape.label, key=list(shape.key), target=shape.target)
        for position, column in enumerate(shape.columns.values()):
            facts = {"name": column.name, "label": column.label, "type": column.type, "position": position}
            Column.objects.create(dataset=rows[slug], **facts)
        snapshot = Snapshot.objects.create(dataset=rows[slug], number=1, path=shape.path, rows=0)
        Dataset.objects.filter(slug=slug).update(snapshot=snapshot)
    for target in ("profiles", "products", "stores"):
        key = [KEYS[target]]
        Link.objects.create(
            source=rows["purchases"],
            source_columns=key,
            target=rows[target],
            target_columns=key,
            name=target.removesuffix("s"),
            reverse="purchases",
        )
