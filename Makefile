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

.PHONY: screenshots help install run up stop reset check format test test-unit test-infra test-deployed test-web test-full \
	test-training bench fuzz starter-model openapi layers synth deploy

help: ## List these commands
	@echo "Avocet: name birds on photos, and let every answer make the next model better."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Install what everything else needs (pinned, with hashes)
	@$(PYTHON) -m local.install

run: install ## Start the embedded cloud, deploy into it, stay in front until Ctrl-C
	@$(VENV)/python -m local.cloud run

up: install ## The same in the background; returns when it is ready
	@$(VENV)/python -m local.cloud up

stop: ## End the embedded cloud; everything in it is kept
	@if [ -x $(VENV)/python ]; then $(VENV)/python -m local.cloud stop; fi

reset: ## End the embedded cloud and delete everything in it
	@if [ -x $(VENV)/python ]; then $(VENV)/python -m local.cloud reset; fi

check: install ## Formatting, lint, types, and which way dependencies point
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@PYTHONPATH=layers/core/python $(VENV)/lint-imports
	@if [ -f web/package.json ]; then npm --prefix web run --silent --if-present lint; fi

format: install ## Format the Python code
	@$(VENV)/ruff check --fix --quiet . || true
	@$(VENV)/ruff format .

test: check ## Everything before a change is shared; at most 15 minutes
	@if [ -f web/package.json ]; then npm --prefix web run --silent --if-present test; fi
	@$(PYTEST) -m "not slow" --ignore=tests/training

test-unit: install ## Tests that need nothing deployed
	@$(PYTEST) tests/unit tests/functions

test-infra: install ## The CloudFormation templates
	@$(PYTEST) tests/infra

test-deployed: install ## The deployed stack, end to end, and under kill -9
	@$(PYTEST) tests/local tests/deployed

test-web: install ## The page in a real Chromium
	@$(PYTEST) tests/web

screenshots: up ## Take the pictures of the page's main screens for the README
	@$(PY) -m tests.web.take_screenshots

test-full: check ## Everything, without sampling; takes long
	@if [ -f web/package.json ]; then npm --prefix web run --silent --if-present test; fi
	@AVOCET_FULL=1 $(PYTEST) --ignore=tests/training

fuzz: install ## Fuzz the photo decoder for SECONDS (default 60)
	@$(VENV)/python -m fuzz.run --seconds $(or $(SECONDS),60)

bench: install ## Measure speed, cold start and sizes beside the floor and the ancestor's way (installs TensorFlow)
	@$(VENV)/python -m benchmarks $(BENCH)

test-training: .venv-training/.installed ## Tests of the training, which need TensorFlow
	@PYTHONPATH=layers/core/python .venv-training/bin/python -m pytest -c tests/training/pytest.ini --confcutdir tests/training tests/training

starter-model: .venv-training/.installed ## Make models/starter from ../shared/data; takes long
	@PYTHONPATH=layers/core/python .venv-training/bin/python -m training_job.train \
		--config starter --data ../shared/data --out models/starter

openapi: install ## Write the API's description from the code, for the layer and for docs/
	@$(PY) -m avocet.http.openapi

.venv-training/.installed: training_job/requirements.txt | install
	@.avocet/tools/bin/uv --quiet venv --allow-existing --python $(PYTHON) .venv-training
	@.avocet/tools/bin/uv --quiet pip install --python .venv-training --require-hashes -r training_job/requirements.txt
	@touch $@

layers: install ## Build the layers for AWS Lambda
	@$(VENV)/python -m local.layers cloud

synth: install ## Write the templates of ENVIRONMENT (dev, prod) to cdk.out; needs no account and no network
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1 node_modules/.bin/cdk synth --quiet --no-notices \
		-c environment=$(ENVIRONMENT) -c template_only=true
	@echo "The templates are in cdk.out."

deploy: install ## Deploy ENVIRONMENT (dev, prod) to the AWS account whose credentials are set
	@$(VENV)/python -m local.hosted $(ENVIRONMENT)
