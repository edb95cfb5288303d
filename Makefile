# The commands a person uses. `make help` lists them.
PYTHON ?= python3
DEPLOYMENT ?= demo
PORT ?= 4566
BIN := .venv/bin
CHECKS := app.py benchmarks cli demo lambdas local stacks tests

# What one process has compiled, no other need compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test conformance bench simulate local bootstrap deploy destroy diff check lock clean

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: .venv/.local ## deploy to a local cloud, train, drop images, see their labels
	$(BIN)/python -m demo

test: .venv/.test check ## run all checks and tests
	$(BIN)/pytest --numprocesses auto --dist loadgroup --no-loadscope-reorder

check: .venv/.test ## lint, format and types
	$(BIN)/ruff check $(CHECKS)
	$(BIN)/ruff format --check $(CHECKS)
	$(BIN)/mypy

conformance: .venv/.test ## hold the Rekognition stand-in against botocore's model, constraint by constraint
	$(BIN)/python -m tests.conformance

bench: .venv/.local ## measure the pipeline and the stand-in, in a quarter of an hour (ONLY=drain: some alone)
	$(BIN)/python -m benchmarks $(ONLY)

simulate: .venv/.local ## a month of the governor in a minute: what it costs, against the optimum and others
	$(BIN)/python -m benchmarks.simulation

local: .venv/.local ## keep a local cloud with the deployment running until Ctrl-C (PORT=4566)
	$(BIN)/python -m local --port $(PORT) --deployment $(DEPLOYMENT)

bootstrap: .venv/.local ## cdk bootstrap, once per AWS account and Region
	$(BIN)/python -m local.toolchain bootstrap

deploy: .venv/.local ## cdk deploy to the AWS account of your credentials (DEPLOYMENT=demo)
	@cat docs/before-deploy.txt
	$(BIN)/customlabels check --deployment $(DEPLOYMENT)
	$(BIN)/python -m local.toolchain deploy --all --context deployment=$(DEPLOYMENT)

diff: .venv/.local ## what a deploy would change
	$(BIN)/python -m local.toolchain diff --context deployment=$(DEPLOYMENT)

destroy: .venv/.local ## cdk destroy: stop the models, delete what the settings say (DEPLOYMENT=demo)
	@cat docs/before-destroy.txt
	-$(BIN)/customlabels models --deployment $(DEPLOYMENT)
	$(BIN)/python -m local.toolchain destroy --all --context deployment=$(DEPLOYMENT)

lock: ## write requirements/*.txt anew from pyproject.toml
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --require-hashes -r requirements/lock.txt
	for group in test local lambdas video lock; do \
	  build/lock/bin/uv pip compile --quiet --group pyproject.toml:$$group --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    $$(test $$group = test -o $$group = lock || echo --constraints requirements/test.txt) \
	    --output-file requirements/$$group.txt || exit 1; \
	done

clean: ## remove what these commands made
	rm -rf .venv build cdk.out node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache

# One environment; `test` holds all that `local` does, in the same versions. Python compiles what is imported; to compile
# all of it would take a minute.
.venv/.%: requirements/%.txt pyproject.toml package-lock.json | .venv/.made
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --require-hashes -r requirements/$*.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m local.toolchain
	$(BIN)/python -m stacks.parts.wheels
	@touch $@

# A file of its own says that it was made to the end: an interrupted one is made anew.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear .venv
	@touch $@
