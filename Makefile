# gasquake's one door: `make help` lists what there is.
#
# Everything Python runs in $(VENV), against the installed release wheel and never against python/: what is tested and
# measured is what users get. Stamp files there say what is up to date, so a second run only repeats the checks.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
PYTEST := $(PY) -m pytest

# A path set outside must not put the source tree before the wheel.
unexport PYTHONPATH
export PYTHONNOUSERSITE := 1

# Directories are listed too: their time changes when a file is added, renamed or deleted.
SOURCES := Cargo.toml Cargo.lock pyproject.toml LICENSE \
	$(shell find rust python -name __pycache__ -prune -o \
		\( -type d -o -name '*.rs' -o -name '*.toml' -o -name '*.py' -o -name '*.pyi' -o -name py.typed \) -print)
BENCH_ARGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: test-rust lint check-wheel docs test-examples test-benches test-python ## everything below but the measuring; what CI runs

.PHONY: test-rust
test-rust: ## cargo fmt, clippy (pedantic, warnings are errors), units, laws and doctests
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked --quiet

.PHONY: lint
lint: $(VENV)/.installed ## ruff, mypy --strict, import contracts, docstring form, stub against binding
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	PYTHONPATH=python $(VENV)/bin/lint-imports --no-cache
	$(PY) -m numpydoc lint $$(find python -path '*/_[!_]*' -prune -o \( -name '[!_]*.py' -o -name __init__.py \) -print | sort)
	$(PY) -m mypy.stubtest gasquake._core --allowlist tools/stubtest-allowlist.txt

.PHONY: format
format: $(VENV)/.installed ## rewrite Rust and Python the way that lint wants them
	cargo fmt
	$(PY) -m ruff check --fix --exit-zero
	$(PY) -m ruff format

.PHONY: wheel
wheel: dist/.built ## the release wheel, in dist/

.PHONY: install
install: $(VENV)/.installed ## the wheel and all that the checks need, in .venv

.PHONY: check-wheel
check-wheel: $(VENV)/.installed ## the wheel is small, abi3, free of C libraries, and is what is installed
	$(PY) tools/check_wheel.py dist/gasquake-*.whl

.PHONY: test-examples
test-examples: $(VENV)/.installed ## the examples in docs and README (those of docstrings are among the Python tests)
	$(PYTEST) --quiet --doctest-glob='*.md' docs README.md

.PHONY: test-benches
test-benches: $(VENV)/.installed ## each bench once, without timing
	$(PYTEST) --quiet benches --benchmark-disable

.PHONY: test-python
test-python: $(VENV)/.installed ## the Python tests
	$(PYTEST) tests/test_runtime.py  # alone: it waits for clocks, signals and threads
	$(PYTEST) tests --ignore=tests/test_runtime.py --numprocesses=auto --dist=loadfile

.PHONY: docs
docs: $(VENV)/.installed ## the documentation, in docs/_build/html; warnings are errors
	$(PY) -m sphinx -W --keep-going --quiet -b html docs docs/_build/html

.PHONY: picture
picture: docs ## draw the README's picture anew, and that of Boumerdes where the real soundings are
	cp docs/_generated/overview.png docs/images/
	test ! -e docs/_generated/boumerdes2003.png || cp docs/_generated/boumerdes2003.png docs/images/

.PHONY: bench
bench: $(VENV)/.installed ## measure beside the peers, keep .bench/*.json, write the README's table
	$(PY) tools/bench.py $(BENCH_ARGS)
	$(PY) tools/bench_table.py README.md

.PHONY: bench-compare
bench-compare: $(VENV)/.installed ## BASE=<revision>: time this tree against another, interleaved
	@test -n "$(BASE)" || { echo "say against what: make bench-compare BASE=<revision>" >&2; exit 2; }
	$(PY) tools/bench_compare.py "$(BASE)" $(BENCH_ARGS)

.PHONY: demo
demo: $(VENV)/.installed ## simulate an earthquake with a release of gas, trace it, and print the verdict beside the truth
	$(VENV)/bin/gasquake demo --out demo/

.PHONY: calibrate
calibrate: $(VENV)/.installed ## hundreds of simulated worlds: is the p-value what it says, and what is found (half an hour)
	$(PY) tools/calibrate.py

.PHONY: clean
clean: ## remove all that was built, .venv too; measurements in .bench/ stay
	rm -rf $(VENV) dist target docs/_build docs/_generated docs/api/generated .mypy_cache .ruff_cache .pytest_cache

# ---- how the virtual environment comes about -------------------------------------------------------------------------

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"gasquake needs Python 3.11 or newer, and $(PYTHON) is {v[0]}.{v[1]}: say make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade 'pip>=25.1'  # the first that knows dependency groups
	@touch $@

$(VENV)/.tools: $(VENV)/.made pyproject.toml
	$(PIP) --group build
	@touch $@

dist/.built: $(SOURCES) | $(VENV)/.tools
	@mkdir -p dist
	rm -f dist/gasquake-*.whl
	$(PY) -m maturin build --release --locked --interpreter $(PY) --out dist
	@touch $@

$(VENV)/.deps: $(VENV)/.tools pyproject.toml | dist/.built
	$(PIP) "$$(echo dist/gasquake-*.whl)[test]" --group lint --group docs
	@touch $@

$(VENV)/.installed: dist/.built $(VENV)/.deps
	$(PIP) --no-deps --force-reinstall dist/gasquake-*.whl
	@touch $@
