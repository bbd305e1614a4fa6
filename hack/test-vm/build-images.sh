#!/bin/bash
# Makes the guest's disks in the folder named: root.img with kernel and initrd beside it, dotnet.img with this machine's .NET. Each is made
# again only when what it is made from has changed. Root; needs Debian's archive, the first time only.
#   CRISHIM_VM_SUITE   Debian release (default: trixie)
#   CRISHIM_VM_KERNEL  release its kernel is taken from (default: trixie-backports, whose cloud kernel has all that the newest Debian has)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
suite=${CRISHIM_VM_SUITE:-trixie}
kernel_suite=${CRISHIM_VM_KERNEL:-$suite-backports}
mirror=http://deb.debian.org/debian
mkdir -p "$out"

# What the tests need, what makes a machine of it, and crun, which refuses a hybrid of cgroup versions.
packages=$("$here/../install-deps.sh" --list | grep -vxE 'shellcheck|make|(zlib1g|libseccomp|libzstd)-dev' | paste -sd,)
system=systemd,systemd-sysv,udev,kmod,initramfs-tools,linux-image-cloud-amd64/$kernel_suite,dbus,apparmor,libpam-systemd,libseccomp2,libzstd1,strace,crun

# is_current IMAGE TEXT: true when IMAGE was made from the same TEXT; else notes TEXT for later
is_current() {
  [ -e "$1" ] && [ "$(cat "$1.made-from" 2>/dev/null)" = "$2" ]
}

# image FOLDER FILE SIZE: an ext4 file system with the folder's content
image() {
  rm -f "$2"
  mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$1" "$2" "$3" > /dev/null
}

made_from="$suite $kernel_suite $packages $system $(cat "$here"/guest/{crishim-tests.service,fstab} | sha256sum)"
if ! is_current "$out/root.img" "$made_from"; then
  echo "test-vm: making $suite with the kernel of $kernel_suite (a few minutes, once)"
  work=$(mktemp -d "$out/root.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  sources=("deb $mirror $suite main")
  [ "$kernel_suite" = "$suite" ] || sources+=("deb $mirror $kernel_suite main")
  mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --include="$system,$packages" "$suite" "$work/root" "${sources[@]}"
  install -m 0644 "$here/guest/crishim-tests.service" "$work/root/etc/systemd/system/"
  install -m 0644 "$here/guest/fstab" "$work/root/etc/fstab"
  systemctl --quiet --root="$work/root" enable crishim-tests.service
  # /tmp on the disk, as on a node: the tests' roots lie there. Nothing but the tests' own services.
  systemctl --quiet --root="$work/root" mask tmp.mount docker-registry.service podman.service podman.socket apt-daily.timer \
    apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer
  mkdir -p "$work/root"/{payload,usr/share/dotnet}
  ln -sf /usr/share/dotnet/dotnet "$work/root/usr/bin/dotnet"
  echo crishim-vm > "$work/root/etc/hostname"
  printf '127.0.0.1 localhost crishim-vm\n' > "$work/root/etc/hosts"
  cp -L "$work/root/vmlinuz" "$out/vmlinuz"
  cp -L "$work/root/initrd.img" "$out/initrd.img"
  image "$work/root" "$out/root.img" 8G
  printf '%s' "$made_from" > "$out/root.img.made-from"
fi

dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
version=$(dotnet --version)
if ! is_current "$out/dotnet.img" "$version"; then
  image "$dotnet" "$out/dotnet.img" 2G
  printf '%s' "$version" > "$out/dotnet.img.made-from"
fi
