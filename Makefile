# Two commands for a newcomer: `make demo` and `make test`. Everything else is for those who work here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEM := $(VENV)/.system-packages
QUICK := -m "not slow" --ignore tests/architecture --numprocesses logical --dist loadfile

.PHONY: beside coverage docs-check demo faults hostile licences release supply tampering test test-all lint types imports unit slow wheel docs lock clean system

demo: $(VENV)/.product
	$(BIN)/filing --home var/demo demo

# What needs one processor runs beside the suite, so that none is idle; each tells what it found when it ends.
test: lint imports $(SYSTEM)
	$(MAKE) --no-print-directory --jobs=2 beside unit

beside:
	$(MAKE) --no-print-directory --keep-going --output-sync=target types docs-check wheel

test-all: test slow supply

# The product alone: what `make demo` and a production machine need.
$(VENV)/.product: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# What the check needs beside it.
$(VENV)/.checks: requirements-dev.lock $(VENV)/.product
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-compile --requirement requirements-dev.lock
	touch $@

# A browser, an office suite and Chinese fonts: the page, the workbooks and the letters are opened by real readers.
system: $(SYSTEM)
$(SYSTEM): tests/system_packages.sh
	bash tests/system_packages.sh
	mkdir -p $(VENV) && touch $@

# A browser of 2019, for the directory's page.
$(VENV)/old-chromium/chromium: tests/old_chromium.sh
	bash tests/old_chromium.sh $(dir $@)
	touch $@

lint: $(VENV)/.checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .

types: $(VENV)/.checks
	$(BIN)/mypy

imports: $(VENV)/.checks
	$(BIN)/lint-imports

docs: $(VENV)/.checks
	$(BIN)/python docs/generate.py
	$(BIN)/python -m expectations.rules_page tests/expectations/examples > docs/rules.md

# In a process of its own: what other tests left in caches is not counted on a trip.
docs-check: $(VENV)/.checks
	$(BIN)/python -m pytest tests/architecture

unit: $(VENV)/.checks $(SYSTEM)
	$(BIN)/python -m pytest $(QUICK)

# All that `make test` runs of pytest with branches measured, which may not fall below 95 %: a third slower.
coverage: $(VENV)/.checks $(SYSTEM)
	$(BIN)/python -m pytest -m "not slow" --numprocesses logical --dist loadfile --cov --cov-report=term:skip-covered --cov-fail-under=95

slow: $(VENV)/.checks $(SYSTEM) $(VENV)/old-chromium/chromium
	$(BIN)/python -m pytest -m slow

# Known vulnerabilities, licences, a bill of materials in dist/.
supply: $(VENV)/.checks
	$(BIN)/python tests/supply.py

licences: $(VENV)/.checks
	$(BIN)/python tests/supply.py --write

# Every kind of tampering and what the doctor says of it, in docs/integrity.md.
tampering: $(VENV)/.checks
	$(BIN)/python -m tests.tampering.table docs/integrity.md

# Every hostile input and what became of it, in docs/hostile-input.md.
hostile: $(VENV)/.checks
	$(BIN)/python -m tests.hostile.page docs/hostile-input.md

# Every fault at every point of a cycle, and load; writes the table of what was survived.
faults: $(VENV)/.checks
	$(BIN)/python -m pytest -m slow tests/faults/test_matrix.py tests/faults/test_other_faults.py tests/faults/test_load.py
	$(BIN)/python -m tests.faults.ledger

wheel: $(VENV)/.checks
	bash tests/wheel_smoke.sh $(BIN)/python

# What is given out, in dist/: the wheel and the source, a bill of materials, and the checksums of all.
release: $(VENV)/.checks
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python tests/supply.py --bill
	cd dist && sha256sum -- *.whl *.tar.gz *.json > SHA256SUMS && cat SHA256SUMS

lock: $(VENV)/.checks
	bash tests/lock.sh $(BIN)

clean:
	rm -rf $(VENV) dist build var
