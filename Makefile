# The commands of this project: `make` lists them. Each brings what it needs (tools/setup.sh).

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup deno sound tests demo registry phone test test-unit test-e2e fuzz style build test-build dist fmt clean bench bench-voice bench-registry bench-flood soak

# What may be given on the command line. Set here, so that variables of the environment that happen to have
# these names are not taken for them.
NAME =
PORT =
REGISTRY = 127.0.0.1
ARGS =
SELF_EXTRACTING =
export NAME PORT REGISTRY

RUN := sh tools/deno.sh
# How much garbage V8 may let gather is said, so that the memory of a tool does not depend on how busy it was.
TOOL := $(RUN) run -q --no-prompt --v8-flags=$(shell cat tools/v8_flags)

help:
	@echo 'make demo        a whole story in under a minute: registry, phones, a call, what was heard'
	@echo 'make registry    a registry [PORT=5000] [ARGS="..."]'
	@echo 'make phone       a phone: NAME=maria [PORT=6000] [REGISTRY=127.0.0.1] [ARGS="..."]'
	@echo 'make test        style, types and every test (test-unit, test-e2e: a part) [ARGS="--filter ..."]'
	@echo 'make fuzz        a million hostile inputs for every parser and state machine [ARGS="--only text --seed 1"]'
	@echo 'make build       dist/registry and dist/phone, which run without Deno [SELF_EXTRACTING=1]'
	@echo 'make test-build  the end-to-end tests on those two'
	@echo 'make bench-voice voice beside baresip, 16 minutes, bench/results/voice.md [ARGS="--quick"]'
	@echo 'make bench-registry  a registry under attack, 2 minutes, bench/results/robustness.md'
	@echo 'make bench-flood calls under a flood, two minutes, bench/results/robustness.md [ARGS="--rate 50000"]'
	@echo 'make soak        a call, 200 phones and a registry that dies, half an hour [ARGS="--minutes 2"]'
	@echo 'make dist        the same two for Linux, macOS and Windows, in dist/'
	@echo 'make fmt         lays the code out'
	@echo 'make setup       brings everything needed, and tries again what was not to be had'
	@echo 'make clean       removes everything that these commands made here'

setup:
	@sh tools/setup.sh again

# What the commands below need; silent and quick when it is there.
deno sound tests:
	@sh tools/setup.sh $@

demo: sound
	@$(RUN) run -q -A demo/demo.ts $(ARGS)

registry: deno
	@$(TOOL) -P=registry registry.ts $${PORT:+--port "$$PORT"} $(ARGS)

phone: sound
	@if [ -z "$$NAME" ]; then \
	  echo 'A phone needs a name: make phone NAME=maria PORT=6050 REGISTRY=127.0.0.1' >&2; exit 2; fi
	@$(TOOL) -P=phone phone.ts "$$REGISTRY" "$$NAME" $${PORT:+"$$PORT"} $(ARGS)

# Tests that listen need the machine for themselves, since what it is late with is heard; all others share it.
LISTENING := $(foreach test,demo ffmpeg portaudio_call speech,tests/e2e/$(test)_test.ts)
comma := ,
space := $(subst ,, )
# Most of these wait most of the time, so there may be more at once than there are processors.
export DENO_JOBS = 4
OTHERS := --parallel --ignore=$(subst $(space),$(comma),$(strip $(LISTENING)))
UNITS := --parallel --ignore=tests/e2e

# Types are part of the style. Tests of single modules take what the others leave of the machine.
test: tests style
	@said=$$(mktemp); trap 'kill $$units; rm -f "$$said"' EXIT; trap 'exit 130' INT TERM; \
	nice -n 19 $(RUN) test -q -A --no-check $(UNITS) $(ARGS) tests/ >"$$said" 2>&1 & units=$$!; \
	$(RUN) test -q -A --no-check $(ARGS) $(LISTENING) && \
	$(RUN) test -q -A --no-check $(OTHERS) $(ARGS) tests/e2e/; whole=$$?; \
	wait $$units; single=$$?; trap 'rm -f "$$said"' EXIT; cat "$$said"; [ "$$whole$$single" = 00 ]

test-unit: sound
	@$(RUN) test -q -A $(UNITS) $(ARGS) tests/

test-e2e: tests
	@$(RUN) test -q -A $(ARGS) $(LISTENING)
	@$(RUN) test -q -A $(OTHERS) $(ARGS) tests/e2e/

# Goes on from a seed of its own each time, and keeps what it finds where `make test` takes it up.
fuzz: deno
	@$(RUN) run -q -A tests/fuzz/fuzz.ts $(ARGS)

# fmt without -q, which would leave out where, but its "Checked 99 files" is no news.
style: deno
	@said=$$($(RUN) fmt --check 2>&1) || { echo "$$said"; echo 'make fmt mends this.'; exit 1; } >&2
	@$(RUN) lint -q
	@$(RUN) check -q .
	@$(RUN) run -q -A tools/layers.ts

build: deno
	@$(RUN) run -q -A tools/build.ts $(if $(SELF_EXTRACTING),--self-extracting)

test-build: tests build
	@SALA_REGISTRY="$$PWD/dist/registry" SALA_PHONE="$$PWD/dist/phone" $(RUN) test -q -A $(ARGS) $(LISTENING)
	@SALA_REGISTRY="$$PWD/dist/registry" SALA_PHONE="$$PWD/dist/phone" $(RUN) test -q -A $(OTHERS) $(ARGS) tests/e2e/

dist: deno
	@$(RUN) run -q -A tools/build.ts --all

# Delay, intelligibility on bad networks and cost; ARGS=--help shows how to run parts of it.
bench bench-voice: tests
	@$(RUN) run -q -A bench/voice.ts $(ARGS)

# What phones feel of a registry under attack, and how soon they are back after it was away.
bench-registry: deno
	@$(RUN) run -q -A bench/registry.ts $(ARGS)

# On loopback only. Wants a machine with little else to do.
bench-flood: deno
	@$(RUN) run -q -A bench/flood.ts $(ARGS)

# Half an hour, or two minutes with ARGS="--minutes 2"; 1 if anything was lost, doubled, stuck or leaked.
soak: tests
	@$(RUN) run -q -A bench/soak.ts $(ARGS)

fmt: deno
	@$(RUN) fmt -q

clean:
	@rm -rf dist demo/out bench/out .deno
