"""Spark's session: one a process, in a Java process of its own, started when the first question is asked."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import threading
import warnings
from pathlib import Path
from typing import Any

import ibis
from django.utils.translation import gettext as _

from . import functions
from .address import Address, address, refused, spill
from .errors import BadEngine

NAMED = {  # options by a short name; any other that begins with "spark." is passed on as it is
    "driver_memory": "spark.driver.memory",
    "executor_memory": "spark.executor.memory",
    "cores": "spark.cores.max",
    "partitions": "spark.sql.shuffle.partitions",
}
JAVA = "spark.driver.extraJavaOptions"
LOADING = ("memory_limit", "threads")  # for DuckDB, which reads and types files in either mode
REACH_SECONDS = 5
FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # an overflow ends in an error, not in another number
    "spark.sql.caseSensitive": "true",
    "spark.sql.analyzer.maxIterations": "2000",  # a computed column over a computed column takes a round each
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.sources.default": "parquet",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

lock = threading.RLock()
_process: Any = None
_inherited: list[Any] = []


def backend() -> Any:
    """This process's session as an Ibis backend; a forked worker gets its own. Raises BadEngine."""
    global _process
    with lock:
        if _process is None:
            _process = _started()
        return _process


def running() -> Any:
    """The backend if there is one."""
    return _process


def forget() -> None:
    """Leave a session whose Java process or cluster has gone; the next question starts another."""
    global _process
    with lock:
        gateway, _process = _detached(), None
    if gateway is not None:
        gateway.proc.kill()
        gateway.proc.wait()


def _after_fork() -> None:
    """A forked child leaves its parent's Java process alone, and starts its own when it needs one."""
    global lock, _process
    lock = threading.RLock()
    if _process is not None:
        _inherited.append(_process)
        _process = None
        if gateway := _detached():
            os.close(gateway.proc.stdin.fileno())  # the parent's Java process ends with the parent


os.register_at_fork(after_in_child=_after_fork)


def _detached() -> Any:
    """Spark's gateway, of which Spark's Python side knows nothing any more."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    gateway = SparkContext._gateway
    if gateway is not None:
        _inherited.append(gateway)
        gateway._gateway_client.is_connected = False  # so that no object that is collected writes to its sockets
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None
    return gateway


# --- Starting ------------------------------------------------------------------------------------


def _started() -> Any:
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ImportError:
        raise BadEngine(
            _("ORCHCAMP_ENGINE asks for Spark, which is not installed here: sh bootstrap.sh requirements-spark.txt.")
        ) from None
    asked, folder = address(), spill()
    _check(asked)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    conf = SparkConf(loadDefaults=False)
    conf.setMaster(asked.master).setAppName("Orchcamp").setAll(list(_configuration(asked, folder).items()))
    said = folder / "spark.log"
    try:
        with said.open("wb") as log:
            SparkContext._gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
        SparkContext._jvm = SparkContext._gateway.jvm
        session = SparkSession(SparkContext(conf=conf))
        for statement in functions.for_spark():
            session.sql(statement)
    except Exception as error:
        forget()
        raise refused("spark", _reason(said, error)) from None
    with warnings.catch_warnings():  # Spark's own pandas functions do not know pandas 3; none of them is used
        warnings.simplefilter("ignore", FutureWarning)
        return ibis.pyspark.connect(session)


def _check(asked: Address) -> None:
    """What can be known before a minute of waiting."""
    home = os.environ.get("JAVA_HOME")
    if not ((Path(home) / "bin" / "java").exists() if home else shutil.which("java")):
        raise BadEngine(
            _("ORCHCAMP_ENGINE asks for Spark, which needs Java 17 or newer: apt-get install default-jre-headless.")
        )
    faults = []
    for place in asked.master.removeprefix("spark://").split(",") if asked.master.startswith("spark:") else ():
        host, _colon, port = place.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()
        except (OSError, ValueError) as error:
            faults.append(f"{place}: {error}")
        else:
            return
    if faults:
        raise refused("spark", "; ".join(faults))


def _configuration(asked: Address, folder: Path) -> dict[str, str]:
    found = {"spark.driver.memory": "2g", "spark.local.dir": str(folder), "spark.sql.warehouse.dir": str(folder)}
    if asked.master.startswith("local"):
        cores = asked.master[6:-1]
        parallel = int(cores) if cores.isdigit() else (os.cpu_count() or 2)
        found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        found["spark.sql.shuffle.partitions"] = str(2 * parallel)
    for name, value in asked.options.items():
        if name not in NAMED and name not in LOADING and not name.startswith("spark."):
            raise refused("spark", _("unknown option %(name)s") % {"name": name})
        if name not in LOADING:
            found[NAMED.get(name, name)] = value
    log = Path(__file__).with_name("log4j2.properties").as_uri()
    java = f"{found.get(JAVA, '')} -Dlog4j2.configurationFile={log} -Djava.io.tmpdir={folder}"
    return found | FIXED | {JAVA: java.strip()}


def _reason(said: Path, error: Exception) -> str:
    """The line of Spark's own log that says why, if there is one."""
    lines = said.read_text(errors="replace").splitlines() if said.exists() else []
    telling = [line for line in lines if re.search(r"Exception|Error|ERROR|Invalid", line)]
    return re.sub(r"^[-\d]+ [\d:,]+ ERROR ", "", telling[-1]) if telling else str(error)
