# The two commands of the README are `make demo` and `make test`; each does its own set-up on a fresh machine.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Python compiles what is imported; compiling everything would take a third of the time of the installation.
PIP := $(BIN)/pip install --disable-pip-version-check --quiet --no-compile -c constraints.txt
# Also where a container switches that off: the tests start many processes, and each would compile all of torch anew.
unexport PYTHONDONTWRITEBYTECODE
# torch first, at its pinned release: nothing that depends on it may pull another one.
TORCH := $(shell grep '^torch==' constraints.txt)

# Two at a time, each on one thread: small tensors are slower with more. The tests of a file stay together.
# A process that crashes ends the run, which names its test; a new one would begin with the same test again.
TESTS := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadscope --max-worker-restart 0

.PHONY: demo test coverage lint docs napari format clean

demo: $(VENV)/.base
	$(BIN)/napari-swnn demo --output demo-output

test: $(VENV)/.dev
	$(MAKE) -j2 --output-sync=target lint docs
	scripts/system-packages.sh
	$(TESTS)

# Apart from `make test`, since measuring takes half as long again.
coverage: $(VENV)/.dev
	scripts/system-packages.sh
	$(TESTS) --cov

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/measure_house.py

# A warning fails: pages without a place, links that lead nowhere, docstrings that cannot be read. The notice of the
# theme about its successor is switched off.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in build/site/index.html; to search it, run: python3 -m http.server -d build/site"

napari: $(VENV)/.dev
	$(BIN)/napari --with napari-swnn "SWNN reconstruction"

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build demo-output benchmarks/output

$(VENV)/bin/python:
	scripts/make-venv.sh $(PYTHON) $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) $(TORCH)
	$(PIP) -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) $(TORCH)
	$(PIP) -e ".[dev,docs,cluster]"
	touch $@ $(VENV)/.base
