#!/bin/bash
# Runs the test projects named (default: all) and ends with one line: N passed, N failed.
set -u
cd "$(dirname "$0")/.." || exit 1
projects=("$@")
[ ${#projects[@]} -gt 0 ] || projects=(tests/Grpc.Tests tests/Runtime.Tests tests/CriServer.Tests tests/e2e)
passed=0
failed=0
for project in "${projects[@]}"; do
  log=$(mktemp)
  echo "== $project"
  dotnet test "$project" --nologo -v q --logger 'console;verbosity=minimal' 2>&1 | tee "$log" | grep -vE '^\s*$|warning NETSDK' 
  # The runner's own summary: Failed!  - Failed:     1, Passed:    10, Skipped:     0, …
  summary=$(grep -E '(Passed|Failed)! +- Failed:' "$log" | tail -n 1)
  if [ -z "$summary" ]; then
    echo "$project: no test ran"
    failed=$((failed + 1))
  else
    failed=$((failed + $(sed -E 's/.*Failed: +([0-9]+).*/\1/' <<< "$summary")))
    passed=$((passed + $(sed -E 's/.*Passed: +([0-9]+).*/\1/' <<< "$summary")))
  fi
  # The runner does not count these: a class that left something on the machine
  failed=$((failed + $(grep -c 'Cleanup Failure' "$log")))
  rm -f "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
