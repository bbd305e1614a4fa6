#!/bin/bash
# Runs the OCI conformance suite (opencontainers/runtime-tools, `make runtimetest validation-executables`) with runc and with ours:
# every check that runc passes on this machine, ours must pass too. Prints a line per test; the outputs stay in $OUT.
#   OCI_SUITE  folder of the built suite
#   RUNC       the runtime to compare with (default: runc from PATH)
#   CRISHIM_BIN  folder of the published binaries (default: artifacts/bin)
#   OUT        where outputs go (default: artifacts/oci-conformance)
#   TESTS      names of the tests to run (default: all)
set -euo pipefail

cd "$(dirname "$0")/.."
suite=${OCI_SUITE:?set it to the folder of the built suite (see CONTRIBUTING.md)}
runc=$(command -v "${RUNC:-runc}") || { echo "runc is not installed" >&2; exit 1; }
ours=$(realpath "${CRISHIM_BIN:-artifacts/bin}/crishim-runtime")
out=$(realpath -m "${OUT:-artifacts/oci-conformance}")
[ -x "$suite/runtimetest" ] || { echo "$suite/runtimetest is missing: build the suite first" >&2; exit 1; }

# The mounts of containers without a mount namespace, which runc leaves behind, are gone with this one.
if [ -z "${CRISHIM_OCI_PRIVATE:-}" ]; then
  CRISHIM_OCI_PRIVATE=1 exec unshare --mount --propagation private "$0" "$@"
fi
mkdir -p "$out"

# run NAME RUNTIME TEST: the test's output in NAME-TEST.tap, its passed checks, counted, in NAME-TEST.passed
run() {
  local code=0
  (cd "$suite" && TMPDIR="$out/tmp" RUNTIME=$2 timeout 120 "validation/$3/$3.t") > "$out/$1-$3.tap" 2>&1 || code=$?
  { [ $code != 0 ] || echo "exit code 0"; sed -nE 's/^ok [0-9]+ - //p' "$out/$1-$3.tap"; } \
    | sed -E 's/ocitest[0-9]+/bundle/g; s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/id/g' | sort | uniq -c | sed 's/^ *//' > "$out/$1-$3.passed"
}

failed=0
printf '%-36s %12s %12s\n' test 'runc ok/not' 'ours ok/not'
for test in ${TESTS:-$(find "$suite/validation" -name '*.t' -printf '%f\n' | sed 's/\.t$//' | sort)}; do
  mkdir -p "$out/tmp"
  run runc "$runc" "$test"
  run ours "$ours" "$test"
  awk -v tmp="$out/tmp/" 'index($2, tmp) == 1 { print $2 }' /proc/self/mounts | xargs -r umount -l 2> /dev/null || true
  rm -rf --one-file-system "$out/tmp"
  counts=()
  for name in runc ours; do
    counts+=("$(grep -cE '^ok ' "$out/$name-$test.tap" || true)/$(grep -cE '^not ok ' "$out/$name-$test.tap" || true)")
  done
  printf '%-36s %12s %12s\n' "$test" "${counts[@]}"
  # Lines are "count name": ours may pass a check more often.
  if ! awk 'NR == FNR { ours[substr($0, index($0, " "))] = $1; next } $1 > ours[substr($0, index($0, " "))] { print "    runc passes, ours does not:" substr($0, index($0, " ")); bad = 1 } END { exit bad }' \
    "$out/ours-$test.passed" "$out/runc-$test.passed"; then
    failed=1
  fi
done
exit $failed
