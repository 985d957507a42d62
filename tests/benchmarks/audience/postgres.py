"""A PostgreSQL cluster of the benchmark's own, with the market's tables indexed for the questions."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import psycopg

from .market import COLUMNS, KEYS, paths

PORT = 54331
TYPES = {
    "integer": "bigint", "string": "text", "float": "double precision", "boolean": "boolean", "decimal": "numeric(18, 4)",
    "datetime": "timestamptz",
}  # fmt: skip
INDEXES = {
    "profiles": ["city", "age", "score", "signed_up", "consent"],
    "purchases": ["profile_id", "product_id", "store_id", "bought_at", "amount"],
    "products": ["category", "brand"],
    "stores": ["region"],
}
SETTINGS = {
    "listen_addresses": "127.0.0.1", "shared_buffers": "4GB", "work_mem": "512MB", "maintenance_work_mem": "2GB",
    "effective_cache_size": "12GB", "max_wal_size": "16GB", "fsync": "off", "max_parallel_workers_per_gather": "2",
    "random_page_cost": "1.1", "jit": "on",
}  # fmt: skip


class Cluster:
    """Starts in ``folder`` and loads the market once; None of ``installed`` means there is no PostgreSQL here."""

    def __init__(self, folder: Path):
        self.folder, self.url = folder, f"postgres://postgres@127.0.0.1:{PORT}/postgres"

    @staticmethod
    def installed() -> Path | None:
        return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)

    def __enter__(self) -> Cluster:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        if not data.exists():
            self._run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--locale=C.UTF-8")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -p {PORT} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", str(data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")
        return self

    def __exit__(self, *error: object) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        bin = self.installed()
        command = [str(bin / program), *arguments] if bin else []
        if os.getuid() == 0:  # the server refuses to run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def load(self, lake: Path) -> None:
        """Copy every dataset over and index it, unless that was done before."""
        with psycopg.connect(self.url, autocommit=True) as con:
            for slug, path in paths(lake).items():
                if con.execute("SELECT to_regclass(%s)", [f"{slug}_loaded"]).fetchone()[0] is None:
                    self._load(con, slug, path)

    def _load(self, con: psycopg.Connection, slug: str, path: Path) -> None:
        columns = ", ".join(f"{name} {TYPES[type]}" for name, type in COLUMNS[slug].items())
        con.execute(f"DROP TABLE IF EXISTS {slug}")
        con.execute(f"CREATE UNLOGGED TABLE {slug} ({columns})")
        file = self.folder / f"{slug}.csv"
        duckdb.sql(f"COPY (SELECT * FROM read_parquet('{path}')) TO '{file}' (FORMAT csv, HEADER false)")
        file.chmod(0o644)
        con.execute(f"COPY {slug} FROM '{file}' (FORMAT csv)")
        file.unlink()
        con.execute(f"ALTER TABLE {slug} ADD PRIMARY KEY ({KEYS[slug]})")
        for column in INDEXES[slug]:
            con.execute(f"CREATE INDEX ON {slug} ({column})")
        con.execute(f"VACUUM ANALYZE {slug}")
        con.execute(f"CREATE TABLE {slug}_loaded ()")
