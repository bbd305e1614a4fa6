#!/bin/sh
# Fails for a hand-written source file over 300 lines that is not in hack/long-files.txt (path, then the reason).
cd "$(dirname "$0")/.." || exit 1
status=0
for file in $(git ls-files 'src/*.cs' 'tests/*.cs'); do
  lines=$(wc -l < "$file")
  if [ "$lines" -gt 300 ] && ! grep -q "^$file " hack/long-files.txt; then
    echo "$file: $lines lines; split it by noun, or give its reason in hack/long-files.txt" >&2
    status=1
  fi
done
while read -r file reason; do
  case "$file" in ''|'#'*) continue ;; esac
  [ -n "$reason" ] || { echo "hack/long-files.txt: $file has no reason" >&2; status=1; }
  if [ ! -e "$file" ] || [ "$(wc -l < "$file")" -le 300 ]; then
    echo "hack/long-files.txt: $file needs no entry" >&2
    status=1
  fi
done < hack/long-files.txt
exit $status
