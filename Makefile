# Everything sets itself up on a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help test test-all lint demo bench clean

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# compiled, because PYTHONDONTWRITEBYTECODE would make every start compile again
compiled: $(STAMP)
	@$(BIN)/python -m compileall -q aicos_tls

.PHONY: compiled

test: compiled ## what needs no containers (TESTS="tests/pki -k handshake" for some of it)
	$(BIN)/python -m pytest -n auto -m 'not live and not slow and not exhaustive' $(TESTS)

test-all: compiled ## everything: real containers and real servers of each language, too
	$(BIN)/python -m pytest -n auto -m 'not exhaustive' $(TESTS)

hostile: compiled ## every hostile project with every command, about an hour
	$(BIN)/python -m pytest -n auto -m exhaustive tests/security

.PHONY: hostile

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

cover: compiled ## branch coverage, with the bars that must hold
	$(BIN)/python -m pytest -n auto --cov --cov-report=term --cov-report=json:.coverage.json
	$(BIN)/python tests/coverage_bars.py .coverage.json

.PHONY: cover

SECONDS ?= 60
RUNS ?= -1

fuzz: compiled ## the readers of input, SECONDS=60 each (TARGETS="editor record" for some; .fuzz/ keeps what was learned)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary atheris --editable '.[fuzz]' \
		|| echo "atheris could not be installed"
	@$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) --runs $(RUNS) $(TARGETS)

.PHONY: fuzz

demo: compiled ## the main job on the AI Chief of Staff stack, in a copy
	@$(BIN)/python fixtures/demo.py

demo-live: compiled ## the same in real containers (Docker, or root and a folder AICOS_TLS_LIVE)
	@PYTHONPATH="$(CURDIR)" $(BIN)/python fixtures/demo-live.py

.PHONY: demo-live

bench: compiled ## what it costs, against its peers in the same run
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/run.py

clean: ## remove what was set up
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* .fuzz dist build
