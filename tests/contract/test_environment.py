"""The environment of formats.md: what is wrong with it is said in one sentence, by a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each is a process, or several
MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHCAMP_", "DJANGO_"))}
    clean.pop("DATABASE_URL", None)
    command = [sys.executable, str(MANAGE), *arguments]
    return subprocess.run(
        command,
        env=clean | {"ORCHCAMP_DATA": str(data)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory) -> Path:
    """A data folder with a database and one dataset."""
    folder = tmp_path_factory.mktemp("environment")
    assert manage(folder, "migrate", "-v0").returncode == 0
    (folder / "people.csv").write_text("id,city\n1,Paris\n2,Lyon\n")
    (folder / "people.yaml").write_text("datasets:\n  people: {file: people.csv, key: id}\n")
    (folder / "rule.json").write_text('{"attribute": "city", "operator": "equals", "value": "Paris"}')
    loaded = manage(folder, "load_datasets", str(folder / "people.yaml"), "--json")
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert json.loads(loaded.stdout)["people"]["kept"] == 2
    return folder


def counted(folder: Path, **environment: str) -> tuple[int, dict, str]:
    done = manage(folder, "count_audience", "people", str(folder / "rule.json"), "--json", **environment)
    return done.returncode, json.loads(done.stdout)[0], done.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ORCHCAMP_DATA": "/proc/nowhere"}, "The folder /proc/nowhere cannot be made"),
        ({"ORCHCAMP_DATA": str(MANAGE)}, f"The folder {MANAGE} cannot be made"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "mysql://somewhere/else"}, "DATABASE_URL must begin with postgres:// or sqlite:///."),
        ({"DATABASE_URL": "postgres://u:p@127.0.0.1:1/x"}, "The database refused"),
        ({"ORCHCAMP_TIME_ZONE": "Mars"}, "ORCHCAMP_TIME_ZONE: there is no time zone “Mars”"),
        ({"ORCHCAMP_WORKERS": "many"}, "ORCHCAMP_WORKERS must be a whole number, not “many”."),
    ],
)
def test_an_environment_that_cannot_be_used_gets_a_sentence(tmp_path, environment, sentence):
    done = manage(tmp_path, "migrate", "-v0", **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr


def test_the_engine_takes_its_options_from_the_environment(ready):
    code, entry, _err = counted(ready, ORCHCAMP_ENGINE="duckdb://?memory_limit=1GB&threads=1")
    assert (code, entry["count"]) == (0, 1)


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        ("duckdb://?memory_limit=banana", "Memory must have a number"),
        ("duckdb://?colour=red", "colour"),
        ("mysql://somewhere", "names no engine"),
        ("local[two]", "names no engine"),
    ],
)
def test_an_engine_that_cannot_be_started_is_named(ready, engine, why):
    code, entry, err = counted(ready, ORCHCAMP_ENGINE=engine)
    assert code == 1
    assert entry["error"].startswith("ORCHCAMP_ENGINE is “")
    assert why in entry["error"]
    assert "Traceback" not in err


def test_spark_without_java_is_a_sentence_with_the_mend(ready, tmp_path):
    code, entry, err = counted(ready, ORCHCAMP_ENGINE="local[1]", JAVA_HOME=str(tmp_path / "nowhere"))
    assert code == 1
    assert entry["error"].startswith("ORCHCAMP_ENGINE asks for Spark, which ")
    assert entry["error"].endswith(("apt-get install default-jre-headless.", "sh bootstrap.sh requirements-spark.txt."))
    assert "Traceback" not in err


def test_a_lake_without_its_files_is_named(ready, tmp_path):
    code, entry, err = counted(ready, ORCHCAMP_LAKE=str(tmp_path / "other"))
    assert code == 1
    assert "it is not there. Check ORCHCAMP_LAKE" in entry["error"]
    assert err == "1 of 1 rules could not be counted.\n"


def test_a_database_that_was_never_set_up_gets_a_sentence_and_json(tmp_path):
    done = manage(tmp_path, "check_campaign", "spring", "--json")
    assert done.returncode == 1
    assert done.stderr.startswith("The database refused: no such table")
    assert json.loads(done.stdout) == {"error": done.stderr.strip()}


def test_wrong_usage_is_exit_status_2_without_an_answer(tmp_path):
    done = manage(tmp_path, "run_campaign", "spring")
    assert (done.returncode, done.stdout) == (2, "")
    assert "one of the arguments --test --live --dry is required" in done.stderr


def test_what_nobody_foresaw_is_a_sentence_and_goes_to_a_log(ready):
    """A lake that is a file."""
    done = manage(ready, "load_datasets", str(ready / "people.yaml"), "--json", ORCHCAMP_LAKE=str(ready / "people.csv"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert json.loads(done.stdout) == {"error": done.stderr.strip()}
    assert "Traceback" in (ready / "commands.log").read_text()
