# The few commands of Kalends. Each installs what is missing first.

SWIFT_FLAGS := --explicit-target-dependency-import-check error
PACKAGES := libical-dev libxml2-dev libsqlite3-dev libcurl4-openssl-dev tzdata pkg-config
E2E_PACKAGES := python3-venv vdirsyncer khal todoman cadaver calcurse python3-httplib2 thunderbird chromium chromium-driver litmus debootstrap \
	evolution-data-server gir1.2-ecal-2.0 gir1.2-edataserver-1.2 python3-gi gnome-keyring dbus-daemon openssl iproute2 util-linux
# Root needs no sudo; anybody else does, and only when something is missing.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# A pipe fails with its first command that does.
SHELL := /bin/bash -o pipefail

.PHONY: deps deps-e2e build release demo serve test e2e bench fuzz sanitize lint

deps:
	@missing=""; for p in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		$(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

deps-e2e: deps
	@missing=""; for p in $(E2E_PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "installing$$missing"; \
		$(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

build: deps
	swift build $(SWIFT_FLAGS) --product kalends

# The runtime is linked in: every retain is then a call, and no jump through a table; a request takes a third less time.
release: deps
	swift build $(SWIFT_FLAGS) -c release --static-swift-stdlib --product kalends

# The main job on simulated Google and Notion accounts; runs until Ctrl-C.
demo: build
	exec .build/debug/kalends demo $(ARGS)

# The gateway on your own data folder.
serve: release
	exec .build/release/kalends serve $(ARGS)

# Every test that needs no desktop. What failed is said once more at the end, thousands of lines after it happened.
test: deps
	swift build $(SWIFT_FLAGS) --build-tests
	@swift test $(SWIFT_FLAGS) --skip-build 2>&1 | tee .build/tests.log || { grep -A 2 '^✘' .build/tests.log; exit 1; }

# Real clients against a real gateway; installs them.
e2e: deps-e2e build
	Tests/e2e/run.sh

# Figures of the README; PEERS="radicale xandikos sabre cyrus davical sogo" measures those too, in the same run.
bench: release
	$(if $(PEERS),Tests/bench/peers.sh $(PEERS),Tests/bench/run.sh)

# Arbitrary octets for everything that reads: each target for so many seconds, one after the other.
SECONDS := 600
fuzz: deps
	nice -n 15 Tests/fuzz/run.sh $(SECONDS) $(TARGETS)

# The tests under the address and the thread sanitizer; FILTER names suites.
sanitize: deps
	Tests/sanitize/run.sh address $(FILTER)
	Tests/sanitize/run.sh thread $(FILTER)

lint:
	swift format lint --strict -r Sources Tests Package.swift
