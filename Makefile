# The commands of the project. `make demo` to see it, `make test` to test it, `make check` before a commit.

PORT ?= 8000
PYTHON_BIN = .venv/bin/python

.PHONY: help demo test test-browser test-fast test-slow test-postgres test-spark check format lock docs setup setup-dev clean

help:
	@echo "make demo [PORT=8000]   the product with real data, all in one terminal; Ctrl-C stops it"
	@echo "make test               every test but those below"
	@echo "make test-browser       the stories that are driven through Chromium, where it is present"
	@echo "make test-fast          like test, in one process"
	@echo "make test-slow          the long ones: workers killed at random, two years of launches, axe on every page"
	@echo "make test-postgres      what touches the database, on a PostgreSQL of its own"
	@echo "make test-spark         every activity and generated rules on DuckDB and on Spark, compared"
	@echo "make check              format, lint, types, migrations, deployment settings"
	@echo "make format             format the code"
	@echo "make docs               write the generated pages of docs/reference anew"
	@echo "make lock               compile the hash-checked requirements from pyproject.toml"

setup:
	@for more in requirements-dev.txt requirements-spark.txt; do \
		[ -f .venv/.installed-$$(cksum <$$more | tr ' ' '-') ] && exit 0; \
	done; sh bootstrap.sh requirements.txt

setup-dev:
	@sh bootstrap.sh requirements-dev.txt

demo: setup
	@ORCHCAMP_DEMO=1 $(PYTHON_BIN) manage.py demo --port $(PORT)

test: setup-dev
	@.ci/tests -n 2 --dist loadfile -m "not slow and not browser and not spark"

test-browser: setup-dev
	@.ci/tests tests/browser -n 2 --dist loadfile -m "browser and not slow"

test-fast: setup-dev
	@$(PYTHON_BIN) -m pytest -m "not slow and not browser and not spark"

test-slow: setup-dev
	@.ci/tests -m slow

test-postgres: setup-dev
	@.ci/postgres .ci/tests tests/accounts tests/campaigns tests/messaging -n 2 --dist loadfile \
		-m "not slow and not browser"

test-spark: setup-dev
	@.ci/tests -m spark -rs

check: setup-dev
	$(PYTHON_BIN) -m ruff format --check .
	$(PYTHON_BIN) -m ruff check .
	$(PYTHON_BIN) -m mypy
	DJANGO_SETTINGS_MODULE=tests.settings $(PYTHON_BIN) manage.py makemigrations --check --dry-run
	ORCHCAMP_BASE_URL=https://orchcamp.example $(PYTHON_BIN) manage.py check --deploy --fail-level WARNING

format: setup-dev
	$(PYTHON_BIN) -m ruff format .
	$(PYTHON_BIN) -m ruff check --fix .

docs: setup-dev
	$(PYTHON_BIN) manage.py write_reference

LOCK = uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

lock:
	$(LOCK) -o requirements.txt
	$(LOCK) --extra spark -o requirements-spark.txt
	$(LOCK) --group dev -o requirements-dev.txt

clean:
	rm -rf .venv .bootstrap .pytest_cache .mypy_cache .ruff_cache .hypothesis
