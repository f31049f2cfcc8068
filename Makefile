# Set-up is `make demo`; everything else calls `make setup` when it is needed.
PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready
WORKERS ?= auto

.PHONY: setup demo test lint bench crash clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/medmm demo

test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.benchmarks

crash: $(READY)
	MEDMM_TEST_KILLS=50 $(BIN)/python -m pytest -m crash tests

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
