# make demo and make test set everything up by themselves: see packaging/setup.sh.
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.ready

.PHONY: setup demo test test-only lint run bench screenshot pictures trust accuracy robustness clean

setup: $(STAMP)

$(STAMP): pyproject.toml packaging/setup.sh
	packaging/setup.sh $(VENV)
	touch $(STAMP)

demo: $(STAMP)
	$(PYTHON) main.py demo --out demo-output

test: lint test-only

test-only: $(STAMP)
	packaging/qt-libraries.sh $(PYTHON)
	OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest tests --ignore=tests/benchmarks

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

run: $(STAMP)
	packaging/qt-libraries.sh $(PYTHON)
	$(PYTHON) main.py $(LOOP)

bench: $(STAMP)
	packaging/qt-libraries.sh $(PYTHON)
	QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest tests/benchmarks --benchmark-only

screenshot: $(STAMP)
	packaging/qt-libraries.sh $(PYTHON)
	QT_QPA_PLATFORM=offscreen $(PYTHON) main.py screenshot docs/screenshot.png

pictures: $(STAMP)
	$(PYTHON) packaging/pictures.py

trust: $(STAMP)
	$(PYTHON) packaging/calibrate_trust.py
	$(PYTHON) packaging/calibrate_blood_trust.py

accuracy: $(STAMP)
	$(PYTHON) packaging/measure_phantoms.py

robustness: $(STAMP)
	$(PYTHON) packaging/measure_robustness.py

clean:
	rm -rf $(VENV) demo-output build dist .mypy_cache .ruff_cache .pytest_cache
