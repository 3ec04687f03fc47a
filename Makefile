.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help run test check bench golden setup debian sbom audit clean

help: ## Show these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: setup ## Set up and run the demo: the sample hotel with simulated phones
	@exec $(BIN)/bellwire demo

test: debian setup ## Set up everything, Debian packages included when root, and run all tests
	@$(BIN)/pytest -n auto --dist loadfile

check: setup ## ruff, format, mypy strict, import-linter, catalogue lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bellwire catalogue lint

bench: setup ## Measure, always beside a peer or the limit
	@$(BIN)/python -m bench

golden: setup ## Write the golden files anew, for review
	@BELLWIRE_WRITE_GOLDEN=1 $(BIN)/pytest -q tests/golden

setup: $(STAMP) ## Make the virtual environment

$(STAMP): pyproject.toml scripts/setup.sh
	@PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup.sh
	@touch $@

debian: ## Install the Debian packages that tests use (needs root; otherwise says what is missing)
	@scripts/install-debian.sh

sbom: ## Write dist/bellwire.cdx.json, the list of all that a server has (CycloneDX)
	@PYTHON=$(PYTHON) scripts/audit.sh sbom

audit: ## Look all that a server has up in the vulnerability data
	@PYTHON=$(PYTHON) SERVICE=$(or $(SERVICE),pypi) scripts/audit.sh audit

clean: ## Remove what was made here
	rm -rf $(VENV) var .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
