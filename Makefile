SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
ARCH ?= x86_64
GOARCH_LAMBDA := $(if $(filter arm64,$(ARCH)),arm64,amd64)
LDFLAGS := -X lockstep/shared/version.Version=$(VERSION)
SERVICES := locks

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0

# The tools that this machine has beside the project, if it has them.
SHARED_TOOLS ?= ../shared/tools

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

.PHONY: run
run: build/dev web $(if $(filter dynamodb,$(STORE)),build/dynamodb-local build/with-dynamodb) ## start everything in one process (STORE=dynamodb: on DynamoDB Local)
	@exec $(if $(filter dynamodb,$(STORE)),build/with-dynamodb --) build/dev

.PHONY: seed
seed: build/lockstep ## load testdata into a service (URL=http://...)
	build/lockstep seed --url $(or $(URL),http://127.0.0.1:8081)

.PHONY: build
build: build/lockstep build/dev lambda web npm ## build everything, into build/

.PHONY: build/lockstep
build/lockstep:
	go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./wasmclient/cmd/lockstep

.PHONY: build/dev
build/dev:
	go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./localstack/dev

.PHONY: build/with-dynamodb
build/with-dynamodb:
	go build -trimpath -o $@ ./localstack/dynamodb

build/dynamodb-local: localstack/dynamodb/pom.xml
	rm -rf $@ $@.new
	mvn -q -B -f $< dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$@.new
	mv $@.new $@
	touch $@

.PHONY: lambda
lambda: $(SERVICES:%=build/lambda/%/bootstrap) ## build the Lambda functions (ARCH=arm64 for Graviton)

.PHONY: $(SERVICES:%=build/lambda/%/bootstrap)
$(SERVICES:%=build/lambda/%/bootstrap): build/lambda/%/bootstrap:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_LAMBDA) go build -tags lambda.norpc -trimpath -ldflags '-s -w $(LDFLAGS)' -o $@ ./functions/$*/lambda

WASM_EXEC := $(shell go env GOROOT)/lib/wasm/wasm_exec.js
WASM_BUILD := GOOS=js GOARCH=wasm go build -trimpath -ldflags '-s -w $(LDFLAGS)'

.PHONY: web
web: ## build the page and its WebAssembly module, into build/web
	mkdir -p build/web
	cp wasmclient/web/* $(WASM_EXEC) build/web/
	$(WASM_BUILD) -o build/web/lockstep.wasm ./wasmclient/module

.PHONY: npm
npm: ## build the package for Node, into build/npm
	mkdir -p build/npm
	cp wasmclient/npm/* $(WASM_EXEC) build/npm/
	$(WASM_BUILD) -o build/npm/cli.wasm ./wasmclient/cmd/lockstep

.PHONY: test
test: build/dynamodb-local build/with-dynamodb build/lockstep web npm ## run every test that needs no Docker (Go with -race, DynamoDB Local, Node, Chromium)
	@rm -f build/skipped; export SKIPPED=$(CURDIR)/build/skipped; \
	build/with-dynamodb -- go test -race -count=1 -timeout 15m ./...; \
	if [ -e build/skipped ]; then sort -u build/skipped; else echo "nothing was skipped"; fi

# In a container there is no 127.0.0.1 of ours: the tunnel leads to DynamoDB Local.
.PHONY: build/sam-tunnel
build/sam-tunnel:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_LAMBDA) go build -trimpath -o $@ ./localstack/sam/tunnel

# -v, so that a skip says what is missing.
.PHONY: test-sam
test-sam: lambda build/sam-tunnel build/dynamodb-local build/with-dynamodb ## run every operation in the SAM CLI's local Lambda (needs Docker)
	@if [ -x $(SHARED_TOOLS)/sam/up ]; then SAM=$$($(SHARED_TOOLS)/sam/up); else SAM=$$(command -v sam || true); fi; \
	export SAM; build/with-dynamodb -- go test -count=1 -v -tags sam -run '^TestInvoke$$' ./localstack/sam

.PHONY: bench
bench: ## measure the strategies beside each other against an old server
	go test -run '^$$' -bench Strategies -benchtime 1x ./localstack/e2e

.PHONY: lint
lint: ## run the linters
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./wasmclient/... ./shared/syncquery/...
	go vet -tags sam ./localstack/sam
	go run $(GOLANGCI_LINT) run ./...

.PHONY: vuln
vuln: ## look for known vulnerabilities (needs the internet)
	go run $(GOVULNCHECK) ./...

.PHONY: clean
clean: ## remove what was built
	rm -rf build
