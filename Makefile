# `make` alone lists the targets. PYTHON=/path/to/python and PIP_FLAGS="..." may be given to any of them.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python || echo python3)
PIP_FLAGS ?=
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_FLAGS)
PARTS := pyproject.toml constraints.txt src/silversmith/core/version.py
CODE := src tests tools experiments benchmarks examples training

.DEFAULT_GOAL := help
.PHONY: help demo test setup check format docs measures conformance results clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "make %-11s %s\n", $$1, $$2}'

demo: .venv/.ready ## install what is missing and label the bundled demo corpus, offline
	@$(BIN)/silversmith demo

test: .venv/.ready-dev ## install what is missing and run all tests
	@$(BIN)/python -m pytest

setup: .venv/.ready-dev ## install for contributors: the package in place, with every checker
	@echo 'ready: activate it with  . .venv/bin/activate'

check: .venv/.ready-dev ## lint, format, types, floors of the house, style, documentation
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/check_style.py
	@$(BIN)/python tools/make_demo.py --check
	@$(BIN)/python tools/check_docs.py
	@$(BIN)/python tools/readme_results.py --check

format: .venv/.ready-dev ## format the code in place
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

docs: .venv/.ready-dev ## write the generated pages and numbers again
	@$(BIN)/python tools/check_docs.py --write
	@$(BIN)/python tools/readme_results.py

measures: .venv/.ready ## print every measure beside its target, and what falls short
	@$(BIN)/python tools/measures.py

conformance: ## compare with sae-lens, sparsify, dictionary-learning and GLiNER (own environments in build/)
	@$(PYTHON) tools/conformance.py --venv build/conformance --pip-flags "$(PIP_FLAGS)"
	@$(PYTHON) tools/conformance_gliner.py --venv build/conformance-gliner --pip-flags "$(PIP_FLAGS)"

results: .venv/.ready ## collect results/*.json into results/summary.json
	@$(BIN)/python tools/summary.py

clean: ## remove caches and builds (keeps .venv)
	@rm -rf dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-output

.venv/pyvenv.cfg:
	@$(PYTHON) -c '' 2>/dev/null || { echo 'missing: Python 3.11 or newer (or say where it is: make PYTHON=/path/to/python)'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "missing: Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())') (say where a newer one is: make PYTHON=/path/to/python)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'missing: the venv module of $(PYTHON) (Debian and Ubuntu: install the package python3-venv)'; exit 1; }
	@echo 'making .venv with $(PYTHON)'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.ready: .venv/pyvenv.cfg $(PARTS)
	@echo 'installing silversmith (once; some minutes, see README for the download size)'
	@$(INSTALL) --editable .
	@touch $@

.venv/.ready-dev: .venv/pyvenv.cfg $(PARTS)
	@echo 'installing silversmith with its checkers (once; some minutes)'
	@$(INSTALL) --editable '.[dev]'
	@touch .venv/.ready $@
