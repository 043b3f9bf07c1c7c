SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
ARCH ?= x86_64
GOARCH_LAMBDA := $(if $(filter arm64,$(ARCH)),arm64,amd64)
LDFLAGS := -X lockstep/shared/version.Version=$(VERSION)
SERVICES := locks toystore compute shop

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
BUF := go run github.com/bufbuild/buf/cmd/buf@v1.70.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0

# The tools that this machine has beside the project, if it has them.
SHARED_TOOLS ?= ../shared/tools

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 20

.PHONY: run
run: build/dev build/lockstep web $(if $(filter dynamodb,$(STORE)),build/dynamodb-local build/with-dynamodb) ## start everything in one process (STORE=dynamodb: on DynamoDB Local)
	@exec $(if $(filter dynamodb,$(STORE)),build/with-dynamodb --) build/dev

.PHONY: seed
seed: build/lockstep ## load testdata into a service (URL=http://..., SIGN=1 on AWS)
	build/lockstep seed $(if $(SIGN),--sign) --url $(or $(URL),http://127.0.0.1:8081)

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

# The page is put together of its sources, the package and the module.
.PHONY: web
web: npm wasmclient/web/node_modules/.package-lock.json ## build the page, static files for any web server, into build/web
	npm run --silent --prefix wasmclient/web build

# It is what npm writes last.
%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --loglevel=error --no-audit --no-fund --prefix $*
	touch $@

# Without inlining the module is a twelfth smaller with brotli, and no slower: it is compiled
# sooner.
.PHONY: npm
npm: ## build the package for Node and browsers, into build/npm
	node wasmclient/npm/build.mjs build/npm $(WASM_EXEC) $(VERSION)
	$(WASM_BUILD) -gcflags=all=-l -o build/npm/lockstep.wasm ./wasmclient/module
	$(WASM_BUILD) -o build/npm/cli.wasm ./wasmclient/cmd/lockstep

# One package at a time: some tests give real processes a bound to meet, beside a database
# and a browser on two cores. They are compiled before, as many at a time as there are cores.
.PHONY: test
test: build/dynamodb-local build/with-dynamodb build/lockstep lambda web npm ## run every test that needs no Docker (Go with -race, DynamoDB Local, Node, Chromium)
	go list -race -test -export -deps ./... > /dev/null
	@rm -f build/skipped; export SKIPPED=$(CURDIR)/build/skipped; \
	build/with-dynamodb -- go test -race -count=1 -p 1 -timeout 15m ./...; \
	$(MAKE) -s test-npm test-wasm; \
	if [ -e build/skipped ]; then sort -u build/skipped; else echo "nothing was skipped"; fi

.PHONY: test-npm
test-npm: web build/lockstep build/dev wasmclient/npm/node_modules/.package-lock.json ## try the package for Node and the page's own code: types, npm pack and install, the same runs as natively
	npm run --silent --prefix wasmclient/npm types
	LOCKSTEP=$(CURDIR)/build/lockstep node --test --test-reporter=spec wasmclient/npm/test/*.test.mjs
	npm test --silent --prefix wasmclient/web

# With a small environment: Go's wasm crashes on a very large one.
.PHONY: test-wasm
test-wasm: ## run the tests of what a browser loads, as WebAssembly under Node
	GOOS=js GOARCH=wasm go test -count=1 -p 1 -exec "env -i PATH=$$PATH HOME=$$HOME $(dir $(WASM_EXEC))go_js_wasm_exec" ./shared/syncquery/... ./wasmclient/sim/... ./wasmclient/module

# In a container there is no 127.0.0.1 of ours: the tunnel leads to DynamoDB Local.
.PHONY: build/sam-tunnel
build/sam-tunnel:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_LAMBDA) go build -trimpath -o $@ ./localstack/sam/tunnel

# -v, so that a skip says what is missing.
.PHONY: test-sam
test-sam: lambda build/sam-tunnel build/dynamodb-local build/with-dynamodb ## run every operation, or OP=lock alone, in the SAM CLI's local Lambda (needs Docker)
	@if [ -x $(SHARED_TOOLS)/sam/up ]; then SAM=$$($(SHARED_TOOLS)/sam/up); else SAM=$$(command -v sam || true); fi; \
	export SAM; build/with-dynamodb -- go test -count=1 -v -tags sam -run '^TestInvoke$$$(if $(OP),/^$(OP)$$)' ./localstack/sam

# The SAM CLI: this machine's own way to it, or the one on the PATH.
SAM = $$(if [ -x $(SHARED_TOOLS)/sam/up ]; then $(SHARED_TOOLS)/sam/up; else command -v sam || { echo "there is no sam: install the AWS SAM CLI" >&2; false; }; fi)

.PHONY: deploy
deploy: lambda ## deploy to AWS with the SAM CLI; the first time it asks for what it needs
	sam=$(SAM); "$$sam" deploy $(if $(wildcard samconfig.toml),,--guided --stack-name $(STACK) --capabilities CAPABILITY_IAM)

.PHONY: build/urls
build/urls:
	go build -trimpath -o $@ ./localstack/urls

# What is done to LocalStack goes there whatever the environment and samconfig.toml say.
STACK ?= lockstep
LOCALSTACK := http://127.0.0.1:4566
LOCALSTACK_ENV := env $(foreach v,$(filter AWS_%,$(.VARIABLES)),-u $(v)) AWS_ENDPOINT_URL=$(LOCALSTACK) \
  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 \
  AWS_EC2_METADATA_DISABLED=true SAM_CLI_TELEMETRY=0
LOCALSTACK_IS_UP := curl -sf $(LOCALSTACK)/_localstack/health > /dev/null
LOCALSTACK_TOOL := $(SHARED_TOOLS)/localstack
COMPOSE := docker compose -f localstack/compose.yaml

.PHONY: localstack-up
localstack-up: ## start LocalStack on 127.0.0.1:4566, if it is not there
	@if $(LOCALSTACK_IS_UP); then echo "LocalStack is there"; \
	elif [ -x $(LOCALSTACK_TOOL)/up ]; then PROVIDER_OVERRIDE_DYNAMODB=v2 PROVIDER_OVERRIDE_DYNAMODBSTREAMS=v2 $(LOCALSTACK_TOOL)/up; else $(COMPOSE) up -d --wait; fi

.PHONY: localstack-down
localstack-down: ## stop LocalStack
	@if [ -x $(LOCALSTACK_TOOL)/down ]; then $(LOCALSTACK_TOOL)/down; else $(COMPOSE) down; fi
	@while $(LOCALSTACK_IS_UP); do sleep 0.2; done # it takes its time, and must not pass for up

# From nothing each time: LocalStack can't update the stage of a REST API, and loses it
# with the deployment that it was of.
.PHONY: localstack-deploy
localstack-deploy: lambda build/lockstep build/urls ## deploy to LocalStack, from nothing, and load testdata
	sam=$(SAM); $(LOCALSTACK_ENV) "$$sam" delete --config-env localstack --no-prompts --stack-name $(STACK); \
	$(LOCALSTACK_ENV) "$$sam" deploy --config-env localstack --stack-name $(STACK) --resolve-s3 --capabilities CAPABILITY_IAM \
	  --no-confirm-changeset --no-fail-on-empty-changeset --no-progressbar --parameter-overrides Access=Public Architecture=$(ARCH) $(if $(SHARD_FAULTS),ShardFaults=$(SHARD_FAULTS)) $(if $(EVENT_FAULTS),EventFaults=$(EVENT_FAULTS))
	url=$$($(LOCALSTACK_ENV) build/urls -stack $(STACK) -only locks); $(LOCALSTACK_ENV) build/lockstep seed --sign --url "$$url" \
	  --toystore "$$($(LOCALSTACK_ENV) build/urls -stack $(STACK) -only toystore)"
	$(LOCALSTACK_ENV) build/urls -stack $(STACK)

# -v, so that a skip says what is missing. The stack has a name of its own, so that one
# that somebody works with is left alone.
.PHONY: test-localstack
test-localstack: STACK := lockstep-test
test-localstack: ## deploy to LocalStack from nothing and run the end-to-end tests there (needs Docker)
	@if [ ! -x $(LOCALSTACK_TOOL)/up ] && ! { docker compose version && command -v sam; } > /dev/null 2>&1; then \
	  echo "SKIPPED for want of localstack: install the AWS SAM CLI, and Docker with its compose plugin, then \`make test-localstack\`"; \
	  [ "$${CI-}" != true ] || [[ ",$${ALLOW_SKIP-}," = *,localstack,* ]]; exit; fi; \
	leave() { if ! $$was_up; then $(MAKE) -s localstack-down; \
	  else $(LOCALSTACK_ENV) "$$sam" delete --config-env localstack --no-prompts --stack-name $(STACK); fi; }; \
	sam=$(SAM); if $(LOCALSTACK_IS_UP); then was_up=true; else was_up=false; fi; \
	trap leave EXIT; $(MAKE) -s localstack-up; \
	$(MAKE) -s localstack-deploy npm STACK=$(STACK) SHARD_FAULTS=3=2 EVENT_FAULTS=10; \
	urls() { $(LOCALSTACK_ENV) build/urls -stack $(STACK) -only "$$1"; }; \
	$(LOCALSTACK_ENV) go test -count=1 -v -timeout 10m ./localstack/e2e -sign \
	  -url "$$(urls locks)" -toystore-url "$$(urls toystore)" -compute-url "$$(urls compute)" -progress-url "$$(urls progress)" \
	  -shop-url "$$(urls shop)" -export-url "$$(urls export)" -queue-url "$$(urls queue)" \
	  -lambda-url $(LOCALSTACK) -watch-url "$$(urls watch)" -queries 100 -workers 10

.PHONY: bench
bench: web ## measure the strategies beside each other against an old server, four clients against ours, and the page
	go test -run '^$$' -bench 'Strategies|FourClients|Page' -benchtime 1x ./localstack/e2e

.PHONY: bench-query
bench-query: build/lockstep ## measure the strategies over sockets and simulated, clients that share an old server, and the cover (4 minutes)
	go test -run '^$$' -bench 'Cover|Chart' ./shared/syncquery
	go test -run '^$$' -bench World ./wasmclient/sim
	go test -run '^$$' -bench 'OverSockets|Sharing|SimulatedAndReal' -benchtime 1x -timeout 20m ./localstack/e2e

# Each world is many small objects: a heap that may grow costs less than clearing it up.
.PHONY: worlds
worlds: ## hold 10,000 random worlds to what must hold in each (WORLDS=10000, SEED=0), and measure what each rule is worth
	GOGC=400 go test -count=1 -v -run 'Worlds$$' ./wasmclient/sim -worlds $(or $(WORLDS),10000) -seed $(or $(SEED),0)
	go test -count=1 -v -run EveryRule ./wasmclient/sim -rounds 20

.PHONY: bench-toystore
bench-toystore: build/lockstep build/dev ## measure the toy store's lines beside redis-server, and the load with 200 ms of processing
	go test -run '^$$' -bench . -benchtime 1x ./functions/toystore/lines
	@at=$$(mktemp -d); cd "$$at"; PROCESSING=200ms PAGE_PORT=0 LOCKS_PORT=0 COMPUTE_PORT=0 QUOTES_PORT=0 TOYSTORE_PORT=18082 LINES_PORT=18083 \
	  $(CURDIR)/build/dev > log & server=$$!; trap 'kill $$server; wait $$server || true; rm -r "$$at"' EXIT; \
	until grep -q Ctrl-C "$$at/log" 2> /dev/null; do sleep 0.1; done; \
	$(CURDIR)/build/lockstep toystore load --toy Elephant --url http://127.0.0.1:18082 --address 127.0.0.1:18083 --protocol tcp,grpc,http --operation query,buy --clients 1,5,10 --requests 10

.PHONY: smoke
smoke: build/lockstep ## try the shop step by step (URL=http://..., SIGN=1 on AWS)
	build/lockstep shop smoke $(if $(SIGN),--sign) --url $(or $(URL),http://127.0.0.1:8085)

.PHONY: perf
perf: build/lockstep ## load the shop (URL=, USERS=10, DURATION=60s, HTML=build/perf.html)
	build/lockstep shop perf --url $(or $(URL),http://127.0.0.1:8085) --users $(or $(USERS),10) --duration $(or $(DURATION),60s) --html $(or $(HTML),build/perf.html)

.PHONY: bench-shop
bench-shop: build/dynamodb-local build/with-dynamodb ## measure the shop's CPU time, calls and units, and that they stay flat as orders and products pile up
	go test -run '^$$' -bench . -benchtime 1x ./functions/shop
	build/with-dynamodb -- go test -count=1 -v -timeout 20m -run StaysAsItIs ./functions/shop/dynamo -large

.PHONY: bench-pi
bench-pi: ## measure the sampler beside C; fails when a ratio is missed (needs gcc, Node, amd64 with AVX2)
	mkdir -p build
	gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -O3 -march=native -mno-avx512f -o build/bench-pi-c shared/pi/bench/c/pi.c
	GOOS=js GOARCH=wasm go build -trimpath -o build/bench-pi.wasm ./shared/pi/bench
	go build -trimpath -o build/bench-pi ./shared/pi/bench
	build/bench-pi -c build/bench-pi-c -wasm build/bench-pi.wasm -wasm-exec $(dir $(WASM_EXEC))wasm_exec_node.js
	go test -run '^$$' -bench 'Pi$$' -benchtime 1x ./localstack/e2e
	go test -run '^$$' -bench Handler ./functions/compute

.PHONY: test-pi
test-pi: ## the sampler's long tests: 1,000 counts in every way, also in wasm, 10^11 samples, 200 seeds of 10^8 (minutes)
	go test -count=1 -v -timeout 30m -run 'SameCount|FourStandard|Distributed' ./shared/pi -cases 1000 -samples 100000000000 -seeds 200 -each 100000000
	env -i PATH="$$PATH" HOME="$$HOME" GOOS=js GOARCH=wasm go test -count=1 -exec $(dir $(WASM_EXEC))go_js_wasm_exec -run 'Golden|SameCount' ./shared/pi -cases 1000

.PHONY: bench-coldstart
bench-coldstart: lambda ## measure a function from the start of its process to its first request for work
	go test -count=1 -v -run . -bench ColdStart -benchtime 1x ./localstack/coldstart

.PHONY: lint
lint: ## run the linters
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./wasmclient/... ./shared/syncquery/... ./shared/pi/...
	go vet -tags sam ./localstack/sam
	go run $(GOLANGCI_LINT) run ./...

.PHONY: proto
proto: ## generate Go from the .proto files, beside them
	cd shared/proto; $(BUF) generate

# What is generated is in git, so that nobody needs buf to build.
.PHONY: lint-proto
lint-proto: ## check the .proto files, and that what is generated from them is what they say
	cd shared/proto; $(BUF) lint; $(BUF) format --diff --exit-code
	rm -rf build/_proto
	cd shared/proto; $(BUF) generate -o $(CURDIR)/build/_proto
	diff -r -x '*.proto' -x 'buf*.yaml' shared/proto build/_proto

.PHONY: lint-template
lint-template: ## check template.yaml, with the cfn-lint that the SAM CLI has
	@if [ ! -x $(SHARED_TOOLS)/sam/up ] && ! command -v sam > /dev/null; then \
	  echo "SKIPPED for want of sam: install the AWS SAM CLI, then \`make lint-template\`"; \
	  [ "$${CI-}" != true ] || [[ ",$${ALLOW_SKIP-}," = *,sam,* ]]; exit; fi; \
	sam=$(SAM); SAM_CLI_TELEMETRY=0 "$$sam" validate --lint --region us-east-1

.PHONY: vuln
vuln: ## look for known vulnerabilities (needs the internet)
	go run $(GOVULNCHECK) ./...

# On ports of its own, so that a bundle that runs is left alone.
.PHONY: test-openapi
test-openapi: build/dev ## hold the shop against its OpenAPI description with schemathesis (EXAMPLES=50 an operation)
	@if ! command -v schemathesis > /dev/null; then \
	  echo "SKIPPED for want of schemathesis: pip install schemathesis, then \`make test-openapi\`"; \
	  [ "$${CI-}" != true ] || [[ ",$${ALLOW_SKIP-}," = *,schemathesis,* ]]; exit; fi; \
	at=$$(mktemp -d); cd "$$at"; PAGE_PORT=0 LOCKS_PORT=0 TOYSTORE_PORT=0 LINES_PORT=0 COMPUTE_PORT=0 QUOTES_PORT=0 SHOP_PORT=18085 \
	  $(CURDIR)/build/dev > log & server=$$!; trap 'kill $$server; wait $$server || true; rm -r "$$at"' EXIT; \
	until curl -sf http://127.0.0.1:18085/health > /dev/null; do kill -0 $$server; sleep 0.1; done; \
	cd "$$at" && schemathesis run http://127.0.0.1:18085/openapi.yaml --max-examples $(or $(EXAMPLES),50) \
	  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance

# Each target by itself: Go fuzzes one at a time.
FUZZTIME ?= 10s
FUZZ_IN ?= functions shared wasmclient
.PHONY: fuzz
fuzz: export ONE := $(ONE)
fuzz: ## run every fuzz target for FUZZTIME (10s), or ONE=FuzzBind alone, or those in FUZZ_IN=functions/toystore
	@grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z]+' $(FUZZ_IN) | sed -E 's|/[^/]+:func | |' | sort -u | \
	while read -r package target; do if [[ "$${ONE:-$$target}" = "$$target" ]]; then \
	  echo "== $$target of $$package"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "./$$package"; fi; done

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: test-histories
test-histories: build/dynamodb-local build/with-dynamodb ## check 40 random histories of 16 clients on DynamoDB Local with porcupine (minutes; `make test` checks 6)
	build/with-dynamodb -- go test -count=1 -timeout 30m -v -run RandomHistories ./functions/locks/histories -histories 40

.PHONY: bench-leases
bench-leases: build/dynamodb-local build/with-dynamodb ## measure leases on DynamoDB Local: cycles, calls and units, from 1 to 32 workers
	build/with-dynamodb -- go test -run '^$$' -bench Cycles -benchtime 2x ./shared/lease/dynamo
