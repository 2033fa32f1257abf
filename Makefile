# make demo   train LeNet on real digits, in minutes
# make check  lint, and the quick tests on one backend, in minutes
# make test   the whole test suite, once per backend; 20 minutes on two cores
# make docs   the documentation as a site, in site/
# make stress kills, deaths and clusters, many times over; an hour

PYTHON ?= python3
# Two processes, or as many as a suite says; the tests of a file stay together, they
# share what they set up.
# Files begin in the order of tests/conftest.py: those with slow tests first.
WORKERS = 2
TEST = python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# Children of tests start sooner from files that are compiled already.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo check docs test stress format lint test-jax test-tensorflow test-torch test-without-tensorflow

demo: .venv/zoo-demo
	.venv/bin/zoo train lenet_mnist data=mnist_sample

# PyTorch compiles nothing: its quick tests take half the time of the others'.
check: lint
	KERAS_BACKEND=torch .venv/bin/$(TEST) -m "not slow"

# Two installations at once, and two suites: while one waits, the other works.
# The shortest comes first, so that the last ones to run keep both cores busy.
SUITES = test-jax test-without-tensorflow test-tensorflow test-torch
WHOLE = $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
test:
	@$(MAKE) --no-print-directory --jobs=2 .venv/zoo-all .venv-no-tensorflow/zoo-jax-torch
	@echo "== lint, $(SUITES): two at once; what each wrote comes when it ends"
	@shared=$$(mktemp -d) && trap "rm -rf $$shared" EXIT && export ZOO_TESTS_SHARED=$$shared; \
	  $(MAKE) --no-print-directory --jobs=2 $(WHOLE) lint $(SUITES) || \
	  { echo "== make test FAILED: '== tests FAILED on' above says where"; exit 1; }
	@echo "== every test passed on jax, tensorflow and torch"

lint: .venv/zoo-all
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

docs: .venv/zoo-all
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet
	@echo "== site/index.html"

format: .venv/zoo-all
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# What needs no backend, or compares them, runs once: with PyTorch, which compiles nothing.
test-jax test-tensorflow: CHOSEN = -m "not once"

test-jax test-tensorflow test-torch: test-%: .venv/zoo-all
	@echo "== the suite on $*"
	KERAS_BACKEND=$* .venv/bin/$(TEST) $(CHOSEN) || \
	  { echo "== tests FAILED on $*"; exit 1; }

# One after the other: what is killed at a moment needs the machine for itself.
stress: .venv/zoo-all
	@for backend in jax tensorflow torch; do \
	  echo "== stress on $$backend"; \
	  KERAS_BACKEND=$$backend .venv/bin/python -m pytest tests/stress || exit 1; \
	done

# A short suite beside another one: a second process would take as long to begin.
test-without-tensorflow: WORKERS = 0
test-without-tensorflow: .venv-no-tensorflow/zoo-jax-torch
	@for backend in jax torch; do \
	  echo "== without TensorFlow installed, on $$backend"; \
	  chosen=without_tensorflow; \
	  [ $$backend = torch ] || chosen="without_tensorflow and not once"; \
	  KERAS_BACKEND=$$backend .venv-no-tensorflow/bin/$(TEST) -m "$$chosen" \
	    $$(grep -l without_tensorflow tests/test_*.py) || \
	    { echo "== tests FAILED on $$backend without TensorFlow installed"; exit 1; }; \
	done

# An environment is made once and again after a change of what is to be installed.
# Python compiles what is imported, 60 to 80 MB of sources in a process; pip would
# compile all 350, which is half of its processor time.
.venv/zoo-demo: EXTRAS = jax,samples
.venv/zoo-all: EXTRAS = all
.venv-no-tensorflow/zoo-jax-torch: EXTRAS = jax,torch,samples,tune,export,report,serve,native,dev

.venv/zoo-demo .venv/zoo-all .venv-no-tensorflow/zoo-jax-torch: Makefile pyproject.toml constraints.txt
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@echo "== installing zoo[$(EXTRAS)] into $(@D); this takes minutes"
	@$(@D)/bin/python -m pip install --quiet --no-compile -e ".[$(EXTRAS)]" -c constraints.txt
	@touch $@
