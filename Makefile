# `make demo` runs the site, `make test` checks everything. Both need Python 3.11+ and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
PIP := PIP_USER=0 $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
# Written last when GraphiQL's bundle is made.
GRAPHIQL := .bff/graphiql/sources.sha256

.PHONY: demo loadtest bench bench-live test venv lint format types imports generated unit fuzz lock wheel clean generate

demo: venv $(GRAPHIQL)
	@exec $(BIN)/python -m app.dev.demo

# PORT, BROWSERS and SECONDS say where, how many and how long; see loadtest/run.py.
loadtest: venv
	@exec $(BIN)/python -m loadtest.run

# How fast a page is, against its limit and every other way: rewrites loadtest/report. SECONDS and ROUNDS size it; see
# loadtest/bench/__main__.py.
bench: .venv/bench
	@exec $(BIN)/python -m loadtest.bench

# What live pages cost and withstand: rewrites loadtest/report/live.*. SECONDS and COMMITS size it; see
# loadtest/live/__main__.py.
bench-live: .venv/bench
	@exec $(BIN)/python -m loadtest.live

test: lint types imports generated unit

# Linters, not opinions: `make format` mends what can be mended.
lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: venv
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: venv
	$(BIN)/mypy

imports: venv
	$(BIN)/lint-imports

# What is generated from the sources and committed must be what the sources give now.
generated: venv
	$(BIN)/bff check
	$(BIN)/bff schema --check

# Files in the order of their names: by default those with few tests come last, which are the ones that take long. Three at
# a time keep two cores busy, as many wait for a browser, a database or a server.
unit: venv
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

# As many random operations as asked, each answered by the engine and by graphql-core: `make fuzz N=5000`; and Briefcase
# live while it is written to. A failure prints the smallest operation that shows it, and the SEED to see it again.
fuzz: venv
	$(BIN)/python -m pytest tests/bff/fuzz tests/app/test_live_fuzz.py -n 2 --fuzz $(or $(N),1000) $(if $(SEED),--fuzz-seed $(SEED))

# Write anew what is generated and committed; the diff is what there is to review.
generate: venv
	$(BIN)/bff schema --write
	$(BIN)/python -m pytest tests/pages --golden-write
	$(BIN)/python -m app.dev.pages

# Where its packages cannot be fetched, the rest of the demo still runs.
$(GRAPHIQL): $(wildcard bff/web/graphiql/*.*) | venv
	-@$(BIN)/bff graphiql install && touch $@

# The environment holds exactly what the lock file names, each file checked against its hash; `--only-binary` because
# building a source distribution would fetch build tools that no lock names. A second run finds nothing to do.
venv: .venv/project

.venv/lock: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, $(PYTHON) is %d.%d: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo 'Python has no venv module here; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing the locked packages into .venv (once) ...'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

.venv/project: .venv/lock pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/bench: requirements-bench.lock .venv/lock | venv
	@$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements-bench.lock
	@touch $@

# With uv. No registry address and no path of the machine that made it goes into the lock.
lock:
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet --upgrade -o requirements.lock
	uv pip compile --group pyproject.toml:bench --constraints requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --upgrade -o requirements-bench.lock

wheel: venv
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
