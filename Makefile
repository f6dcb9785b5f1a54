# `make conformance` tries torch on the cpu, `make test` tests the suite itself; both set up what
# they need. ARGS go to pytest: make conformance ARGS='--profile=quick -k accumulation'

PYTHON ?= python3
ADAPTER ?= torch
DEVICE ?= cpu
WORKERS ?= auto
ARGS ?=

BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup conformance test defects bench lint report clean

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(READY) ## make .venv with everything in the versions of constraints.txt

$(READY): pyproject.toml constraints.txt
	@echo "setting up .venv (once, some minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[torch,test,bench]'
	@touch $(READY)

conformance: $(READY) ## try an engine: ADAPTER=torch DEVICE=cpu
	$(BIN)/python -m pytest conformance --adapter=$(ADAPTER) --device=$(DEVICE) -n $(WORKERS) --maxprocesses=8 $(ARGS)

test: $(READY) ## test the suite itself
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses=8 $(ARGS)

defects: $(READY) ## plant every defect and see which behaviors notice
	$(BIN)/python -m tests.defects $(ARGS)

bench: $(READY) ## measure the suite, and the reference engine beside torch
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-group-by=group \
		--benchmark-columns=median,iqr,rounds $(ARGS)
	$(BIN)/python -m benchmarks.throughput

lint: $(READY) ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

report: $(READY) ## write a run's reports again from its journal: JOURNAL=reports/torch-cpu.jsonl
	$(BIN)/python -m conformance.report $(or $(JOURNAL),reports/$(ADAPTER)-$(DEVICE).jsonl)

clean: ## remove what was made, .venv and the generated reports too
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks ./*.egg-info
	find reports -mindepth 1 -not -name README.md -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
