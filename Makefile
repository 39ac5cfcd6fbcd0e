# Every target sets up what it needs in .venv; Python 3.11 or later and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= aging
# An install compiles the engine; it is compiled anew when its source has changed.
INSTALLED := pyproject.toml hatch_build.py aclbench/compiled.py aclbench/capture/walk.py \
	$(wildcard aclbench/designs/*.py aclbench/drivers/*.py aclbench/engine/*.py)
FUZZ_SECONDS ?= 600
FUZZ_SEED ?=
FUZZ_CASE ?=
STRESS_SECONDS ?= 60
KILLS ?= 300
SECONDS ?= 600
SEED ?=
SEEDS ?=
# Tests run side by side; two, since a test of real threads has more than one of its own.
TEST_JOBS ?= 2
# Worker processes of tests that have nothing to do take over from those that have.
TESTS := -m pytest -n $(TEST_JOBS) --dist worksteal
# The tests of what is compiled, and so is tested interpreted too.
MACHINE := tests/engine tests/drivers tests/designs tests/lab/explore
# A free-threaded Python, if there is one.
FREETHREADED ?= $(firstword $(shell command -v python3.15t python3.14t python3.13t))
FT := .venv-freethreaded
LOWEST := .venv-lowest
WHEEL := build/wheel-test
# Byte code is kept: without it each process that tests start compiles all source, and pytest each test.
export PYTHONDONTWRITEBYTECODE :=
PIP_QUIETLY := --quiet --disable-pip-version-check

.PHONY: run test test-long test-lowest test-seeds wheel-test check lint types imports bench fuzz stress kills \
	test-freethreaded docs pictures dist clean help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 26

run: $(VENV)/.run ## the live view on a bundled scenario (SCENARIO=name for another)
	$(BIN)/aclbench tui $(SCENARIO)

test: $(VENV)/.dev ## the tests; those of the engine and of designs both compiled and interpreted
	@$(BIN)/aclbench --version
	$(BIN)/python $(TESTS)
	ACLBENCH_INTERPRETED=1 $(BIN)/python $(TESTS) -m "not long and not compiled_only" $(MACHINE)

test-long: $(VENV)/.dev ## all tests, those too that take long, and each property with all its examples
	$(BIN)/python $(TESTS) -m "" --hypothesis-profile=long
	ACLBENCH_INTERPRETED=1 $(BIN)/python $(TESTS) -m "" --hypothesis-profile=long $(MACHINE)

lint: $(VENV)/.dev ## ruff: errors, imports, style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict, of the source as it is and as it is compiled
	$(BIN)/mypy --strict aclbench
	$(BIN)/python -c 'from aclbench import compiled; compiled.stage(compiled.Path("build/staged"))'
	cd build/staged && $(CURDIR)/$(BIN)/mypy --strict --config-file $(CURDIR)/pyproject.toml aclbench

imports: $(VENV)/.dev ## the import contracts
	$(BIN)/lint-imports

test-lowest: $(LOWEST)/.dev ## the tests on the lowest versions of libraries that pyproject.toml allows
	$(LOWEST)/bin/python $(TESTS)

wheel-test: $(VENV)/bin/python ## a wheel, built, installed and tried in an empty environment
	rm -rf $(WHEEL)
	mkdir -p $(WHEEL)/folder
	ACLBENCH_PURE=1 $(BIN)/pip wheel $(PIP_QUIETLY) --no-deps --wheel-dir $(WHEEL) .
	$(PYTHON) -m venv $(WHEEL)/venv
	$(WHEEL)/venv/bin/pip install $(PIP_QUIETLY) --no-compile $(WHEEL)/*.whl
	cd $(WHEEL)/folder && export PATH="$(CURDIR)/$(WHEEL)/venv/bin:$$PATH" && \
	  aclbench --version && aclbench replay aging > figures && aclbench explain long-gaps 121 > why && \
	  aclbench repl -c 'run 1s' two-workers > lines && aclbench learn > lessons && \
	  aclbench learn check 01-pinhole && aclbench completion bash > script
	test "$$(cd $(WHEEL)/folder && grep -l . figures why lines lessons script | wc -l)" -eq 5

check: lint types imports test ## everything that must hold before a change lands

bench: $(VENV)/.dev ## the cost of a requeue, of a day, of a replay
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.dev ## inputs of every kind, damaged, FUZZ_SECONDS long (FUZZ_SEED=number, FUZZ_CASE=file: again)
	PYTHONPATH=tests $(BIN)/python -m fuzz $(if $(FUZZ_CASE),--again $(FUZZ_CASE),\
	  --seconds $(FUZZ_SECONDS) --jobs $(TEST_JOBS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED)))

test-seeds: $(VENV)/.dev ## properties with fresh seeds, SECONDS long (SEED=number repeats a round)
	PYTHONPATH=tests $(BIN)/python -m seeds --jobs $(TEST_JOBS) --seconds $(SECONDS) \
	  $(if $(SEED),--seed $(SEED))

stress: $(VENV)/.dev ## random runs on real threads for a minute (SEEDS=number: so many runs)
	PYTHONPATH=tests $(BIN)/python -m drivers.stress \
	  $(if $(SEEDS),--seeds $(SEEDS),--seconds $(STRESS_SECONDS))

kills: $(VENV)/.dev ## screen and prompt, ended by SIGKILL at random moments (KILLS=number)
	PYTHONPATH=tests $(BIN)/python -m kills --kills $(KILLS) --jobs $(TEST_JOBS) \
	  $(if $(SEED),--seed $(SEED))

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
	rm -rf $(VENV) $(FT) $(LOWEST) dist build aclbench/_compiled .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "aclbench needs Python 3.11 or later; say which: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(INSTALLED) | $(VENV)/bin/python
	@echo "Installing the libraries into $(VENV), and compiling the machine: a minute or two, and only" \
	  "when something has changed ..."
	@$(BIN)/pip install $(PIP_QUIETLY) -e .
	@$(BIN)/python -m compileall -q aclbench
	@touch $@
	@echo "Installed: $$($(BIN)/aclbench --version); the command is $(BIN)/aclbench"

$(VENV)/.dev: $(INSTALLED) | $(VENV)/bin/python
	@echo "Installing libraries and tools into $(VENV), and compiling the machine: a minute or two ..."
	@$(BIN)/pip install $(PIP_QUIETLY) -e '.[dev]'
	@$(BIN)/python -m compileall -q aclbench
	@touch $@ $(VENV)/.run

$(LOWEST)/.dev: pyproject.toml
	@echo "Installing the lowest versions that pyproject.toml allows into $(LOWEST) ..."
	@$(PYTHON) -m venv $(LOWEST)
	@$(LOWEST)/bin/pip install $(PIP_QUIETLY) uv
	@ACLBENCH_PURE=1 $(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python \
	  --resolution lowest-direct -e '.[dev]'
	@touch $@

$(FT)/.dev: pyproject.toml
	@test -n "$(FREETHREADED)" || { echo "there is no free-threaded Python on the path \
	(python3.13t or later); say where: make FREETHREADED=/path/to/python3.14t test-freethreaded"; exit 1; }
	$(FREETHREADED) -m venv $(FT)
	$(FT)/bin/pip install $(PIP_QUIETLY) --prefer-binary \
	  hatchling editables hypothesis pytest pytest-asyncio
	ACLBENCH_PURE=1 $(FT)/bin/pip install $(PIP_QUIETLY) --prefer-binary \
	  --no-build-isolation -e .
	@touch $@
