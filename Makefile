# Avocet. `make help` lists what there is; everything runs from a clean clone and installs what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ENVIRONMENT ?= dev
VENV := .venv/bin
PY := PYTHONPATH=layers/core/python $(VENV)/python
PYTEST := $(VENV)/python -m pytest
# These share one embedded cloud and mostly wait for it, so the others run beside them (those of tests/local in clouds of their own);
# each is shown whole, and says what took longest.
CLOUD_TESTS := tests/deployed tests/web
OTHER_TESTS := tests --ignore=tests/training $(CLOUD_TESTS:%=--ignore=%)

.PHONY: load backup restore erase-again loop screenshots help install run up stop reset check format test test-unit test-infra test-deployed test-web test-full \
	test-training pages cost faults bench fuzz starter-model openapi layers synth deploy destroy release

help: ## List these commands
	@echo "Avocet: name birds on photos, and let every answer make the next model better."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Install what everything else needs (pinned, with hashes)
	@$(PYTHON) -m local.install

run: install ## Start the embedded cloud, deploy into it, stay in front until Ctrl-C
	@$(PY) -m local.cloud run

up: install ## The same in the background; returns when it is ready
	@$(PY) -m local.cloud up

stop: ## End the embedded cloud; everything in it is kept
	@if [ -x $(VENV)/python ]; then $(PY) -m local.cloud stop; fi

reset: ## End the embedded cloud and delete everything in it
	@if [ -x $(VENV)/python ]; then $(PY) -m local.cloud reset; fi

backup: install ## Write everything in the embedded cloud into one file (TO=file)
	@$(PY) -m local.cloud backup $(if $(TO),--file "$(TO)")

restore: install ## Put the embedded cloud back to a backup (FROM=file); who was erased since stays erased
	@$(PY) -m local.cloud restore $(if $(FROM),--file "$(FROM)")

erase-again: install ## After restoring tables of ENVIRONMENT (dev, prod) on AWS: erase again whoever was erased before
	@$(PY) -m local.hosted $(ENVIRONMENT) --erase-again

check: install ## Formatting, lint, types, and which way dependencies point
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@PYTHONPATH=layers/core/python $(VENV)/lint-imports
	@if [ -f web/package.json ]; then npm --prefix web run --silent --if-present lint; fi
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 $(PY) -m handbook --check

format: install ## Format the Python code
	@$(VENV)/ruff check --fix --quiet . || true
	@$(VENV)/ruff format .

test: check ## Everything before a change is shared; at most 15 minutes
	@if [ -f web/package.json ]; then npm --prefix web run --silent --if-present test; fi
	@$(MAKE) side-by-side CHOSEN='-m "not slow"'

.PHONY: side-by-side
# The cloud they share begins empty: what an earlier run left there (versions fetched, people, models) is not this one's.
# set -m: without it the shell lets what runs in the background ignore SIGINT, and programs under test with it.
side-by-side:
	@mkdir -p build
	@AVOCET_HOME="$(CURDIR)/.avocet/tests" AVOCET_PORT="$${AVOCET_TEST_PORT:-4567}" $(PY) -m local.cloud reset
	@set -m; $(PYTEST) --durations=25 $(CHOSEN) $(OTHER_TESTS) > build/other-tests.log 2>&1 & others=$$!; \
	trap 'kill $$others 2>/dev/null || true' EXIT; failed=0; \
	$(PYTEST) --durations=40 $(CHOSEN) $(CLOUD_TESTS) || failed=1; \
	wait $$others || failed=1; cat build/other-tests.log; exit $$failed

test-unit: install ## Tests that need nothing deployed
	@$(PYTEST) tests/unit tests/functions

test-infra: install ## The CloudFormation templates
	@$(PYTEST) tests/infra

test-deployed: install ## The deployed stack, end to end, and under kill -9
	@$(PYTEST) tests/local tests/deployed

test-web: install ## The page in a real Chromium
	@$(PYTEST) tests/web

loop: install ## Show the whole loop: contribute, refresh, train, compare, promote, roll back (under 10 minutes)
	@$(PY) -m local.loop $(if $(PHOTOS),--photos $(PHOTOS))

screenshots: up ## Take the pictures of the page's main screens for the README
	@$(PY) -m tests.web.take_screenshots

test-full: check ## Everything, without sampling; takes long
	@if [ -f web/package.json ]; then npm --prefix web run --silent --if-present test; fi
	@AVOCET_FULL=1 $(MAKE) side-by-side
	@AVOCET_LATE_FRAMES_MS=500 $(PYTEST) tests/web

faults: install ## Let every outside call of the functions (or ONLY one) fail in every way; print what became of it
	@$(PY) -m tests.faults $(if $(ONLY),--only $(ONLY))

fuzz: install ## Fuzz every parser of outside data for SECONDS (default 60), or ONLY one
	@$(VENV)/python -m fuzz.run --seconds $(or $(SECONDS),60) $(if $(ONLY),--only $(ONLY))

load: install ## 16 people for MINUTES (default 5) in a cloud of their own, a refresh and a promotion beside them
	@$(PY) -m benchmarks.load --minutes $(or $(MINUTES),5)

bench: install ## Measure speed, cold start and sizes beside the floor and the ancestor's way (installs TensorFlow)
	@$(VENV)/python -m benchmarks $(BENCH)

test-training: training-environment ## Tests of the training, which need TensorFlow
	@PYTHONPATH=layers/core/python .venv-training/bin/python -m pytest -c tests/training/pytest.ini --confcutdir tests/training tests/training

starter-model: training-environment ## Make models/starter from ../shared/data; takes long
	@PYTHONPATH=layers/core/python .venv-training/bin/python -m training_job.train \
		--config starter --data ../shared/data --out models/starter

openapi: install ## Write the API's description from the code, for the layer and for docs/
	@$(PY) -m avocet.http.openapi

pages: install ## Write into the pages what the code says (where to find what, architecture, cost, API, packages)
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 $(PY) -m handbook

cost: install ## Compute the monthly bill of ENVIRONMENT (prod) for PREDICTIONS and PHOTOS from the templates
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 $(PY) -m handbook.cost --environment $(if $(filter command line,$(origin ENVIRONMENT)),$(ENVIRONMENT),prod) \
		--predictions $(or $(PREDICTIONS),1000000) --photos $(or $(PHOTOS),100000)

.PHONY: training-environment
training-environment: install
	@$(PYTHON) -m local.install training

layers: install ## Build the layers for AWS Lambda
	@$(VENV)/python -m local.layers cloud

synth: install ## Write the templates of ENVIRONMENT (dev, prod) to cdk.out; needs no account and no network
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 node_modules/.bin/cdk synth --quiet --no-notices \
		-c environment=$(ENVIRONMENT) -c template_only=true
	@echo "The templates are in cdk.out."

.PHONY: training-request
training-request: install ## Show what ENVIRONMENT would send SageMaker for a training with RECIPE (full, head)
	@$(PY) -m local.training_request $(ENVIRONMENT) --recipe $(or $(RECIPE),full)

release: install ## Build what is deployed into build/release, byte for byte the same each time
	@$(PY) -m local.release

deploy: install ## Deploy ENVIRONMENT (dev, prod) to the AWS account whose credentials are set
	@$(PY) -m local.hosted $(ENVIRONMENT)

destroy: install ## Take ENVIRONMENT (dev, prod) down after asking; says what is kept
	@$(PY) -m local.teardown $(ENVIRONMENT)
