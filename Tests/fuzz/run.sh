#!/bin/sh
# Builds the fuzz targets and runs each for so many seconds, one after the other.
#
#   Tests/fuzz/run.sh [SECONDS] [TARGET…]      600 seconds and all targets, unless said otherwise; 0 only builds
#
# What breaks a target is left in .build-fuzz/finds/TARGET-*; what it learned stays in .build-fuzz/corpus/TARGET.
# FUZZ_PACKAGE names another folder to build in. Ends with 1 when anything was found.
set -e
cd "$(dirname "$0")/../.."
here=$PWD
package=${FUZZ_PACKAGE:-$here}
build=$package/.build-fuzz
seconds=${1:-600}
[ $# -eq 0 ] || shift
sanitizers="-sanitize=fuzzer,address"

# SwiftPM cannot link a program whose main is libFuzzer's: it builds the modules, the compiler links each driver.
swift build --package-path "$package" --scratch-path "$build" -c release --target FuzzEntries \
    -Xswiftc -enable-testing -Xswiftc -sanitize=fuzzer,address
mkdir -p "$build/drivers" "$build/finds" "$build/corpus"
objects=$(find "$build/release/" -path '*.build/*.o' | sort)

driver() {
    # The compiler's own warnings about symbols of the sanitizer say nothing about us.
    swiftc -O $sanitizers -parse-as-library -module-name "$(echo "driver_$1" | tr - _)" -I "$build/release/Modules" \
        -I Sources/CLibraries/CLibical -I Sources/CLibraries/CLibXML2 $(pkg-config --cflags libxml-2.0) \
        "Tests/fuzz/drivers/$1.swift" $objects -o "$build/drivers/$1" \
        -lical -lxml2 -lsqlite3 2>"$build/drivers/$1.log" || { cat "$build/drivers/$1.log" >&2; exit 1; }
}

# What each target starts from, beside its own folder below Fixtures/fuzz.
seeds() {
    case $1 in
    content-lines | calendar-objects | expansion) echo Fixtures/icalendar ;;
    request-xml) echo Fixtures/webdav ;;
    esac
}

# Swift's own backtraces would take minutes over programs of this size; leaks of an ended process are none.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0:symbolize=1:allocator_may_return_null=1
status=0
for target in ${*:-content-lines calendar-objects expansion request-xml paths-and-headers values}; do
    driver "$target"
    [ "$seconds" != 0 ] || continue
    mkdir -p "$build/corpus/$target"
    echo "== $target, $seconds s"
    "$build/drivers/$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -dict="Tests/fuzz/dictionaries/$target.dict" -artifact_prefix="$build/finds/$target-" \
        "$build/corpus/$target" "Fixtures/fuzz/$target" $(seeds "$target") >"$build/$target.log" 2>&1 || status=1
    grep -E '^(stat::number_of_executed_units|stat::average_exec_per_sec|stat::peak_rss_mb)|Fatal error|ERROR:|SUMMARY|artifact' \
        "$build/$target.log" || tail -5 "$build/$target.log"
done
exit $status
