# CriShim. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BIN := artifacts/bin
SOURCES := $(shell git ls-files src protos '*.props' 2>/dev/null)
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

##@ Use
.PHONY: help
help: ## Show this text
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-zA-Z0-9_-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: deps build ## Install what is missing, build, and show a pod's life from pull to clean-up (root)
	@dotnet run --project tests/Demo -c Release --no-launch-profile

.PHONY: run
run: deps build ## Serve in the foreground on /run/crishim/crishim.sock (root)
	@echo 'crictl --runtime-endpoint unix:///run/crishim/crishim.sock --timeout 20s info'
	@exec $(BIN)/crishim serve

##@ Build
.PHONY: deps
deps: ## Install from Debian what build and tests need (root)
	@hack/install-deps.sh

.PHONY: build
build: $(BIN)/.built ## Publish both Native AOT binaries to artifacts/bin

$(BIN)/.built: $(SOURCES)
	@mkdir -p $(BIN)
	dotnet publish src/Runtime -c Release -v q --nologo -o artifacts/publish/runtime
	dotnet publish src/CriServer -c Release -v q --nologo -o artifacts/publish/server
	install -m 0755 artifacts/publish/runtime/crishim-runtime $(BIN)/crishim-runtime
	install -m 0755 artifacts/publish/server/crishim $(BIN)/crishim
	@touch $@

.PHONY: clean
clean: ## Remove everything built
	rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj

##@ Test
.PHONY: test
test: deps build ## Run unit and e2e tests of the published binaries (root)
	@hack/test.sh

.PHONY: unit
unit: ## Run the tests that need no root and no network
	@hack/test.sh tests/Grpc.Tests tests/Runtime.Tests tests/CriServer.Tests

.PHONY: e2e
e2e: deps build ## Run the end-to-end tests (root)
	@hack/test.sh tests/e2e

.PHONY: test-vm
test-vm: deps build ## Run the end-to-end tests in a Debian guest: systemd, cgroup v2, AppArmor (root; see CONTRIBUTING.md)
	@hack/test-vm/run.sh

.PHONY: rootfs-compare
rootfs-compare: deps build ## Compare a whole pulled Debian with what umoci unpacks (root; needs mmdebstrap and Debian's archive)
	@mkdir -p artifacts
	mmdebstrap --variant=minbase --include=python3-minimal,perl,iputils-ping,libcap2-bin bookworm artifacts/debian.tar
	CRISHIM_ROOTFS_TAR=$(CURDIR)/artifacts/debian.tar dotnet test tests/e2e --nologo --filter FullyQualifiedName~RootFilesystemTests

.PHONY: e2e-full
e2e-full: deps build ## The same, as long as is needed to find what is rare (root)
	@CRISHIM_E2E_FULL=1 hack/test.sh tests/e2e

.PHONY: crash-test
crash-test: deps build ## Kill the server at 50 random points of pulls; every file must be right after the next (root)
	CRISHIM_CRASHES=50 dotnet test tests/e2e --nologo --filter FullyQualifiedName~PullCrashTests

.PHONY: lint
lint: ## Check style, sizes and scripts
	dotnet build CriShim.sln -v q --nologo
	dotnet format CriShim.sln --verify-no-changes --no-restore
	hack/check-sizes.sh
	shellcheck hack/*.sh hack/test-vm/*.sh hack/test-vm/guest/run-tests .ci/run

.PHONY: critest
critest: deps build ## Run the conformance suite; FOCUS=regex narrows it (root; needs critest, see CONTRIBUTING.md)
	@hack/run-critest.sh

.PHONY: oci-conformance
oci-conformance: deps build ## Compare the runtime with runc by the OCI suite in OCI_SUITE (root; see CONTRIBUTING.md)
	@hack/oci-conformance.sh

.PHONY: fuzz
fuzz: ## Feed the SPDY and WebSocket readers mutated conversations for ten minutes
	FUZZ_SECONDS=$${FUZZ_SECONDS:-300} dotnet test tests/CriServer.Tests --filter FullyQualifiedName~SpdyFuzz

##@ Measure
.PHONY: bench-quick
bench-quick: deps build ## Time the runtime against runc, and the server's main operations (root)
	@dotnet run --project tests/Bench -c Release --no-launch-profile

.PHONY: bench-pull
bench-pull: deps build ## Time pull and unpack of an 8-layer image against Debian's containerd, where it is installed (root)
	@dotnet run --project tests/Bench -c Release --no-launch-profile -- pull
