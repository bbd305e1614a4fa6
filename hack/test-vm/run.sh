#!/bin/bash
# Boots the guest of build-images.sh, runs the e2e tests of the published binaries in it as root, and ends with their result.
#   CRISHIM_VM_FILTER   which tests, as for `dotnet test --filter` (default: all)
#   CRISHIM_VM_DRIVERS  cgroup drivers, one run for each (default: cgroupfs systemd)
#   CRISHIM_VM_CPUS, CRISHIM_VM_MEMORY, CRISHIM_VM_TIMEOUT  (default: 2, 3G, 1 hour or, emulated, 4)
#   CRISHIM_QEMU        the emulator (default: qemu-system-x86_64); qemu 11 emulates a third faster than bookworm's 7.2
#   CRISHIM_BIN         folder of the binaries (default: artifacts/bin); CRISHIM_VM: folder of the disks (default: artifacts/vm)
# Results lie in artifacts/vm/results: summary (what failed, what was skipped and why, the numbers), for each driver the log, the .trx file
# and the exit code; console.log and journal.log are the guest's kernel and systemd.
set -euo pipefail
cd "$(dirname "$0")/../.."
vm=${CRISHIM_VM:-artifacts/vm}
bin=${CRISHIM_BIN:-artifacts/bin}
qemu=${CRISHIM_QEMU:-qemu-system-x86_64}
hack/test-vm/build-images.sh "$vm"

# 0. KVM counts when Debian's kernel gets as far with it as to miss its disk: there are KVMs inside of other virtual machines that start a
#    guest and cannot run it. Emulation takes about ten times as long.
accelerator=(-accel kvm -cpu "host,-arch-capabilities")
arguments=
scale=1
timeout=${CRISHIM_VM_TIMEOUT:-3600}
if ! { [ -w /dev/kvm ] && timeout 20 "$qemu" "${accelerator[@]}" -m 512M -nodefaults -no-user-config -display none -no-reboot \
    -kernel "$vm/vmlinuz" -append 'panic=-1 root=/dev/none' > /dev/null 2>&1; }; then
  # Emulated, what protects from a real processor's faults only costs, "erms" has the kernel clear memory byte by byte, and huge pages are
  # cleared whole where a page was asked for.
  accelerator=(-accel "tcg,thread=multi" -cpu "max,-erms,-la57,-smap,-smep,-umip,-pku,-svm")
  arguments="mitigations=off init_on_alloc=0 nokaslr transparent_hugepage=never"
  scale=10
  timeout=${CRISHIM_VM_TIMEOUT:-14400}
fi
echo "test-vm: ${accelerator[1]}"

# 1. What changes from run to run: binaries, tests, what to run
run=$(mktemp -d "$vm/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
mkdir -p "$run/payload/bin"
cp "$bin/crishim" "$bin/crishim-runtime" "$run/payload/bin/"
cp hack/test-vm/guest/run-tests "$run/payload/"
mkdir "$run/payload/tools" # what Debian has no package of
! crictl=$(command -v crictl) || cp "$crictl" "$run/payload/tools/"
dotnet publish tests/e2e -c Debug -v q --nologo -o "$run/payload/tests" > "$run/publish.log" 2>&1 || { cat "$run/publish.log"; exit 1; }
cat > "$run/payload/settings" <<SETTINGS
CRISHIM_VM_FILTER='${CRISHIM_VM_FILTER:-}'
CRISHIM_VM_DRIVERS='${CRISHIM_VM_DRIVERS:-cgroupfs systemd}'
CRISHIM_E2E_FULL='${CRISHIM_E2E_FULL:-}'
CRISHIM_TIME_SCALE=$scale
SETTINGS
mke2fs -q -t ext4 -O ^has_journal -d "$run/payload" "$run/payload.img" 1G > /dev/null
truncate -s 1G "$run/swap.img" "$run/scratch.img"

# 2. The guest. Disks are throwaway: nothing a run does is there in the next.
disk() { echo -drive "file=$1,format=raw,if=virtio,cache=unsafe,snapshot=on"; }
rm -rf "$vm/results"
mkdir -p "$vm/results"
# shellcheck disable=SC2046 # disk() answers with two words
timeout "$timeout" "$qemu" "${accelerator[@]}" -smp "${CRISHIM_VM_CPUS:-2}" -m "${CRISHIM_VM_MEMORY:-3G}" \
  -nodefaults -no-user-config -display none -no-reboot \
  -kernel "$vm/vmlinuz" -initrd "$vm/initrd.img" \
  -append "root=/dev/vda rw console=ttyS0 quiet systemd.getty_auto=no apparmor=1 security=apparmor hugepages=8 panic=-1 systemd.show_status=false $arguments" \
  $(disk "$vm/root.img") $(disk "$vm/dotnet.img") $(disk "$run/payload.img") $(disk "$run/swap.img") $(disk "$run/scratch.img") \
  -serial "file:$vm/results/console.log" -device virtio-rng-pci -device virtio-serial-pci \
  -chardev "file,id=progress,path=$vm/results/progress.log" -device virtserialport,chardev=progress,name=crishim.progress \
  -chardev "file,id=results,path=$run/results.tar" -device virtserialport,chardev=results,name=crishim.results \
  < /dev/null &
guest=$!
tail -q -F --pid=$guest "$vm/results/progress.log" 2> /dev/null || true
wait $guest || { echo "test-vm: the guest did not end; see $vm/results/console.log"; touch "$run/results.tar"; }

# 3. What it brought out: the summary of what it told while it ran, and its files
tar -xf "$run/results.tar" -C "$vm/results" 2> /dev/null || echo "test-vm: no files came out; see $vm/results/console.log"
code=0
awk -f hack/test-vm/summary.awk "$vm/results/progress.log" > "$vm/results/summary" || code=1
cat "$vm/results/summary"
[ "$(cat "$vm/results/exit-code" 2> /dev/null)" = 0 ] || code=1
exit $code
