# Reads what the guest tells (progress.log) and prints, for each cgroup driver, what failed and why, what was skipped and why, and one line of
# numbers. Ends with 1 when something failed or nothing ran.
function flush_driver(  i, cause) {
  if (driver == "") {
    return
  }
  for (i = 1; i <= failed; i++) {
    printf "failed   %s\n%s", failures[i], messages[i]
  }
  for (cause in skips) {
    printf "skipped  because: %s\n%s", cause, skips[cause]
  }
  if (!ended) {
    print "the run did not come to its end"
  }
  printf "== %s: %d passed, %d failed, %d skipped\n", driver, passed, failed, skipped
  if (failed > 0 || !ended || passed == 0) {
    code = 1
  }
}

function fail(name, message) {
  failures[++failed] = name
  messages[failed] = message
}

/^== cgroup driver / {
  flush_driver()
  driver = $4; passed = failed = skipped = ended = 0; reading = ""
  delete skips; delete messages; delete failures; delete reasons
  next
}

# The live lines of xunit tell what the runner's own lines do not: why a test is skipped, and what a class left behind.
/^\[xUnit\.net / {
  line = substr($0, index($0, "]") + 1)
  if (line ~ /\[SKIP\]$/) {
    sub(/^ +/, "", line); sub(/ \[SKIP\]$/, "", line)
    name = line; reading = "reason"
  } else if (reading == "reason") {
    sub(/^ +/, "", line)
    reasons[name] = line; reading = ""
  } else if (line ~ /Cleanup Failure/) {
    sub(/^ +/, "", line)
    fail(line, ""); reading = "cleanup"
  } else if (reading == "cleanup" && line ~ /Stack Trace:|^ +at / || line ~ /\[FAIL\]$|Finished:/) {
    reading = ""
  } else if (reading == "cleanup") {
    messages[failed] = messages[failed] "    " line "\n"
  }
  next
}

/^  Passed / { passed++; reading = ""; next }

/^  Failed / {
  sub(/^  Failed /, "")
  fail($0, ""); reading = "failure"
  next
}

/^  Skipped / {
  skipped++; reading = ""
  sub(/^  Skipped /, ""); sub(/ \[[^]]*\]$/, "")
  cause = ($0 in reasons) ? reasons[$0] : "no reason told"
  skips[cause] = skips[cause] "    " $0 "\n"
  next
}

/^Total tests:/ { ended = 1; next }
/^  Error Message:/ { next }
/^  Stack Trace:/ { reading = ""; next }
reading == "failure" { messages[failed] = messages[failed] "    " $0 "\n" }

END {
  flush_driver()
  exit driver == "" ? 1 : code
}
