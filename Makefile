# Everything runs in .venv, which is made from the lock file the first time that anything needs it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SONAR := $(addprefix configs/sonar_,baseline.yaml visible.yaml hidden.yaml control.yaml)
SHORT := $(addprefix configs/published/,mlm-sonar-binary mlm-iris mlm-first-network mlm-evaluate mlm-haberman \
	mlm-grid-search mlm-dropout-circles mlm-weight-decay-moons mlm-noise-circles mlm-dataset-size mlm-boston dlwp-boston \
	tf-classification tf-quickstart/tf_quickstart_beginner.yaml keras-mnist-mlp mlm-mnist/mlm_mnist_mlp.yaml \
	keras-mnist-cnn/keras_mnist_cnn_epoch.yaml keras-mnist-cnn/keras_mnist_cnn_epoch_today.yaml)

.DEFAULT_GOAL := help
.PHONY: help setup sonar all claims published published-all check test lint lock keras-tables bench clean

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv from the lock file

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

sonar: setup ## reproduce article A (Sonar): about a minute of training
	$(BIN)/repro run $(SONAR)

all: setup ## reproduce every article; fetches MNIST and Fashion-MNIST first
	$(BIN)/repro run configs

claims: setup ## run the experiments for claims that no article shows a run for; takes hours, goes on where it stopped
	$(BIN)/repro run configs/claims

published: setup ## run the other published experiments, where a seed takes a minute or so
	$(BIN)/repro run $(SHORT) -o results/published

published-all: setup ## run all of them whose data can be had; takes hours
	$(BIN)/repro run configs/published -o results/published

check: setup ## hold the committed results against fresh trainings, as CI does
	$(BIN)/repro check

test: setup ## run the tests
	$(BIN)/python -m pytest

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: setup ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --quiet --output-file requirements.lock

keras-tables: setup ## write what a config may name of Keras, as the installed Keras has it
	$(BIN)/python -m repro.models.keras_tables

# PyTorch and JAX come on top of the lock: PyTorch's build for CPUs is not on the index that the lock's hashes are of.
# Where only the usual one is there, pip takes the build with CUDA: several GB; PIP_EXTRA_INDEX_URL names another index.
bench: setup ## time repro beside Keras, PyTorch, JAX and scikit-learn: leave the machine alone for half an hour
	$(BIN)/python -c 'import torch, jax' 2>/dev/null || $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-build-isolation --editable '.[bench]'
	$(BIN)/python -m benchmarks.speed --out results

clean: ## remove .venv and caches, keep results
	rm -rf .venv dist trials .pytest_cache .mypy_cache .ruff_cache
