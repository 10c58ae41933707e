# `make demo` and `make test` are enough: each makes .venv if it is missing and installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml setup.py
WORKERS ?= 2

.PHONY: demo test test-all lint types docs-check clean
.DEFAULT_GOAL := demo

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(INPUTS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: $(INPUTS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.installed

demo: $(VENV)/.installed  ## make the demo data sets (real tiles, procedural places), check them, write their reports
	$(BIN)/diachron generate demo --out demo --workers $(WORKERS) --overwrite
	$(BIN)/diachron generate world --out demo-world -n 4 --workers $(WORKERS) --overwrite
	$(BIN)/diachron validate demo
	$(BIN)/diachron validate demo-world
	$(BIN)/diachron report demo
	$(BIN)/diachron report demo-world
	@echo "open demo/report.html and demo-world/report.html in a browser"

test: $(VENV)/.installed-dev  ## the tests, without the slow ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS)

test-all: $(VENV)/.installed-dev  ## all tests; no time limit
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) -m "slow or not slow" --timeout 1800

lint: $(VENV)/.installed-dev  ## style, who may import whom, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) demo demo-world build dist *.egg-info
