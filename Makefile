# `make` lists what there is. Needed beforehand: make, Python 3.11 or newer, and a package index that pip can reach.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PY := .venv/bin/python
# Many short programs of this project are started, in tests most of all: each is compiled once.
unexport PYTHONDONTWRITEBYTECODE
APP =
N = 1
PORT =
WRITES = 100000
KILLS = 200
BUS =
ARGS =
package = $(subst -,_,$(APP))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## create .venv with everything in it (the other targets do it by themselves)
	@:

up: .venv/.ready ## start the mesh on this machine: data tier, control plane, every app with its sidecar
	@$(PY) -m local up $(ARGS)

down: .venv/.ready ## stop what `make up` started
	@$(PY) -m local down $(ARGS)

status: .venv/.ready ## show every process: state, restarts, ports
	@$(PY) -m local status $(ARGS)

logs: .venv/.ready ## show the logs [APP=name]
	@$(PY) -m local logs $(APP) $(ARGS)

scale: .venv/.ready ## run N copies of an app: APP=name N=2
	@test -n "$(APP)" || { echo 'say which: make scale APP=airtable-connector N=2' >&2; exit 2; }
	@$(PY) -m local scale $(APP)=$(N) $(ARGS)

restart: .venv/.ready ## end an app with its sidecar and start it again: APP=name
	@test -n "$(APP)" || { echo 'say which: make restart APP=airtable-connector' >&2; exit 2; }
	@$(PY) -m local restart $(APP) $(ARGS)

doctor: .venv/.ready ## check this machine and the mesh, one line each, with the remedy
	@$(PY) -m local doctor $(ARGS)

infra: .venv/.ready ## start only what `dapr run -f dapr.yaml` needs, and write .run/env for it
	@$(PY) -m local infra $(ARGS)

demo: .venv/.ready ## start the mesh, do the main job as a client would, break it, check every result
	@$(PY) -m demo $(ARGS)

example-node: .venv/.ready dapr ## let a program in TypeScript hear an event of the mesh, each exactly once
	@$(PY) -m demo.another_language

dapr: .venv/.ready ## get Dapr's programs and its CLI: found, downloaded or built, once
	@$(PY) -m local dapr --cli

ifdef APP
test: .venv/.ready ## run all tests, or one app's [APP=name]
	@$(PY) -m pytest tests/$(package) $(ARGS)
else
test: test-unit dapr
	@$(PY) -m pytest tests/system $(ARGS)
endif

# Most of these wait for other processes most of the time: twice as many at once as there are cores. The longest files
# begin first (tests/conftest.py).
test-unit: .venv/.ready dapr kustomize ## run the tests that start no whole mesh, side by side
	@$(PY) -m pytest --ignore=tests/system --numprocesses $$($(PY) -c 'import os; print(2 * os.cpu_count())') --dist loadfile --no-loadscope-reorder $(ARGS)

# Once, kept outside the checkout like Dapr's programs.
kustomize: .venv/.ready ## get kustomize, once
	@$(PY) -m tests.kubernetes.programs

k8s-test: .venv/.ready ## apply k8s/ to a real API server with simulated nodes; its programs are built once, 14 minutes of CPU
	@$(PY) -m tests.kubernetes.programs cluster
	@$(PY) -m pytest tests/kubernetes/on_a_cluster.py --timeout 400 $(ARGS)

soak: .venv/.ready dapr ## 100,000 acknowledged writes through the gateway while everything is killed [WRITES=n KILLS=n]
	@$(PY) -m tests.system.soak --writes $(WRITES) --kills $(KILLS) $(ARGS)

# In an environment of its own: `make test` needs neither these packages nor that daprd, nor Java and Maven for Kafka.
test-bus: .venv/.ready dapr ## run the events' tests on Redis, NATS JetStream and Kafka [BUS=kafka]; builds a second daprd, once
	@UV_PROJECT_ENVIRONMENT=.run/venv-bus VIRTUAL_ENV= UV_PYTHON_DOWNLOADS=never .venv/bin/uv run --frozen --all-extras --group bus \
	  python -m tests.chassis.events.buses $(if $(BUS),--bus $(BUS)) $(ARGS)

# A mesh of its own: what is killed serves nobody else.
blast: .venv/.ready dapr ## kill each component under the load of all journeys; writes docs/reference/blast-radius.*
	@$(PY) -m local up --detach --run-dir .run/blast --port-offset 9000
	@trap '$(PY) -m local down --run-dir .run/blast' EXIT; $(PY) -m local blast --run-dir .run/blast --into docs/reference $(ARGS)

drill: .venv/.ready dapr ## break one thing after the other and count how often `why` is right; writes docs/reference/fault-drill.*
	@$(PY) -m local up --detach --run-dir .run/drill --port-offset 9000 --through local.drill.inside
	@trap '$(PY) -m local down --run-dir .run/drill' EXIT; $(PY) -m local drill --run-dir .run/drill --into docs/reference $(ARGS)

canaries: .venv/.ready dapr ## run the system tests; then no log and no row may hold a secret of their mesh
	@CANARIES=1 $(PY) -m pytest tests/system $(ARGS)

test-alerts: .venv/.ready dapr ## fire every alert by a fault on a mesh, with Prometheus and a collector of spans, built once
	@$(PY) -m tests.observability.programs
	@$(PY) -m pytest tests/observability/on_a_mesh.py --timeout 600 $(ARGS)

check: .venv/.ready ## lint, format, types, imports, house rules; never rewrites
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/house

fix: .venv/.ready ## let ruff rewrite what it can
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

configure: .venv/.ready ## regenerate what is derived from the code: access rules, README table
	@$(PY) -m local configure
	@$(PY) -m scaffold readme

contracts: .venv/.ready ## regenerate the goldens in contracts/schemas
	@$(PY) -m contracts

tamper: .venv/.ready ## change an audit trail at random [N=10000] times; every change must be found
	@TAMPER_TIMES=$(if $(filter 1,$(N)),10000,$(N)) $(PY) -m pytest -q -s -k every_random tests/audit_service/test_tampering.py

coverage: .venv/.ready ## print the branch coverage of the formula language; fails below 95 %
	@$(PY) -m coverage run --branch --source=sandbox.airtable.formula --data-file=.run/coverage -m pytest -q tests/sandbox/formula tests/sandbox/test_formula_language.py tests/sandbox/test_derived_fields.py -k "not in_time"
	@$(PY) -m coverage report --data-file=.run/coverage --fail-under=95

headline: .venv/.ready dapr ## 25 threads of pyairtable at full size, what paces them killed meanwhile; minutes [ARGS='--each 5']
	@$(PY) -m benchmarks.limits $(ARGS)

bench: .venv/.ready ## measure; each result is a ratio of interleaved runs
	@$(PY) -m benchmarks $(ARGS)

new: .venv/.ready ## make an app that passes `make check test` untouched: APP=note-service [PORT=8075]
	@$(PY) -m scaffold new "$(APP)" $(if $(PORT),--port $(PORT))

rm: .venv/.ready ## take an app out again, with everything that names it: APP=note-service
	@$(PY) -m scaffold rm "$(APP)"

clean: ## remove the caches and .venv (the mesh must be down; .run stays)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The stamp is younger than the lock exactly when .venv holds what the lock says: a second run does nothing at all.
.venv/.ready: pyproject.toml uv.lock
	@test -x $(PY) || { \
	  for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "creating .venv with $$candidate"; \
	    $$candidate -m venv .venv || { echo 'python could not make a virtual environment: install python3-venv' >&2; exit 1; }; \
	    break; \
	  done; \
	  test -x $(PY) || { echo 'Python 3.11 or newer is needed: install python3.11, or say where it is: make PYTHON=/path/to/python' >&2; exit 1; }; }
	@test -x .venv/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV= UV_PYTHON_DOWNLOADS=never .venv/bin/uv sync --frozen --all-extras
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -P -m cli "$$@"\n' "$(CURDIR)" "$(CURDIR)" > .venv/bin/pyat
	@chmod +x .venv/bin/pyat
	@touch $@

.PHONY: coverage help setup up down status logs scale restart doctor infra demo example-node dapr test canaries soak test-alerts test-bus test-unit kustomize k8s-test check fix configure contracts tamper bench new rm clean headline blast drill
