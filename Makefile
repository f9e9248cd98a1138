# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors

# Empty: tools/find_python looks for the best one.
PYTHON ?=
# Further options for attach and detach, such as ARGS='--check --diff'.
ARGS ?=
# One of molecule's scenarios instead of all.
SCENARIO ?=
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help attach detach test test-deps test-unit test-sanity test-lint test-docs test-quickstart test-integration molecule test-xen xen xen-down xen-bench bench build pins clean

help: ## List the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r target text; do \
		printf '  %-18s %s\n' "$$target" "$$text"; done
	@echo "Variables: PYTHON=/path/to/python3 ARGS='--check --diff' SCENARIO=default"

attach: ## Build the quickstart guest's disk and attach and mount it on this host
	@tools/playbook examples/quickstart/build_guest.yml playbooks/attach.yml $(ARGS)

detach: ## Unmount and detach the quickstart guest's disk
	@tools/playbook playbooks/detach.yml $(ARGS)

test: ## Run every suite, the fastest first, and sum up what ran and what was left out
	@tools/run_suites

test-deps: ## Install the system packages that the suites need (apt)
	@tools/test_deps

test-lint: ## ruff, shellcheck, yamllint, ansible-lint, changelog fragments, licences
	@tools/run_suites lint

test-unit: ## Unit tests of the engines and plugins
	@tools/run_suites unit

test-docs: ## Documentation of the modules, plugins and roles
	@tools/run_suites docs

test-sanity: ## ansible-test sanity on both lines of ansible-core, and unit tests on the oldest target Python
	@tools/run_suites sanity units

test-quickstart: ## What the README promises of make attach and make detach
	@tools/run_suites quickstart

test-integration: ## Integration tests on this machine's own loop devices and mounts (root)
	@tools/run_suites integration

molecule: ## Molecule's scenarios, or one of them with SCENARIO=
	@tools/run_suites molecule$(SCENARIO:%=:%)

test-xen: ## Molecule's scenarios xen, xen_dangers and xen_names: a real Xen dom0 in QEMU, with guests
	@tools/run_suites molecule:xen molecule:xen_dangers molecule:xen_names

xen: ## Bring up a Xen dom0 in QEMU and attach disks there, to see it without a Xen host
	@tools/xen_lab up

xen-down: ## End the dom0 of make xen
	@tools/xen_lab down

xen-bench: ## Measure on the dom0 of make xen what attaching costs beside bare xl
	@tools/xen_lab bench $(ARGS)

bench: ## Measure what attaching and mounting costs beside the bare tools (root)
	@tools/bench $(ARGS)

build: ## Build the collection's archive and ask galaxy-importer about it
	@tools/run_suites build

pins: ## Resolve the tools' libraries anew for every Python here
	@tools/make_pins

clean: ## Remove everything that these targets made in this clone and its cache
	@tools/xen_lab clean
	rm -rf .venv .venv-* build .ansible .pytest_cache .ruff_cache .hypothesis tests/output
	@bash -c 'source tools/environment.sh; rm -rf "$$CACHE"'
