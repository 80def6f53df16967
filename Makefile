# make plan: environment and the plan of us-base. make test: environment and the tests that are quick.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# One worker for every core; a file's tests stay together, for what they share is solved once. Files run
# in the order of their names, in which quick ones come last: those with few tests are often the longest.
TESTS := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
# pip compiles what it installs, but not what is installed from where it is. Without this every run would
# compile dcplan again where Python is set to write no bytecode.
COMPILE := $(BIN)/python -m compileall -q planner

.PHONY: plan test test-rest test-all check lint types pages docs golden bench size clean

plan: $(VENV)/.installed
	@echo "Solving us-base: some minutes on two cores."
	$(BIN)/dcplan solve us-base

# What the first leaves to the second is in tests/slow.txt; test-all is both in one go.
test: $(VENV)/.installed-dev
	$(TESTS) -m "not slow"

test-rest: $(VENV)/.installed-dev
	$(TESTS) -m slow

test-all: $(VENV)/.installed-dev
	$(TESTS)

check: lint types test

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

# The generated pages and golden files; read the diff before it is committed.
pages: $(VENV)/.installed
	$(BIN)/python -m planner.docs

# The documentation as a site: docs/_build/html/index.html. A broken link or reference is an error.
docs: $(VENV)/.installed-docs pages
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

golden: $(VENV)/.installed-dev
	DCPLAN_GOLDEN=write $(BIN)/python -m pytest -m golden

# How much the code says, by room; tests/test_size.py holds each room to a budget.
size: $(VENV)/.installed
	@$(BIN)/python bench/size.py

bench: $(VENV)/.installed-dev
	$(BIN)/python bench/build_handoff.py

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing dcplan and what it needs into $(VENV)/, some 600 MB: a minute or two, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --constraint constraints.txt --editable .
	@echo "Compiling dcplan."
	$(COMPILE)
	touch $@

# In one go where nothing is there yet: pip works out and builds everything once, not twice.
$(VENV)/.installed-dev: pyproject.toml constraints.txt
	@echo "Installing dcplan, what it needs and what its tests need into $(VENV)/: a few minutes, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev]'
	$(COMPILE)
	touch $(VENV)/.installed $@

$(VENV)/.installed-docs: $(VENV)/.installed
	@echo "Installing what the documentation needs: half a minute, once."
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) dist build docs/_build docs/notebooks docs/changes.md .mypy_cache .pytest_cache .ruff_cache .hypothesis
