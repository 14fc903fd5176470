# Each target does its own set-up: a virtual environment in .venv with exactly requirements.lock.
#   make book    execute the chapters at quick scale and build the site
#   make test    pytest, and every chapter at smoke scale under nbval
#   make links   follow every link that leads out of the book
#   make browser-test  open every page of the built book in Chromium
#   make data    offer to fetch the open data sets that the book can use; YES=1 fetches at once
#   make lab     open the chapters in JupyterLab
#   make bench   measure speed against peers and limits; QUICK=1 for a short pass
#   make clean   remove what was built (not .venv; `make distclean` removes that too)
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV   ?= .venv
SCALE  ?= quick
SEED   ?= 0
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

CHAPTERS := $(sort $(basename $(notdir $(wildcard notebooks/[0-9][0-9]_*.ipynb))))
PACKAGE  := $(shell find fashret_utils -name '*.py' 2>/dev/null)
EXECUTED := $(CHAPTERS:%=_build/chapters/%.done)
SMOKE    := $(CHAPTERS:%=_build/smoke/%.ipynb)
# What the site is made of, beside the data sets: this folder, and what the chapters have written.
SOURCES  := $(filter-out _build tests,$(wildcard *)) _build/chapters
NEWER    := -name __pycache__ -prune -o -newer

# Chapters run side by side, each in one thread: two threads of one process wait for each other,
# more so on a machine that does other things, too.
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
SIDE_BY_SIDE := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(MAKE) --jobs=$(CORES)

export PYTHONUNBUFFERED := 1

.PHONY: book chapters smoke links test browser-test lint data lab bench lock clean distclean
.DEFAULT_GOAL := book

$(READY): requirements.lock pyproject.toml
	@echo "== environment: $(VENV) gets exactly requirements.lock"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Try make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv \
	  || echo "   uv is not to be had here: pip does it, more slowly"
	@if [ -x $(BIN)/uv ]; then \
	  $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .; \
	else \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock; \
	  $(BIN)/python -m pip install --quiet --no-deps --editable .; \
	fi
	@touch $@

_build/chapters/%.done: notebooks/%.ipynb $(PACKAGE) $(READY)
	@echo "== chapter $*: scale $(SCALE), seed $(SEED)"
	@$(BIN)/python -m fashret_utils run $* --scale $(SCALE) --seed $(SEED) --out _build/chapters
	@touch $@

chapters: $(EXECUTED)

book: $(READY)
	@$(SIDE_BY_SIDE) chapters
	@if [ -e _build/html/index.html ] && [ "$$(cat _build/site.done 2>/dev/null)" = "data: $${FASHRET_DATA:-}" ] \
	  && [ -z "$$(find $(SOURCES) $(NEWER) _build/site.done -print -quit)" ]; then \
	  echo "== site: nothing has changed"; \
	else \
	  echo "== site"; \
	  $(BIN)/python -m fashret_utils site; \
	  $(BIN)/jupyter-book build _build/src --path-output . --quiet -n -W --keep-going; \
	  echo "data: $${FASHRET_DATA:-}" >_build/site.done; \
	fi
	@echo "== the book: _build/html/index.html"

# needs a network
links: $(READY)
	@$(SIDE_BY_SIDE) chapters
	@$(BIN)/python -m fashret_utils site
	@$(BIN)/jupyter-book build _build/src --path-output _build/links --builder linkcheck --quiet

lint: $(READY)
	@echo "== ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

_build/smoke/%.ipynb: notebooks/%.ipynb $(READY)
	@$(BIN)/python -m fashret_utils run $* --scale smoke --out _build/smoke --prepare-only >/dev/null

# Two workers with one thread each: with more, threads of one wait for those of the other. A file
# stays with one worker, which makes what its tests share once.
smoke: $(SMOKE)

test: export OMP_NUM_THREADS := 1
test: lint
	@$(SIDE_BY_SIDE) smoke
	@echo "== pytest"
	@$(BIN)/pytest -n 2 --dist loadfile --durations=15 tests
	@echo "== nbval: every chapter at smoke scale"
	@$(BIN)/pytest --nbval-lax -n 2 --dist loadfile -p no:cacheprovider $(SMOKE)
	@echo "== records"
	@$(BIN)/python -m fashret_utils records stale

# needs a built book; without Chromium the tests skip themselves
browser-test: $(READY)
	@echo "== the built book in Chromium"
	@FASHRET_BOOK=_build/html $(BIN)/pytest -n 2 -p no:cacheprovider tests/browser

# needs a network; without the sets everything else works
data: $(READY)
	@$(BIN)/python -m fashret_utils data offer $(if $(YES),--yes)
	@rm -f _build/site.done

lab: $(READY)
	@$(BIN)/jupyter lab notebooks

bench: $(READY)
	@$(BIN)/python benchmarks $(if $(QUICK),--quick) $(if $(PEERS),--peers $(PEERS))

# not part of any build: resolve the lower bounds of pyproject.toml anew
lock: $(READY)
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
	  --extra book --extra test --no-header --no-emit-index-url --no-annotate \
	  pyproject.toml -o requirements.lock

clean:
	@echo "== removing _build"
	@rm -rf _build

distclean: clean
	@echo "== removing $(VENV)"
	@rm -rf $(VENV)
