# Each target makes .venv and installs what it needs, once, and runs with that environment first on PATH.

PYTHON ?= python3
VENV := $(CURDIR)/.venv
export PATH := $(VENV)/bin:$(PATH)
INSTALL := $(VENV)/bin/python -m pip install --no-compile --disable-pip-version-check
# On all cores, which pip does not; some packages carry files for other versions of Python.
COMPILE := $(VENV)/bin/python -m compileall -qq -j 0 $(VENV)/lib || true

.PHONY: repro demo recipe study report rate ratings test test-all lint clean

repro: $(VENV)/.installed  ## run the whole pipeline
	$(VENV)/bin/dvc repro

# Of make demo: further models, and the port on 127.0.0.1.
MODEL ?=
demo: PORT = 7860
demo: $(VENV)/.installed-demo  ## open a page on which models translate photos and drawings
	@$(VENV)/bin/python -m pix2pix.demo $(MODEL) --port $(PORT)

report: $(VENV)/.installed  ## write the plots, metrics and settings to report.html; REVS="main my-exp" compares
	@$(VENV)/bin/python -m stages.report $(REVS)

# Through the environment, so that the shell takes them as they are.
recipe study: export CHANGES = $(SET)
recipe study: export NAMED = $(NAME)
FLAGS = "$$NAMED" --set "$$CHANGES" $(if $(filter-out 0,$(SMOKE)),--smoke) $(if $(filter-out 0,$(FORCE)),--force)

recipe: $(VENV)/.installed  ## NAME=columbia_facades [SET="epochs=2 ..."] [SMOKE=1] [FORCE=1] [QUEUE=1]: a published system
	@$(VENV)/bin/python -m experiments recipe $(FLAGS) $(if $(filter-out 0,$(QUEUE)),--queue)

study: $(VENV)/.installed  ## NAME=norms [SET="epochs=2 ..."] [SMOKE=1] [FORCE=1]: settings compared, in studies/results/
	@$(VENV)/bin/python -m experiments study $(FLAGS)

# Of make rate: how many pictures (all, but 100 at most), which ones, scores or real_or_fake, and who rates.
N ?=
SEED ?= 1
PROTOCOL ?= scores
RATER ?=
PORT ?= 8765
RATED := --results data/results --model models/generator.safetensors --ratings ratings

rate: export NAME_OF_RATER = $(RATER)
rate: $(VENV)/.installed  ## open a page on which people rate test pictures
	@$(VENV)/bin/python -m pix2pix.rating_server $(RATED) --pairs data/pairs/test $(if $(N),--n $(N)) \
		--seed $(SEED) --protocol $(PROTOCOL) --port $(PORT) --rater "$$NAME_OF_RATER"

ratings: $(VENV)/.installed  ## sum up what they said in metrics/ratings.json
	@$(VENV)/bin/python -m pix2pix.rating_summary $(RATED) --metrics metrics/ratings.json

test: $(VENV)/.installed-dev  ## run the quick tests
	$(VENV)/bin/python -m pytest

# On all cores, a thread for each process, or they wait for each other's cores.
test-all: $(VENV)/.installed-dev  ## run all tests, also those that take patience or real datasets
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --slow --numprocesses auto --dist worksteal

lint: $(VENV)/.installed-dev  ## ruff, ruff format and mypy
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed; name one with PYTHON=..., found: $$($(PYTHON) --version 2>&1)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements.txt into .venv (once; PyTorch makes it take some minutes)"
	$(INSTALL) -r requirements.txt
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-demo: requirements-demo.txt $(VENV)/.installed
	$(INSTALL) -r requirements-demo.txt
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(INSTALL) -r requirements-dev.txt
	@$(COMPILE)
	@touch $@

clean:  ## remove the environment and the caches of tools; data and DVC's cache stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
