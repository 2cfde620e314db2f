# talik: make demo shows a finished report, make test proves the code. Each sets itself up.
# The public data sets of the tests lie beside the checkout where a developer has them.
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
DATA := $(abspath ../shared/data)
ifneq ($(wildcard $(DATA)/sidb),)
export TALIK_DATA ?= $(DATA)
endif
UV := $(shell command -v uv 2>/dev/null)
RUNS := 3000
FILES := 20000
INSTALLED := $(VENV)/.installed
DEVELOPED := $(VENV)/.developed
DOCUMENTED := $(VENV)/.documented
# One core per test worker: threads inside BLAS would only get in each other's way.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
# The theme announces its successor on every build.
export NO_MKDOCS_2_WARNING := 1

.PHONY: help install demo test check format bench beaten calibrate fuzz coverage docs clean
help:             ## what can be made
	@sed -n 's/^\([a-z]*\): .*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

define set_up
@echo "installing talik$(1) into $(VENV) (once)"
$(if $(UV),@uv venv --quiet --allow-existing $(VENV) && uv pip install --quiet --python $(BIN)/python -e ".$(1)",\
@python3 -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".$(1)")
@touch $@
endef

$(INSTALLED): pyproject.toml
	$(call set_up,)
$(DEVELOPED): pyproject.toml
	$(call set_up,[dev])
$(DOCUMENTED): pyproject.toml
	$(call set_up,[docs])

install: $(INSTALLED) ## talik in .venv
demo: $(INSTALLED)    ## the packaged study, from file to report
	@$(BIN)/talik demo --out demo-report
test: $(DEVELOPED)    ## the tests and the examples in the documentation
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal
check: $(DEVELOPED)   ## style, types, spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/codespell src tests docs README.md CHANGELOG.md
format: $(DEVELOPED)  ## put the code into the project's style
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .
PART :=
bench: $(DEVELOPED)   ## time and memory, beside a reference; PART=pools for one part
	@$(BIN)/python -m benchmarks $(PART)
beaten: $(DEVELOPED)  ## how often scipy from 20 starts finds a better pool fit
	@$(BIN)/python -m benchmarks.pools
STUDY :=
calibrate: $(DEVELOPED) ## how often intervals hold the truth; STUDY=pools for one study
	@$(BIN)/python -m calibration $(STUDY)
fuzz: $(DEVELOPED)    ## thousands of spoilt entries, files, workbooks, mappings and packages
	@TALIK_FUZZ=$(RUNS) $(BIN)/python -m pytest -q tests/incubation/test_sidb_mutated.py
	@TALIK_FUZZ=$(FILES) $(BIN)/python -m pytest -q -n 2 -k "spoilt or mutated" tests/incubation/instruments \
		tests/incubation/sheets tests/incubation/mapping tests/incubation/test_israd.py tests/essdive
coverage: $(DEVELOPED) ## how often the intervals of simulated jars hold the truth
	@PYTHONPATH=tests $(BIN)/python tests/jar_coverage.py
docs: $(DOCUMENTED)   ## the documentation in site/
	@$(BIN)/mkdocs build --strict --quiet
clean:                ## everything that make made
	rm -rf $(VENV) site demo-report .pytest_cache .mypy_cache .ruff_cache .hypothesis
