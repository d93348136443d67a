# Two commands, each alone on a bare machine: make demo, make test. What they install lives in .venv and frontend/.
# The stamps in .venv remember what is done, so that a second run starts in seconds.

PYTHON ?= python3
HOME_FOLDER := $(or $(DOORSTEP_HOME),var)
RUN := .venv/bin/python -m
PIP := $(RUN) pip install -qq --no-input --disable-pip-version-check

CATALOGUES := $(shell find src -name '*.po')
STATIC := $(shell find src -path '*/static/*' -type f)

.DELETE_ON_ERROR:
.PHONY: help setup demo test lint soak clean

help:
	@echo "make demo    set up, fill an installation with a simulated half-year, serve it on http://localhost:8000"
	@echo "make test    everything that CI runs; names what this machine cannot run, and why"
	@echo "make setup   the set-up alone"
	@echo "make lint    ruff, mypy and the import rules"
	@echo "make soak    kills, soaks, fuzzing and full sizes (long)"
	@echo "make clean   forget the data of the demo ($(HOME_FOLDER)/)"

setup: .venv/.package .venv/.translations $(HOME_FOLDER)/static/staticfiles.json

demo: setup
	@exec .venv/bin/doorstep demo

test: lint .venv/.translations .venv/.frontend .venv/.relying-parties
	@tools/test.sh

lint: .venv/.test .venv/.package
	@echo "==> ruff, mypy, import rules"
	@$(RUN) ruff check .
	@$(RUN) ruff format --check --quiet .
	@$(RUN) mypy
	@.venv/bin/lint-imports --no-logo

soak: .venv/.test .venv/.package .venv/.translations .venv/.frontend
	@echo "==> Kills, soaks, fuzzing and full sizes"
	@$(RUN) pytest -m soak

clean:
	@tools/clean.sh "$(HOME_FOLDER)"

# The set-up

.venv/.made:
	@echo "==> Making .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Doorstep needs Python 3.11 or newer. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "The venv module of Python is missing. As root: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.run: lock/run.txt .venv/.made
	@echo "==> Installing packages (a minute or two the first time)"
	@$(PIP) --require-hashes -r $<
	@touch $@

.venv/.test: lock/test.txt .venv/.run
	@echo "==> Installing the packages of the tests"
	@$(PIP) --require-hashes -r $<
	@touch $@

.venv/.package: pyproject.toml .venv/.run
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.frontend: frontend/package-lock.json frontend/build.mjs tools/packages.sh .venv/.run
	@echo "==> Building the front end"
	@tools/packages.sh frontend build
	@touch $@

.venv/.relying-parties: tests/relying_parties/package-lock.json tools/packages.sh .venv/.run
	@echo "==> Installing the relying parties of the tests"
	@tools/packages.sh tests/relying_parties
	@touch $@

.venv/.translations: $(CATALOGUES) .venv/.package
	@echo "==> Compiling the translations"
	@$(RUN) doorstep.site.translations compile
	@touch $@

# In the data folder, because the settings collect the files there; as production, which makes no secret key.
$(HOME_FOLDER)/static/staticfiles.json: $(STATIC) .venv/.frontend .venv/.package
	@echo "==> Collecting styles, scripts and fonts"
	@mkdir -p -m 700 "$(HOME_FOLDER)"
	@DOORSTEP_MODE=production $(RUN) django collectstatic --noinput --clear --verbosity 0 --settings doorstep.site.settings
