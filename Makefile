# `make` lists the commands. Each first brings what it needs (tools/setup.sh); what tasks do stands in deno.json.

## make demo        a whole story in under a minute: registry, phones, a call [ARGS="--lang en --step"]
## make registry    a registry [PORT=5000] [ARGS="..."]
## make phone       a phone: NAME=maria [PORT=6000] [REGISTRY=127.0.0.1] [ARGS="..."]
## make test        style, types and every test (test-unit, test-e2e: a part) [ARGS="--filter ..."]
## make fuzz        a million hostile inputs for every parser and state machine [ARGS="--only text --seed 1"]
## make build       dist/registry and dist/phone, which run without Deno [SELF_EXTRACTING=1]
## make test-build  the end-to-end tests on those two
## make bench-ablation  what each rule of the jitter buffer is worth, 20 minutes, bench/results/ablation.md
## make bench-voice voice beside baresip, 16 minutes, bench/results/voice.md [ARGS="--quick"]
## make bench-registry  a registry under attack, and its speed and size, 8 minutes, bench/results/
## make bench-flood calls under a flood, 2 minutes, bench/results/robustness.md [ARGS="--rate 50000"]
## make bench-udp, -panel, -web, -return  UDP sockets; the panel; a browser's phone beside WebRTC; a cluster's phones
## make soak-cluster  three registries, three NATS servers and every fault, 20 minutes [ARGS="--minutes 1"]
## make soak        a call, 200 phones and a registry that dies, half an hour [ARGS="--minutes 2"]
## make dist        the same two for Linux, macOS and Windows, in dist/
## make deb         a Debian package of both with a service for the registry, in dist/
## make fmt         lays the code out
## make setup       brings everything needed, and tries again what was not to be had
## make clean       removes everything that these commands made here

# A bench is a name here, a task in deno.json and a line above.
BENCHES = bench bench-ablation bench-voice bench-registry bench-flood bench-udp bench-panel bench-web bench-return
.PHONY: help setup deno sound tests demo registry phone test test-unit test-e2e fuzz style build test-build dist deb fmt clean soak soak-cluster $(BENCHES)
.NOTPARALLEL:
# What the command line may set. Set here, so that variables of the environment with these names do not count.
NAME =
PORT =
REGISTRY = 127.0.0.1
ARGS =
SELF_EXTRACTING =
export NAME PORT REGISTRY

RUN := sh tools/deno.sh
TASK := $(RUN) task -q
# The flags limit how much garbage V8 lets gather, so that a tool's memory does not depend on how busy it was.
TOOL := $(RUN) run -q --no-prompt --v8-flags=$(shell cat tools/v8_flags)
help:; @sed -n 's/^## //p' Makefile
setup deno sound tests:; @sh tools/setup.sh $(subst setup,again,$@)
registry: deno
	@$(TOOL) -P=registry registry.ts $${PORT:+--port "$$PORT"} $(ARGS)
phone: sound
	@[ -n "$$NAME" ] || { echo 'A phone needs a name: make phone NAME=maria PORT=6050 REGISTRY=127.0.0.1' >&2; exit 2; }
	@$(TOOL) -P=phone phone.ts "$$REGISTRY" "$$NAME" $${PORT:+"$$PORT"} $(ARGS)
test: tests; @$(TASK) ok $(ARGS)
test-unit: sound
test-e2e: tests
test-unit test-e2e: test-%:
	@$(TASK) test $* $(ARGS)
test-build: tests build
	@SALA_REGISTRY="$$PWD/dist/registry" SALA_PHONE="$$PWD/dist/phone" $(TASK) test e2e $(ARGS)
style: deno; @$(TASK) check
demo: sound
soak soak-cluster bench bench-voice bench-udp bench-panel bench-web bench-return: tests
fuzz dist deb fmt bench-ablation bench-registry bench-flood: deno
demo fuzz soak soak-cluster dist deb fmt $(BENCHES):
	@$(TASK) $(subst -,:,$@) $(ARGS)
build: deno; @$(TASK) build $(if $(SELF_EXTRACTING),--self-extracting)
clean:; @rm -rf dist demo/out bench/out tests/out .deno
