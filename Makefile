# `make demo` shows the kit, `make check` is the daily loop, `make test` is what CI runs.
PYTHON ?= python3
BIN := .venv/bin
# One thread a process: the suite runs in as many processes as there are cores.
export OMP_NUM_THREADS ?= 1

.PHONY: demo check test test-all install
install: .venv/.installed

# Torch first and by its exact version: deepspeed's build asks for it, and a free choice fetches CUDA.
.venv/.installed: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c .ci/constraints.txt torch setuptools wheel ninja py-cpuinfo hatchling editables
	$(BIN)/pip install -q -c .ci/constraints.txt --no-build-isolation -e '.[dev]'
	touch $@

demo: install
	$(BIN)/lightning-kit fit -c configs/recipes/digits_mlp.yaml
	$(BIN)/lightning-kit test runs/digits_mlp/latest
	$(BIN)/lightning-kit export runs/digits_mlp/latest
	$(BIN)/lightning-kit predict runs/digits_mlp/latest/artefact --rows runs/digits_mlp/latest/artefact/golden.jsonl --out runs/digits_mlp/latest/predictions.csv
	@head -n 3 runs/digits_mlp/latest/predictions.csv
	@echo "the run directory, runs/digits_mlp/latest, holds:"
	@ls runs/digits_mlp/latest/

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layering.py

test: check
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not gpu"

test-all: check
	$(BIN)/pytest -q -n 2 --dist loadfile
