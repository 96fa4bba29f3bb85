# `make` alone lists what can be asked. PORT, VAR_DIR and PYTHON may be given: make run PORT=8100 VAR_DIR=/tmp/ville
.DEFAULT_GOAL := help
.PHONY: help run test test-long bench check messages image reset backup restore

export PORT ?= 8000
export VAR_DIR ?= var
export PYTHON ?= python3
BASE ?= debian:bookworm-slim
IMAGE ?= paniers-et-culture
BIN := .venv/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: ## set up, then run the demo town on http://127.0.0.1:8000 (PORT, VAR_DIR)
	@setup/prepare.sh run
	@$(BIN)/python -m demo.lancer

test: ## set up, check, and pass every test but the long ones
	@setup/prepare.sh test
	@$(MAKE) --no-print-directory check
	$(BIN)/pytest -n 2 -m "not long" $(PYTEST_ARGS)

test-long: ## set up and pass the long tests: thousands of crashes, races and orders
	@setup/prepare.sh test
	$(BIN)/pytest -m long $(PYTEST_ARGS)

bench: ## measure (QUOI=P2 measures one row); writes var/bench.json and docs/performance.md
	@setup/prepare.sh test
	@$(BIN)/python -m bench $(QUOI)

check: ## lint, format, types, directions of imports, sentences (after `make test` has set up)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@setup/messages.sh --check

messages: ## gather the sentences of the software for its translators
	@setup/messages.sh

captures: ## make the README's picture from a demo town (after `make test` has set up; Chromium)
	@$(BIN)/python -m setup.capture

image: ## build the container image, by Docker or else buildah (BASE, IMAGE)
	@setup/image.sh "$(BASE)" "$(IMAGE)"

backup: ## back a database up: FILE=…; the one of DATABASE_URL, or of the town in VAR_DIR
	@$(BIN)/flask backup create "$(FILE)"

restore: ## put a backup into an empty database: FILE=… (FORCE=1 replaces what it holds); stop everything else first
	@$(BIN)/flask backup restore "$(FILE)" $(if $(FORCE),--force)

reset: ## forget the demo town: remove VAR_DIR, after asking (FORCE=1 does not ask)
	@setup/reset.sh "$(VAR_DIR)"
