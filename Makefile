# `make demo` shows the kit, `make check` is the daily loop, `make test` is what CI runs.
PYTHON ?= python3
BIN := .venv/bin
# Threads that fight for two cores make everything slower.
export OMP_NUM_THREADS ?= 1

.PHONY: demo check test test-all install
install: .venv/.installed

# Torch comes first and by its exact version: deepspeed's build asks for it, and any other way fetches CUDA.
.venv/.installed: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c .ci/constraints.txt torch setuptools wheel
	$(BIN)/pip install -q -c .ci/constraints.txt --no-build-isolation-package deepspeed -e '.[dev]'
	touch $@
