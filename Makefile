# Set-up happens by itself: every target installs what it needs into .venv first.
PYTHON ?= python3
VENV ?= .venv
PIP_OPTIONS ?=
BIN := $(VENV)/bin
CALLS ?= 50000
OURS := policies knowledge tools agents server evals
NEEDS := pyproject.toml constraints.txt

.PHONY: demo test nightly check bench evals gate conformance machine mutants format clean

demo: $(VENV)/.installed ## a retailer's day, end to end
	@$(BIN)/tillhand demo $(ARGS)

test: $(VENV)/.installed-dev ## every promise
	@$(BIN)/pytest -q -n 2 $(ARGS)

nightly: $(VENV)/.installed-dev ## every promise, and the proofs too slow for every change
	@TILLHAND_NIGHTLY=1 $(BIN)/pytest -q -n 2 $(ARGS)

check: $(VENV)/.installed-dev ## style, types, and who may import whom
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

bench: $(VENV)/.installed-dev ## our figures beside their floors; writes build/bench.json
	@$(BIN)/python -m evals.bench $(ARGS)

evals: $(VENV)/.installed-dev ## how good decisions, words and masks are; writes build/evals.json
	@$(BIN)/python -m evals $(ARGS)

gate: $(VENV)/.installed-dev ## no figure of offers fell below what is kept; a minute
	@$(BIN)/python -m evals.gate $(ARGS)

conformance: $(VENV)/.installed-dev ## the official MCP suite, where Node is
	@$(BIN)/python -m tests.conformance.run

machine: $(VENV)/.installed-dev ## both doors driven at random; CALLS=1000000 for a night
	@TILLHAND_MACHINE_CALLS=$(CALLS) $(BIN)/pytest -q tests/machine

mutants: $(VENV)/.installed-dev ## what could be changed in policies/ without a test noticing; about half an hour
	@$(BIN)/python -m evals.mutants $(ARGS)

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

clean:
	rm -rf $(VENV) build var mutants

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tillhand needs Python 3.11 or newer; run make PYTHON=python3.12, say.")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(NEEDS) | $(VENV)/bin/python
	@echo "Installing Tillhand into $(VENV); the first time takes a few minutes."
	@$(BIN)/python -m pip install -q $(PIP_OPTIONS) -c constraints.txt -e .
	@$(BIN)/python -m compileall -q $(OURS)
	@touch $@

$(VENV)/.installed-dev: $(NEEDS) | $(VENV)/bin/python
	@echo "Installing Tillhand and its checks into $(VENV); the first time takes a few minutes."
	@$(BIN)/python -m pip install -q $(PIP_OPTIONS) -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q $(OURS)
	@touch $@ $(VENV)/.installed
