# `make demo` and `make test` need nothing but Python: they set up .venv from pyproject.toml.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST = $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist worksteal

.PHONY: demo test test-quick lint docs bench clean

demo: $(VENV)/.installed
	@echo "examples/auth0.json is a batch as an Auth0 log stream posts it. These are its RudderStack events,"
	@echo "with the password in it masked (redact=secrets):"
	@echo
	@$(BIN)/springhead transform auth0 --set redact=secrets examples/auth0.json > $(VENV)/demo.jsonl
	@$(BIN)/python -m json.tool --json-lines --no-ensure-ascii $(VENV)/demo.jsonl
	@echo
	@$(BIN)/python examples/gateway_demo.py

test: lint
	$(PYTEST)

test-quick: $(VENV)/.installed-dev
	$(PYTEST) -m "not slow"

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	SPRINGHEAD_PLUGINS=springhead $(BIN)/springhead check --strict

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

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
