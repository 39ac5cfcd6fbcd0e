# Every target sets up what it needs in .venv; Python 3.11 or later and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= aging
# An install compiles the engine; it is compiled anew when its source has changed.
INSTALLED := pyproject.toml hatch_build.py aclbench/compiled.py aclbench/capture/walk.py \
	$(wildcard aclbench/drivers/*.py aclbench/engine/*.py)
FUZZ_SECONDS ?= 600
FUZZ_SEED ?=
STRESS_SECONDS ?= 60
SEEDS ?=
# Tests run side by side; two, since a test of real threads has more than one of its own.
TEST_JOBS ?= 2
# A free-threaded Python, if there is one.
FREETHREADED ?= $(firstword $(shell command -v python3.15t python3.14t python3.13t))
FT := .venv-freethreaded

.PHONY: run test check lint types imports bench fuzz stress test-freethreaded docs pictures dist clean help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: $(VENV)/.run ## the live view on a bundled scenario (SCENARIO=name for another)
	$(BIN)/aclbench tui $(SCENARIO)

test: $(VENV)/.dev ## the tests; those of the engine both compiled and interpreted
	@$(BIN)/aclbench --version
	$(BIN)/python -m pytest -n $(TEST_JOBS)
	ACLBENCH_INTERPRETED=1 $(BIN)/python -m pytest -n $(TEST_JOBS) tests/engine tests/drivers

lint: $(VENV)/.dev ## ruff: errors, imports, style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict
	$(BIN)/mypy --strict aclbench

imports: $(VENV)/.dev ## the import contracts
	$(BIN)/lint-imports

check: lint types imports test ## everything that must hold before a change lands

bench: $(VENV)/.dev ## the cost of a requeue, of a day, of a replay
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.dev ## damaged captures, FUZZ_SECONDS long (FUZZ_SEED=number repeats a run)
	PYTHONPATH=tests $(BIN)/python -m capture.fuzz --seconds $(FUZZ_SECONDS) \
	  $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

stress: $(VENV)/.dev ## random runs on real threads for a minute (SEEDS=number: so many runs)
	PYTHONPATH=tests $(BIN)/python -m drivers.stress \
	  $(if $(SEEDS),--seeds $(SEEDS),--seconds $(STRESS_SECONDS))

test-freethreaded: $(FT)/.dev ## engine, drivers and a short stress without a global interpreter lock
	PYTHON_GIL=0 $(FT)/bin/python -m pytest tests/engine tests/drivers
	PYTHON_GIL=0 PYTHONPATH=tests $(FT)/bin/python -m drivers.stress --seconds 20

pictures: $(VENV)/.dev ## draw the documents' pictures of the screen anew
	$(BIN)/python docs/pictures.py

docs: $(VENV)/.dev ## write the table of commands, docs/commands.md, anew
	$(BIN)/python -m aclbench.workbench.commands.reference docs/commands.md

dist: $(VENV)/.dev ## one wheel for any platform; captures, scenarios and lessons inside
	ACLBENCH_PURE=1 $(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what the targets made
	rm -rf $(VENV) $(FT) dist build aclbench/_compiled .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "aclbench needs Python 3.11 or later; say which: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(INSTALLED) | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	$(BIN)/python -m compileall -q aclbench
	@touch $@

$(VENV)/.dev: $(INSTALLED) | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m compileall -q aclbench
	@touch $@ $(VENV)/.run

$(FT)/.dev: pyproject.toml
	@test -n "$(FREETHREADED)" || { echo "there is no free-threaded Python on the path \
	(python3.13t or later); say where: make FREETHREADED=/path/to/python3.14t test-freethreaded"; exit 1; }
	$(FREETHREADED) -m venv $(FT)
	$(FT)/bin/pip install --quiet --disable-pip-version-check --prefer-binary \
	  hatchling editables hypothesis pytest pytest-asyncio
	ACLBENCH_PURE=1 $(FT)/bin/pip install --quiet --disable-pip-version-check --prefer-binary \
	  --no-build-isolation -e .
	@touch $@
