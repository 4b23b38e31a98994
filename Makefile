# make run         builds .venv if needed, then the quickstart: R-MACRL on Predator-Prey
# make test        ruff, mypy, pytest
# make soak        tries to break the programs, for 20 minutes at most (SHARE, MINUTES, SEED)
# make audit       asks the net for known weaknesses of the locked packages
# make smac-test   pysc2's client against a stand-in for StarCraft II, in .venv-smac
# make bench-peers the same beside other people's packages, in .venv-peers
# make docs        docs/ as a site, in build/site
# make gpu-check   tests, two quickstarts and the speed on a graphics card, 8 minutes
#
# Knobs: PYTHON=python3.12 (what builds .venv), PIP_FLAGS=... (for pip install),
# FLAGS=... (for the program that run or bench starts), ARGS=... (for pytest),
# JOBS=2 (how many processes test),
# WHEELS=folder (for gpu-check: no .venv, but PYTHON's own torch and these wheels).

PYTHON ?= python3
PIP_FLAGS ?=
FLAGS ?=
ARGS ?=
WHEELS ?=
SHARE ?= 1
MINUTES ?= 20
JOBS ?= 2
SEED ?= 0

# One thread: small tensors lose more to threads than they gain, and results on a CPU
# are the same bit for bit. Agg: figures without a screen.
export OMP_NUM_THREADS := 1
export MPLBACKEND := Agg

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.requirements-installed
SMAC_VENV := .venv-smac
SMAC_PY := $(SMAC_VENV)/bin/python
SMAC_STAMP := $(SMAC_VENV)/.requirements-installed
UV := 0.13.9
PIP_AUDIT := 2.10.1
PEERS_VENV := .venv-peers
PEERS_PY := $(PEERS_VENV)/bin/python
PEERS_STAMP := $(PEERS_VENV)/.requirements-installed
DOCS_VENV := .venv-docs
DOCS_STAMP := $(DOCS_VENV)/.requirements-installed
FAIL = { echo "error: $(1)" >&2; exit 1; }

.PHONY: setup run test check soak bench bench-peers audit smac-test gpu-check docs lock
.DELETE_ON_ERROR:

setup: $(STAMP)

# An existing virtual environment is kept and brought up to date; a broken one is built
# again.
define VENV_AT
@command -v $(PYTHON) >/dev/null 2>&1 \
  || $(call FAIL,$(PYTHON) not found: install Python 3.11 or newer and python3-venv.)
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || $(call FAIL,Python 3.11 or newer needed and $$($(PYTHON) -V 2>&1) found: try make PYTHON=python3.12)
@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
  || $(call FAIL,no venv module: sudo apt-get install -y python3-venv)
@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
endef

# Everything is checked by its hash, but for torch: each index has builds of its own.
$(STAMP): requirements.lock requirements-torch.txt
	$(call VENV_AT,$(VENV))
	$(PY) -m pip install --disable-pip-version-check $(PIP_FLAGS) \
	  --require-hashes --no-deps -r requirements.lock
	$(PY) -m pip install --disable-pip-version-check $(PIP_FLAGS) -r requirements-torch.txt
	@touch $@

$(SMAC_STAMP): requirements-smac-test.txt
	$(call VENV_AT,$(SMAC_VENV))
	$(SMAC_PY) -m pip install --disable-pip-version-check $(PIP_FLAGS) \
	  -r requirements-smac-test.txt
	@touch $@

$(PEERS_STAMP): requirements.txt requirements-torch.txt requirements-peers.txt
	$(call VENV_AT,$(PEERS_VENV))
	$(PEERS_PY) -m pip install --disable-pip-version-check $(PIP_FLAGS) \
	  -r requirements.txt -r requirements-torch.txt -r requirements-peers.txt
	@touch $@

$(DOCS_STAMP): requirements-docs.txt
	$(call VENV_AT,$(DOCS_VENV))
	$(DOCS_VENV)/bin/python -m pip install --disable-pip-version-check $(PIP_FLAGS) \
	  -r requirements-docs.txt
	@touch $@

run: setup
	$(PY) -m bin.quickstart $(FLAGS)

test: check
	$(PY) -m pytest -n $(JOBS) --dist=loadfile $(ARGS)

check: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

# pysc2's generated protocol files warn a hundred times that they are old.
smac-test: $(SMAC_STAMP)
	$(SMAC_PY) -m pytest -W ignore::DeprecationWarning tests/starcraft_standin tests/games/environments/test_smac.py $(ARGS)

# Tries to break the programs: kills, random flags, damaged files, memory. SHARE=0.1 is a
# tenth of all trials; what MINUTES do not suffice for is said.
soak: setup
	$(PY) -m tests.soak $(SHARE) $(MINUTES) $(SEED)

bench: setup
	$(PY) -m bin.bench $(FLAGS)

bench-peers: $(PEERS_STAMP)
	$(PEERS_PY) -m bin.bench --against=peers $(FLAGS)

# A link that leads nowhere, or a page that no menu shows, is an error.
docs: $(DOCS_STAMP)
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build
	@echo "build/site/index.html; with its search: $(PYTHON) -m http.server -d build/site"

gpu-check: $(if $(WHEELS),,$(STAMP))
	PYTHON=$(if $(WHEELS),$(PYTHON),$(PY)) WHEELS=$(WHEELS) .ci/gpu-check

# Resolves requirements*.txt away from .venv, for all systems, with the hashes of all
# builds. What is locked stays; FLAGS=--upgrade asks for the newest. torch and CUDA's
# packages are left to requirements-torch.txt.
lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install $(PIP_FLAGS) uv==$(UV)
	cp requirements.lock build/lock/frozen.txt
	build/lock/bin/uv pip compile --quiet $(FLAGS) --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header \
	  requirements.txt requirements-dev.txt -c requirements-torch.txt \
	  -o build/lock/frozen.txt
	echo "# Full resolution of requirements.txt and requirements-dev.txt: make lock." \
	  > build/lock/requirements.lock
	awk '/^[a-z]/ {kept = !/^(torch|triton|nvidia-|cuda-)/} kept' \
	  build/lock/frozen.txt >> build/lock/requirements.lock
	mv build/lock/requirements.lock requirements.lock

# Asks the net for known weaknesses of what the lock holds.
audit:
	test -x build/audit/bin/python || $(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install $(PIP_FLAGS) pip-audit==$(PIP_AUDIT)
	build/audit/bin/pip-audit --require-hashes --disable-pip -r requirements.lock
