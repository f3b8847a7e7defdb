# `make help` lists the targets. PYTHON selects the interpreter for .venv (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo tour lessons site stick check test test-fast test-jax test-recipes test-stress test-oracle test-network lint format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  \1\t/' | expand -t 16

demo: $(READY)  ## train, export, serve and query the five landmarks
	$(BIN)/session5 tour --landmarks

tour: $(READY)  ## train, export, serve and query every network of the course
	$(BIN)/session5 tour

lessons: $(READY)  ## build and run the notebooks from lessons/*.py; about fifteen minutes
	$(BIN)/python lessons/build.py

site: $(READY)  ## build docs/start.html and, from all guides and lessons, build/site/; both open from the disk
	$(BIN)/python site/build.py
	$(BIN)/sphinx-build --quiet --fail-on-warning -c site . build/site
	@echo "Open build/site/index.html"

stick: site  ## collect in build/stick what a classroom without internet needs; about a gigabyte
	rm -rf build/stick
	mkdir -p build/stick/lessons
	$(BIN)/python -m pip wheel --quiet --wheel-dir build/stick/wheels --constraint constraints.txt '.[lessons,playground]'
	cp -r build/site build/stick/site
	$(BIN)/python site/build.py --pages site/ --to build/stick/start.html
	cp lessons/*.ipynb build/stick/lessons/
	cp site/stick.txt build/stick/README.txt
	@echo "Copy build/stick to the stick. Its README.txt says how to use it."

check: $(READY)  ## run the linters and the fast tests in parallel, in under ninety seconds
	@$(MAKE) --no-print-directory --jobs=2 lint test-fast

# Three processes for two cores: servers and other programs that the tests start are waited for.
test: $(READY)  ## run every test that needs neither the internet nor a GPU
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-fast: $(READY)  ## run the tests that are not slow and need no browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not (slow or browser or network or gpu or recipe or stress)"

test-jax: $(READY)  ## run what every network must do under Keras's JAX backend
	KERAS_BACKEND=jax $(BIN)/python -m pytest -n 2 tests/test_harness.py

test-recipes: $(READY)  ## train every recipe with three seeds and check its metrics; about forty minutes
	$(BIN)/python -m pytest -n 2 --dist worksteal -m recipe

test-stress: $(READY)  ## test the server under heavy load and reloading; about ten minutes
	$(BIN)/python -m pytest -m stress tests/server

test-oracle: $(READY)  ## compare published networks with transformers and PyTorch, which it installs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[oracle]' --constraint constraints.txt
	$(BIN)/python -m pytest -m oracle tests/pretrained tests/benchmarks

test-network: $(READY)  ## run the tests that need the internet
	$(BIN)/python -m pytest -m network

lint: $(READY)  ## run ruff and pyright
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(READY)  ## format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment, the runs, the exported models and the caches
	rm -rf .venv runs build dist report.json .pytest_cache .ruff_cache .hypothesis
	find saved_models -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +

# The marker is written last, so that make repeats an interrupted installation.
$(READY): pyproject.toml setup.cfg constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' --constraint constraints.txt
	@touch $(READY)
