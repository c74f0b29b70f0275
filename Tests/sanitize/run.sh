#!/bin/sh
# Runs the tests under a sanitizer of the toolchain.
#
#   Tests/sanitize/run.sh address|thread [FILTER…]     all tests, unless suites are named
#
# SANITIZE_PACKAGE names another folder to build in. What is suppressed stands, with its reason, in thread.suppressions and
# leak.suppressions beside this script.
set -e
cd "$(dirname "$0")/../.."
sanitizer=$1
shift
package=${SANITIZE_PACKAGE:-$PWD}
case $sanitizer in
address) build=$package/.build-asan ;;
thread) build=$package/.build-tsan ;;
*) sed -n '2,7p' "$0"; exit 64 ;;
esac
flags="--package-path $package --scratch-path $build --sanitize $sanitizer"
swift build $flags --build-tests
filters=""
for suite in "$@"; do filters="$filters --filter $suite"; done
# Swift's own backtraces would hold a report back for minutes.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:halt_on_error=1:detect_leaks=1"
export LSAN_OPTIONS="suppressions=$PWD/Tests/sanitize/leak.suppressions:print_suppressions=0"
export TSAN_OPTIONS="suppressions=$PWD/Tests/sanitize/thread.suppressions:halt_on_error=0:exitcode=66:second_deadlock_stack=1"
exec swift test $flags --skip-build $filters
