# One environment for each purpose: serving on the CPU, serving on a GPU, developing.
# The CPU and GPU builds of ONNX Runtime overwrite each other's files, so they never share one.

SHELL := /bin/bash
.DEFAULT_GOAL := help
HOST ?= 127.0.0.1
PORT ?= 8000
PHOTO ?= examples/people/ben.jpg

# The first interpreter that fits: Python 3.11 to 3.13.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)

SERVE_ENV := $(if $(GPU),.venv-gpu,.venv-cpu)
DEV := .venv-dev/bin
PIP := -m pip --disable-pip-version-check --no-input
INSTALL := install --quiet --require-hashes
EDITABLE := install --quiet --no-deps --no-build-isolation --editable

# NumPy's own threads and the cores' other work wait for each other: small systems of equations took a thousand times longer.
export OPENBLAS_NUM_THREADS ?= 1

# glibc gives large blocks back to the system after each use; to keep them saves a sixth of a training step.
KEEP_MEMORY := GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=20000000000

.PHONY: help serve demo test test-slow lint bench pairs train evaluate openapi lock browser clean

help:  ## show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s ':'

serve: $(SERVE_ENV)/.ready $(if $(filter dlib68,$(MIEN_LANDMARKS)),$(SERVE_ENV)/.dlib68)  ## serve on http://HOST:PORT with the web page (GPU=1 for the GPU build)
	@MIEN_PROVIDER=$${MIEN_PROVIDER:-$(if $(GPU),cuda,cpu)} exec $(SERVE_ENV)/bin/python -m mien_service serve --host $(HOST) --port $(PORT)

demo: $(SERVE_ENV)/.sdk  ## run every task on PHOTO through the SDK; pictures go to out/
	@$(SERVE_ENV)/bin/python -m examples.demo $(PHOTO)

test: .venv-dev/.ready browser lint  ## lint, types and the quick tests
	@$(DEV)/python -m pytest -m "not slow"

test-slow: .venv-dev/.ready browser  ## the tests that take longer
	@$(DEV)/python -m pytest -m slow

lint: .venv-dev/.ready  ## ruff and pyright
	@$(DEV)/ruff check . && $(DEV)/ruff format --check . && $(DEV)/pyright --pythonpath $(DEV)/python

bench: .venv-dev/.ready  ## time of each stage and of compositing, as ratios; writes out/bench
	@$(DEV)/python -m bench.stages
	@$(DEV)/python -m bench.composite

pairs: .venv-dev/.ready  ## render the pairs that attribute edits are learned from (SUBSET=500 for a part); reads MIEN_DATA
	@$(DEV)/python -m mien_export pairs $(if $(SUBSET),--subset $(SUBSET))

train: .venv-dev/.ready  ## train NAME (mesh_net, face_detector, face_vae, mask_segmenter, face_filler, repainter, head_refiner, head_segmenter, seed_frontalizer, seed_cyclegan, preview_student, smile_editor, age_editor, masculine_editor, beard_editor, emotion_net, mini_xception, toon_net, judges, small_edit, and what it is made with: generator_tap, latent_directions, attribute_pairs) for MINUTES; reads MIEN_DATA
	@$(KEEP_MEMORY) $(DEV)/python -m mien_export train $(NAME) $(if $(MINUTES),--minutes $(MINUTES))

evaluate: .venv-dev/.ready  ## measure NAME (frontalize, round_trip, turned_sharpness, landmarks, landmark_sheet, latent_directions, finding, finding_thresholds, edit_attribute, more_attributes, mask_segmenter, head_segmenter, face_filler, unmask_service, unmask_real, addiction_preview, addiction_blind, emotion, toonify, toonify_blind) with its baselines; reads MIEN_DATA
	@$(DEV)/python -m mien_export evaluate $(NAME)

openapi: .venv-dev/.ready  ## write openapi.yaml
	@$(DEV)/python -m mien_service openapi --output openapi.yaml

browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; } \
		|| { echo "the page's tests need Debian's chromium: apt-get install chromium" >&2; exit 1; }

.venv-cpu/.ready: requirements/cpu.txt pyproject.toml
.venv-gpu/.ready: requirements/gpu.txt pyproject.toml
.venv-cpu/.ready .venv-gpu/.ready: .venv-%/.ready:
	@[ -n "$(PYTHON)" ] || { echo "Mien needs Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv-$*
	@.venv-$*/bin/python $(PIP) $(INSTALL) -r requirements/$*.txt
	@.venv-$*/bin/python $(PIP) $(EDITABLE) .
	@touch $@

.venv-cpu/.sdk .venv-gpu/.sdk: .venv-%/.sdk: .venv-%/.ready requirements/sdk.txt sdk/pyproject.toml
	@.venv-$*/bin/python $(PIP) $(INSTALL) -r requirements/sdk.txt
	@.venv-$*/bin/python $(PIP) $(EDITABLE) sdk
	@touch $@

# dlib's landmarks are an extra: what they were trained on bars commercial use.
.venv-cpu/.dlib68 .venv-gpu/.dlib68: .venv-%/.dlib68: .venv-%/.ready requirements/dlib68.txt
	@.venv-$*/bin/python $(PIP) $(INSTALL) -r requirements/dlib68.txt
	@touch $@

# torch last and by version only: its CPU and CUDA builds have different hashes; what it needs is locked in dev.txt.
# Of the packages of two teachers only the weights are read: what they ask for beside them (OpenVINO, Jupyter, Flask)
# stays away. The face parser's has no wheel; it is built with what dev.txt locks.
.venv-dev/.ready: requirements/dev.txt requirements/generator.txt requirements/face_parsing.txt requirements/torch.txt pyproject.toml sdk/pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Mien needs Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv-dev
	@$(DEV)/python $(PIP) $(INSTALL) -r requirements/dev.txt
	@$(DEV)/python $(PIP) $(INSTALL) --no-deps -r requirements/generator.txt
	@$(DEV)/python $(PIP) $(INSTALL) --no-deps --no-build-isolation -r requirements/face_parsing.txt
	@$(DEV)/python $(PIP) install --quiet -r requirements/torch.txt
	@$(DEV)/python $(PIP) $(EDITABLE) . --editable sdk
	@touch $@

lock:  ## lock the newest fitting dependencies (needs uv)
	@for extra in cpu gpu; do \
		uv pip compile $(LOCK) pyproject.toml requirements/build.in --extra $$extra -o requirements/$$extra.txt || exit 1; done
	@uv pip compile $(LOCK) requirements/dlib68.in -c requirements/cpu.txt -o requirements/dlib68.txt
	@uv pip compile $(LOCK) sdk/pyproject.toml requirements/build.in -c requirements/cpu.txt -o requirements/sdk.txt
	@uv pip compile $(LOCK) pyproject.toml sdk/pyproject.toml requirements/build.in requirements/torch-needs.in \
		--extra cpu --extra dlib68 --extra export --extra dev -c requirements/cpu.txt -o requirements/dev.txt

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-package torch

clean:  ## remove environments and outputs
	@rm -rf .venv-cpu .venv-gpu .venv-dev out
