# Each target makes .venv and installs what it needs, once, and runs with that environment first on PATH.
# Its files have relative paths: make cannot name one in a folder whose path has spaces. Tools are called as its
# Python's modules: their own scripts name the folder that the environment was made in, and a project may be moved.

PYTHON ?= python3
VENV := .venv
export PATH := $(abspath $(VENV))/bin:$(PATH)
INSTALL := $(VENV)/bin/python -m pip install --no-compile --disable-pip-version-check
# On all cores, which pip does not; some packages carry files for other versions of Python.
COMPILE := $(VENV)/bin/python -m compileall -qq -j 0 $(VENV)/lib || true

.PHONY: repro demo recipe study studies compare report rate ratings test test-all lint clean

repro: $(VENV)/.installed | .git  ## run the whole pipeline
	@$(VENV)/bin/python -m stages.settings --source
	$(VENV)/bin/python -m dvc repro

# Of make demo: further models, and the port on 127.0.0.1.
MODEL ?=
demo: PORT = 7860
demo: $(VENV)/.installed-demo  ## open a page on which models translate photos and drawings
	@$(VENV)/bin/python -m pix2pix demo $(MODEL) --port $(PORT)

report: $(VENV)/.installed | .git  ## write the plots, metrics and settings to report.html; REVS="main my-exp" compares
	@$(VENV)/bin/python -m pix2pix report $(REVS)

# Through the environment, so that the shell takes them as they are.
recipe study: export CHANGES = $(SET)
recipe study: export NAMED = $(NAME)
FLAGS = "$$NAMED" --set "$$CHANGES" $(if $(filter-out 0,$(SMOKE)),--smoke) $(if $(filter-out 0,$(FORCE)),--force) \
	$(if $(filter-out 0,$(QUEUE)),--queue)

recipe: $(VENV)/.installed | .git  ## NAME=columbia_facades [SET="epochs=2 ..."] [SMOKE=1] [FORCE=1] [QUEUE=1]: a published system
	@$(VENV)/bin/python -m experiments recipe $(FLAGS)

study: $(VENV)/.installed | .git  ## NAME=norms [SET="epochs=2 ..."] [SMOKE=1] [FULL=1] [FORCE=1] [QUEUE=1] [LIST=1]: settings compared
	@$(VENV)/bin/python -m experiments study $(FLAGS) $(if $(filter-out 0,$(FULL)),--full) $(if $(filter-out 0,$(LIST)),--list)

studies: $(VENV)/.installed | .git  ## [LIST=1] [QUEUE=1] [PAGE=1]: what of all studies is not measured yet, and docs/results.md
	@$(VENV)/bin/python -m experiments studies $(if $(filter-out 0,$(LIST)),--list) $(if $(filter-out 0,$(QUEUE)),--queue) \
		$(if $(filter-out 0,$(PAGE)),--page)

# Of make compare: which datasets, of those that lie in DATASETS_DIR; all, where none is named.
DATA ?=
COMPARED = $(if $(DATA),--data $(DATA)) $(if $(filter-out 0,$(ABLATION)),--ablation) \
	$(if $(filter-out 0,$(FORCE)),--force) $(if $(filter-out 0,$(PAGE)),--page)

compare: $(VENV)/.installed  ## [DATA="facades shortie"] [ABLATION=1] [FORCE=1] [PAGE=1]: plain pix2pix beside the recommended way
	@$(VENV)/bin/python -m benchmarks.quality $(COMPARED)

# Of make rate: how many pictures (all, but 100 at most), which ones, scores or real_or_fake, and who rates.
N ?=
SEED ?= 1
PROTOCOL ?= scores
RATER ?=
PORT ?= 8765
RATED := --results data/results --model models/generator.safetensors --ratings ratings

rate: export NAME_OF_RATER = $(RATER)
rate: $(VENV)/.installed  ## open a page on which people rate test pictures
	@$(VENV)/bin/python -m pix2pix rate $(RATED) --pairs data/pairs/test $(if $(N),--n $(N)) \
		--seed $(SEED) --protocol $(PROTOCOL) --port $(PORT) --rater "$$NAME_OF_RATER"

ratings: $(VENV)/.installed  ## sum up what they said in metrics/ratings.json
	@$(VENV)/bin/python -m pix2pix ratings $(RATED) --metrics metrics/ratings.json

test: $(VENV)/.installed-dev | .git  ## run the quick tests
	$(VENV)/bin/python -m pytest

# On all cores, a thread for each process, or they wait for each other's cores.
test-all: $(VENV)/.installed-dev | .git  ## run all tests, also those that take patience or real datasets
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --slow --numprocesses auto --dist worksteal

lint: $(VENV)/.installed-dev  ## ruff, ruff format, mypy, and the order of imports
	$(VENV)/bin/python -m ruff check
	$(VENV)/bin/python -m ruff format --check
	$(VENV)/bin/python -m mypy
	$(VENV)/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed; name one with PYTHON=..., found: $$($(PYTHON) --version 2>&1)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing requirements.txt into .venv (once; PyTorch makes it take some minutes)"
	$(INSTALL) -e .
	@$(COMPILE)
	@touch $@

# $(VENV)/.installed-EXTRA: what pyproject.toml names so.
$(VENV)/.installed-%: $(VENV)/.installed
	$(INSTALL) -e '.[$*]'
	@$(COMPILE)
	@touch $@

# DVC works in a git repository, and DVCLive fails in one without a commit. A copy without one, such as an unpacked zip,
# gets both from dulwich, DVC's own git, so that no git is needed here. The user's files are left to the user to commit.
EMPTY_REPOSITORY := from dulwich import porcelain as git; git.init(); who = b"make <make@localhost>"; \
	git.commit(".", "Start empty", author=who, committer=who, sign=False)

.git: | $(VENV)/.installed
	@$(VENV)/bin/python -c '$(EMPTY_REPOSITORY)'
	@echo "make: this copy was no git repository and is one now; experiments (dvc exp run, make recipe, make study)" \
		"and dvc metrics diff need its files committed: git add . && git commit -m Start"

clean:  ## remove the environment and the caches of tools; data and DVC's cache stay
	rm -rf $(VENV) *.egg-info .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
