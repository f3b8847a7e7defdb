# `make help` lists the targets. PYTHON chooses the interpreter (3.11 or newer) that .venv is made with.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo tour lessons check test test-fast test-recipes test-stress test-network lint format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  \1\t/' | expand -t 16

demo: $(READY)  ## the five landmarks from builder to served model, with one command
	$(BIN)/session5 tour --landmarks

tour: $(READY)  ## every network of the course, likewise
	$(BIN)/session5 tour

lessons: $(READY)  ## the notebooks, from lessons/*.py, run and with their pictures; about fifteen minutes
	$(BIN)/python lessons/build.py

check: $(READY)  ## linters and the fast tests side by side, in under ninety seconds: for use while working
	@$(MAKE) --no-print-directory --jobs=2 lint test-fast

test: $(READY)  ## all tests that need neither network nor GPU
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

test-fast: $(READY)  ## the tests that are neither slow nor in a browser
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not (slow or browser or network or gpu or recipe or stress)"

test-recipes: $(READY)  ## every recipe with three seeds, against what it promises; about an hour
	$(BIN)/python -m pytest -m recipe

test-stress: $(READY)  ## the server under change for a minute, and an hour's worth of requests; ten minutes
	$(BIN)/python -m pytest -m stress tests/server

test-network: $(READY)  ## the tests that need the internet
	$(BIN)/python -m pytest -m network

lint: $(READY)  ## ruff and pyright
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(READY)  ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what was built, trained and exported
	rm -rf .venv runs build dist report.json .pytest_cache .ruff_cache .hypothesis
	find saved_models -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +

# Marked as ready last, so that an interrupted installation is begun anew.
$(READY): pyproject.toml setup.cfg constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	@touch $(READY)
