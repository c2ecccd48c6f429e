.DEFAULT_GOAL := help
# Each process that a test starts would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
KAFKA := build/kafka
# Four, since tests also wait. A file stays with one worker; tests/order.py says which come first.
PARALLEL := $(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder
HELM := build/helm

help: ## list every target
	@awk -F':.*## ' '/^##@/{print "\n" substr($$0, 5)} /^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run

demo: .venv/.installed ## a bottling plant and a day of tyre valves, priced and shown (Python alone)
	$(BIN)/copq demo

up: .venv/.installed ## run the standalone service on ./copq-data
	$(BIN)/copq up

##@ Check a change

check: .venv/.installed ## lint, format, types, imports, generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m copq.schemas.documents --check
	$(BIN)/python -m deploy.metrics_page --check
	$(BIN)/python -m deploy.grafana.generate --check

format: .venv/.installed ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/.installed ## the tests that need no server
	$(BIN)/pytest --numprocesses 2 tests/unit

test: .venv/.installed $(KAFKA)/classes.jsa $(HELM)/.resolved programs ## every test, on real servers (Java 17, Maven; Debian for all of it)
	$(PARALLEL)

##@ Test for longer

SECURITY := tests/*/access tests/*/database tests/*/audit tests/acceptance/backup tests/*/standalone tests/unit/schemas \
  tests/*/ingest/http tests/unit/ingest/files/test_bounds.py tests/unit/ingest/files/test_strictness.py \
  tests/unit/command_line/test_terminal.py tests/integration/aggregator/test_corrections.py

security: .venv/.installed $(KAFKA)/classes.jsa programs ## attacks and operators' mistakes (docs/reliability.md)
	$(PARALLEL) $(SECURITY)

soak: .venv/.installed $(KAFKA)/classes.jsa programs ## the fault tests in all variants and at random, the property tests for longer
	$(BIN)/pytest -m soak
	$(BIN)/pytest -m hypothesis --hypothesis-profile soak --timeout 3600
	$(BIN)/pytest $(SECURITY)

soak-memory: .venv/.installed $(KAFKA)/.resolved ## half an hour of a steady stream, and catching up: memory of each worker, and its slope
	SOAK_SECONDS=$${SOAK_SECONDS:-1800} $(BIN)/pytest tests/acceptance/faults/test_soak_memory.py -m soak -s

stack: .venv/.installed $(KAFKA)/.resolved ## start docker-compose.yml on Debian's Docker engine and try it (as root; half an hour at first)
	$(BIN)/pytest -m stack tests/acceptance/deploy/stack

pack-standards: .venv/.installed ## whether a review pack is the PDF/A-2a and PDF/UA-1 that it claims, by veraPDF (Java 17, Maven)
	mvn --quiet --batch-mode -f tests/support/verapdf/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/build/verapdf
	$(BIN)/python -m tests.support.pack_picture build/pack.pdf
	java -cp 'build/verapdf/*' tests/support/verapdf/Verify.java build/pack.pdf

##@ Generate

schemas: .venv/.installed ## generate the JSON Schemas and the AsyncAPI document
	$(BIN)/python -m copq.schemas.documents

metrics: .venv/.installed ## generate the table of docs/metrics.md
	$(BIN)/python -m deploy.metrics_page

dashboards: .venv/.installed ## generate Grafana's dashboards
	$(BIN)/python -m deploy.grafana.generate

pictures: .venv/.installed programs ## take the pictures of docs/images again, in Chromium
	$(BIN)/python -m tests.support.board.pictures
	$(BIN)/python -m tests.support.board.guide_pictures
	$(BIN)/python -m tests.support.pack_picture

##@ Measure

bench: .venv/.installed $(KAFKA)/classes.jsa ## the table of speeds, each next to its limit, also in build/bench
	@tests/support/programs/install mosquitto mosquitto_pub
	$(BIN)/python -m benchmarks

bench-cpu: .venv/.installed $(KAFKA)/classes.jsa ## CPU seconds per million events by process, in two stages and in one
	$(BIN)/python -m benchmarks.cpu --events 1000000

bench-guard: .venv/.installed $(KAFKA)/classes.jsa ## the same against the commit before, taking turns
	$(BIN)/python -m benchmarks.guard

bench-growth: .venv/.installed ## what a batch costs with ten million entries in the ledger
	$(BIN)/python -m benchmarks.growth

bench-exporter: .venv/.installed ## what a scrape and a computation cost at 100 lines × 50 products
	$(BIN)/python -m benchmarks.exporter

bench-cardinality: .venv/.installed ## time and memory of all figures with 30,000 lines, and with 15,000 products
	$(BIN)/python -m benchmarks.cardinality
	$(BIN)/python -m benchmarks.cardinality --lines 2 --products 15000

bench-faust: .venv/.installed $(KAFKA)/classes.jsa ## what Faust costs costing, against aiokafka alone
	$(BIN)/python -m benchmarks.faust_cost

bench-reprice: .venv/.installed ## a million events repriced, alone and while events arrive
	$(BIN)/python -m benchmarks.reprice

bench-why: .venv/.installed ## how often the causes of a change are found; COPQ_WHY_CASES names the labelled cases
	$(BIN)/python -m benchmarks.why

bench-statistics: .venv/.installed ## error rates of the statistics of savings, on simulated plants
	$(BIN)/python -m benchmarks.statistics

bench-portfolio: .venv/.installed ## how long the portfolio of 500 projects over 36 months takes
	$(BIN)/python -m benchmarks.portfolio

bench-project-months: .venv/.installed ## a million months of random projects: none leaves a cent over
	$(BIN)/python -m benchmarks.project_months

bench-why-scale: .venv/.installed ## how long copq why takes over 50 million entries of a year; 25 GB of disk
	$(BIN)/python -m benchmarks.why_scale

bench-projects-scale: .venv/.installed ## how long 500 projects take to measure on 60 million entries; 25 GB of disk
	$(BIN)/python -m benchmarks.why_scale --years 3 --folder build/bench/ledger
	$(BIN)/python -m benchmarks.projects_scale --folder build/bench/ledger

bench-pack: .venv/.installed ## how long a pack takes over three years of 50 million entries; 25 GB of disk
	$(BIN)/python -m benchmarks.pack

##@ Set up

setup: .venv/.installed ## install the pinned packages into .venv

programs: ## Mosquitto, Prometheus, Chromium … from Debian's packages, where they are missing
	@tests/support/programs/install

kafka: $(KAFKA)/.resolved ## fetch Apache Kafka's jars by Maven

helm: $(HELM)/.resolved ## fetch Helm by Maven, for the tests of the chart

LOCK := build/uv/bin/uv pip compile --upgrade --quiet --python-version 3.11 --generate-hashes \
  --no-header --no-annotate

lock: ## pin the newest allowed packages: what runs, and what builds and tests it
	$(PYTHON) -m venv build/uv
	build/uv/bin/pip install --quiet uv
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group pyproject.toml:dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group pyproject.toml:build -c requirements-dev.lock -o requirements-build.lock
	echo uv | $(LOCK) - -o requirements-uv.lock

clean: ## remove what was built, not the data
	rm -rf .venv build

# What the targets above need

PINNED := --require-hashes -r requirements.lock -r requirements-dev.lock

# uv installs in a tenth of the time. It does not read pip's settings, so pip follows where it fails.
.venv/.installed: requirements-uv.lock requirements.lock requirements-dev.lock pyproject.toml
	@echo "Installing the pinned packages into .venv …"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PINNED) \
	  || $(BIN)/pip install --quiet --disable-pip-version-check $(PINNED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(KAFKA)/.resolved: tests/support/kafka/pom.xml
	@echo "Fetching Apache Kafka's jars …"
	mvn --quiet --batch-mode -f tests/support/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(KAFKA)
	@touch $@

$(KAFKA)/classes.jsa: $(KAFKA)/.resolved .venv/.installed
	@echo "Archiving Kafka's classes, for brokers that start in half the time …"
	$(BIN)/python -m tests.support.kafka.archive
	@touch $@

$(HELM)/.resolved: tests/support/deploy/helm/pom.xml
	@echo "Fetching Helm …"
	mvn --quiet --batch-mode -f tests/support/deploy/helm/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(HELM)
	@touch $@

.PHONY: pack-standards help demo up check format unit test security soak soak-memory stack schemas metrics dashboards pictures bench bench-cpu bench-guard bench-growth bench-exporter bench-cardinality bench-faust bench-reprice bench-why bench-portfolio bench-project-months bench-why-scale bench-projects-scale bench-pack bench-statistics setup programs kafka helm lock clean
