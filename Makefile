PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: replay test brokers bench clean

replay: $(READY)  ## replay every scenario in memory
	$(BIN)/ecotone replay scenarios --backend memory

test: $(READY)  ## lint, types, architecture, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

brokers: $(READY)  ## get Kafka and RabbitMQ, then replay every scenario in memory and on both
	.ci/brokers/prepare
	$(BIN)/ecotone brokers up
	$(BIN)/ecotone replay scenarios --backend memory --backend kafka --backend rabbitmq

bench: $(READY)  ## measure
	$(BIN)/python -m benchmarks

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip -c constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e '.[all]' --group dev
	touch $(READY)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
