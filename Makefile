# `make demo`, `make demo-cluster` and `make test` need nothing but Python: they set up .venv from pyproject.toml.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST = $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist worksteal

.PHONY: demo demo-cluster test test-quick test-long lint pages docs bench clean

demo: $(VENV)/.installed
	@$(BIN)/python examples/demo.py

demo-cluster: $(VENV)/.installed-cluster
	@$(BIN)/python examples/demo_cluster.py

test: lint
	$(PYTEST)

test-quick: $(VENV)/.installed-dev
	$(PYTEST) -m "not slow"

# The tests whose length can be scaled, ten times as long as in .ci/run.
test-long: $(VENV)/.installed-dev
	SPRINGHEAD_TEST_EFFORT=20 PYTEST_TIMEOUT=3600 $(PYTEST) $(sort $(shell grep -rlE "^from support.effort import" tests))

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	SPRINGHEAD_PLUGINS=springhead $(BIN)/springhead check --strict

pages: $(VENV)/.installed
	for file in src/sources/*/source.json; do \
	  folder=$$(dirname $$file); \
	  $(BIN)/springhead docs $$folder --output docs/sources/$$(basename $$folder).md || exit; \
	done

docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file website/mkdocs.yml
	@echo "The site is in build/site: $(BIN)/python -m http.server --directory build/site"

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/transform.py
	$(BIN)/python benchmarks/store.py

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "springhead needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[gateway]"
	@touch $@

$(VENV)/.installed-cluster: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group cluster
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
