# Gradients to Kernels. `make` alone lists the targets.
# Every target installs what it needs first, so each works on a fresh machine.

BIN := .venv/bin
# How often `make conditions` runs the demo in each condition.
DEMOS ?= 1
# How many submissions `make stress` grades.
COUNT ?= 1000
# For how many seconds `make fuzz` tries each reader.
FUZZ ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint audit conditions stress fuzz site serve bench gpu notebooks clean grading

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## Install everything: the package with all extras, system and npm packages
	@.ci/system bwrap chromium npm openssl postgres
	@.ci/node & .ci/venv notebook,torch,grading,postgres,hub,site,dev && .ci/triton; \
	status=$$?; wait; exit $$status

grading:
	@.ci/system bwrap
	@.ci/venv grading

demo: grading ## Grade a bundled class into nbgrader's gradebook and show the results
	@$(BIN)/autograder demo --out build/demo

test: setup ## Run what CI runs: lint, the website in strict mode, then every test
	@.ci/test

lint: setup ## Check formatting, types, import arrows and spelling
	@.ci/lint

audit: setup ## Hold every lesson to its contract and print the mutation score
	@$(BIN)/autograder audit

conditions: setup ## Compare all verdicts: idle, busy and on a third of a core
	@$(BIN)/python tests/conditions.py run --demo $(DEMOS)

stress: setup ## Grade a class of 1,000 and compare every verdict with its label
	@$(BIN)/python tests/stress.py $(COUNT)

fuzz: setup ## Fuzz everything that reads what students hand in
	@.ci/venv fuzz || echo "No atheris here: Hypothesis draws the inputs." >&2
	@$(BIN)/python tests/fuzz/run.py all --seconds $(FUZZ)

site: setup ## Build the website into build/site
	@$(BIN)/python site/build.py && echo "Open build/site/index.html"

serve: setup ## Serve the website on http://127.0.0.1:8000 and rebuild on change
	@$(BIN)/mkdocs serve

bench: setup ## Measure the grader against stock nbgrader, and the sandbox's costs
	@$(BIN)/autograder bench

gpu: setup ## Try every kernel on this machine's GPU and time it: docs/kernels.md
	@$(BIN)/python tests/gpu.py

notebooks: setup ## Write the students' notebooks into build/notebooks
	@$(BIN)/autograder notebooks --out build/notebooks

clean: ## Delete everything generated, the environment included
	@rm -rf build .venv site/node_modules tests/hub/node_modules .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
