"""Both engines in one process: Spark is started once, small, and answers beside DuckDB."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable

import pyarrow as pa
import pytest
from ibis.expr.types import Table

from orchcamp.datasets import engine

SMALL = "&".join(  # tiny tables: no code is generated, no shuffle is split
    [
        "local[2]?driver_memory=1g&partitions=1",
        "spark.sql.codegen.wholeStage=false",
        "spark.sql.codegen.factoryMode=NO_CODEGEN",
        "spark.sql.adaptive.enabled=false",
        "spark.default.parallelism=1",
        "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1",
    ]
)
missing = [
    what
    for what, there in {
        "PySpark": importlib.util.find_spec("pyspark"),
        "Java": os.environ.get("JAVA_HOME") or shutil.which("java"),
    }.items()
    if not there
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/differential" in item.path.as_posix():
            item.add_marker(pytest.mark.spark)
            item.add_marker(pytest.mark.skipif(bool(missing), reason=f"Spark needs {' and '.join(missing)}"))


@pytest.fixture
def on_spark(settings) -> None:
    """The engine is Spark."""
    settings.ENGINE = SMALL


@pytest.fixture
def both(settings) -> Callable[[Table], tuple[pa.Table, pa.Table]]:
    """The rows of an expression, on DuckDB and on Spark."""

    def ask(expression: Table) -> tuple[pa.Table, pa.Table]:
        settings.ENGINE = "duckdb://"
        near = engine.arrow(expression)
        settings.ENGINE = SMALL
        return near, engine.arrow(expression)

    return ask
