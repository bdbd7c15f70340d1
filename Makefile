# Every target is one line of help; `make` alone prints them.
SHELL := /bin/sh
UV := deploy/uv
PYTHON := .venv/bin/python
LLM ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo serve setup test check format bench bench-boards bench-live bench-pairing bench-pages bench-rendering messages screenshots

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Without a node of the system's own, PyPI has one.
LIBRARIES = $(PYTHON) deploy/browser_libraries.py $(1) || { [ $$? = 3 ] && \
	$(UV) sync --frozen --quiet --inexact --group browser && $(PYTHON) deploy/browser_libraries.py $(1); }

demo: ## Run the whole site here with sample data and local models (PORT=8000; LLM=0: scripted models only)
	@echo "installing Python packages"
	@if [ "$(LLM)" = 0 ]; then $(UV) sync --frozen --quiet --inexact; else \
	  $(UV) sync --frozen --inexact --group demo || { \
	    echo "the local language model cannot be installed here; going on with scripted models"; \
	    $(UV) sync --frozen --inexact; }; fi
	@$(call LIBRARIES)
	@exec $(PYTHON) manage.py demo $(if $(filter 0,$(LLM)),--no-llm)

serve: ## Run the site here without sample data or demo models (PORT=8000)
	@$(UV) sync --frozen --quiet --inexact
	@$(call LIBRARIES)
	@exec $(PYTHON) manage.py serve

setup: ## Install everything that tests and checks need
	@$(UV) sync --frozen --inexact --group dev
	@$(call LIBRARIES,--tools)
	@$(PYTHON) manage.py messages compile

test: setup ## Run all tests; browser tests where a Chromium is found
	@$(PYTHON) -m pytest -n 2 --dist loadgroup $(TESTS)

check: setup ## What must hold: format, lint, types, migrations, translations, dead code, docs
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy .
	$(PYTHON) deploy/browser_libraries.py --check-types
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py check --fail-level WARNING
	$(PYTHON) manage.py messages check
	$(PYTHON) -m vulture
	$(PYTHON) -m pytest -q tests/docs

format: setup ## Format the code and mend what ruff can mend
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

bench: ## Measure the ratings against other packages; writes ratings/docs/
	@$(UV) sync --frozen --inexact --group dev --group bench
	@$(PYTHON) -m tests.bench

bench-rendering: setup ## Measure how smoothly answers are drawn in Chromium; writes arena/battles/docs/rendering.md
	@$(PYTHON) -m tests.browser.bench_rendering

bench-pages: setup ## Measure weight and first paint of the pages in a slowed-down Chromium; writes arena/docs/pages.md
	@$(PYTHON) -m tests.browser.bench_pages

bench-live: ## Measure live battles on this machine, some ten minutes; writes arena/battles/docs/live.md
	@$(UV) sync --frozen --inexact --group dev
	@$(PYTHON) -m tests.bench_live

bench-boards: setup ## Measure boards and pages at 10 thousand and a million votes (VOTES=...); writes tests/bench/boards.json
	@$(PYTHON) -m tests.bench.boards $(if $(VOTES),--votes $(VOTES)) $(if $(FOLDER),--folder $(FOLDER)) $(if $(STEPS),--steps $(STEPS))

bench-pairing: setup ## Simulate how pairs are drawn, some minutes; writes arena/battles/docs/pairing.md
	@$(PYTHON) -m tests.bench.pairing

messages: setup ## Collect new texts into the translation files
	$(PYTHON) manage.py messages extract

screenshots: setup ## Take pictures of the pages into .local/screenshots (needs Chromium)
	$(PYTHON) -m tests.browser.screenshots
