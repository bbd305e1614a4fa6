#!/bin/bash
# Runs the conformance suite against a server with folders of its own. Arguments are passed on to it.
#   CRITEST   the critest binary (default: from PATH)
#   REGISTRY  a registry on loopback that holds the suite's images under their upstream paths
#   FOCUS     regular expression of the specs to run
#   SKIP      regular expression of the specs to leave out
#   CRISHIM_BIN  folder of the published binaries (default: artifacts/bin)
set -euo pipefail

# Mount propagation is part of the suite: it needs a mount namespace whose mounts are shared.
if [ -z "${CRISHIM_CRITEST_SHARED:-}" ]; then
  CRISHIM_CRITEST_SHARED=1 exec unshare --mount --propagation shared "$0" "$@"
fi
cd "$(dirname "$0")/.."
critest=${CRITEST:-critest}
registry=${REGISTRY:-http://127.0.0.1:5000}
command -v "$critest" > /dev/null || { echo "critest is not in PATH: set CRITEST to its path (see CONTRIBUTING.md)" >&2; exit 1; }
curl -fsS -o /dev/null "$registry/v2/" || { echo "no registry at $registry: set REGISTRY" >&2; exit 1; }

work=$(mktemp -d /tmp/crishim-critest-XXXXXX)
server=""
cleanup() {
  if [ -n "$server" ]; then
    # What a failed spec left
    crictl=$(command -v "$(dirname "$(command -v "$critest")")/crictl" || command -v crictl || true)
    [ -z "$crictl" ] || "$crictl" -r "unix://$work/c.sock" -t 20s rmp -fa > /dev/null 2>&1 || true
    kill "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
  fi
  if [ -n "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf --one-file-system "$work"; fi
}
trap cleanup EXIT

for host in registry.k8s.io k8s.gcr.io gcr.io public.ecr.aws docker.io; do
  mkdir -p "$work/certs.d/$host"
  printf 'server = "%s"\n[host."%s"]\n  capabilities = ["pull", "resolve"]\n' "$registry" "$registry" > "$work/certs.d/$host/hosts.toml"
done
printf '{"images": {"registryConfigFolders": ["%s"]}}\n' "$work/certs.d" > "$work/config.json"
"${CRISHIM_BIN:-artifacts/bin}/crishim" serve --config "$work/config.json" --listen "unix://$work/c.sock" --root "$work/root" --state "$work/state" > "$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do [ -S "$work/c.sock" ] && break; sleep 0.05; done

args=(--runtime-endpoint "unix://$work/c.sock" --image-endpoint "unix://$work/c.sock" -ginkgo.timeout=30m -test.timeout=30m)
[ -z "${FOCUS:-}" ] || args+=(-ginkgo.focus "$FOCUS")
[ -z "${SKIP:-}" ] || args+=(-ginkgo.skip "$SKIP")
"$critest" "${args[@]}" "$@"
