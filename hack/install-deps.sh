#!/bin/sh
# Installs from Debian what building and testing need. Safe to run again; says what it could not get.
# --list: prints the packages instead.
set -u

# package: the program or file that shows it is there
needs="
gcc:/usr/bin/gcc
libc6-dev:/usr/include/stdlib.h
zlib1g-dev:/usr/include/zlib.h
libssl3:/usr/lib/x86_64-linux-gnu/libssl.so.3
ca-certificates:/etc/ssl/certs/ca-certificates.crt
libseccomp-dev:/usr/include/seccomp.h
libzstd-dev:/usr/include/zstd.h
libisal2:/usr/lib/x86_64-linux-gnu/libisal.so.2
zstd:/usr/bin/zstd
umoci:/usr/bin/umoci
busybox-static:/bin/busybox
containernetworking-plugins:/usr/lib/cni/bridge
iptables:/usr/sbin/iptables
nftables:/usr/sbin/nft
iproute2:/usr/sbin/ip
docker-registry:/usr/bin/docker-registry
skopeo:/usr/bin/skopeo
buildah:/usr/bin/buildah
e2fsprogs:/usr/sbin/mkfs.ext4
xfsprogs:/usr/sbin/mkfs.xfs
runc:/usr/sbin/runc
podman:/usr/bin/podman
conmon:/usr/bin/conmon
criu:/usr/sbin/criu
containerd:/usr/bin/containerd
openssl:/usr/bin/openssl
procps:/usr/bin/pkill
curl:/usr/bin/curl
make:/usr/bin/make
shellcheck:/usr/bin/shellcheck
"

if [ "${1:-}" = --list ]; then
  for need in $needs; do
    echo "${need%%:*}"
  done
  exit 0
fi

missing=""
for need in $needs; do
  [ -e "${need#*:}" ] || missing="$missing ${need%%:*}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "install-deps: missing:$missing; run as root (sudo hack/install-deps.sh)" >&2
  exit 1
fi

echo "install-deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# A package's own service must not start: the tests start what they need themselves.
policy=/usr/sbin/policy-rc.d
made_policy=""
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made_policy=1
fi
log=$(mktemp)
apt-get update -qq > "$log" 2>&1
failed=""
for package in $missing; do
  apt-get install -y -qq --no-install-recommends "$package" >> "$log" 2>&1 || failed="$failed $package"
done
[ -z "$made_policy" ] || rm -f "$policy"
if [ -n "$failed" ]; then
  echo "install-deps: could not install:$failed (the end of apt's log follows)" >&2
  tail -n 20 "$log" >&2
  exit 1
fi
rm -f "$log"
