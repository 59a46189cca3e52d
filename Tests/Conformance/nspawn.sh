#!/bin/bash
# Runs a command in a container whose first process is a real systemd:
#
#     Tests/Conformance/nspawn.sh COMMAND [ARGUMENT...]
#
# The container boots this very system from an overlay, so the relay that was just built, its libraries and this directory
# are there (the last read-only), nothing has to be downloaded, and nothing is written back. It has a loopback of its own and
# none of the machine's services. The command runs as root in this directory; its output is ours, and so is its status.
#
# Needs root and systemd-container. NSPAWN_SECONDS bounds the whole, 300 by default.
set -euo pipefail

if [[ -z ${BELFRY_NSPAWN_NAMESPACE:-} ]]; then
    [[ $# -gt 0 ]] || { echo "usage: $0 COMMAND [ARGUMENT...]" >&2; exit 64; }
    [[ $(id -u) == 0 ]] || { echo "$0: needs root" >&2; exit 77; }
    command -v systemd-nspawn >/dev/null || { echo "$0: systemd-nspawn is missing (package systemd-container)" >&2; exit 69; }
    export BELFRY_NSPAWN_NAMESPACE=1
    exec unshare --mount --propagation private -- "$0" "$@"
fi
unset BELFRY_NSPAWN_NAMESPACE

project=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
container=
groups=()

finish() {
    local status=$? group attempt
    trap - EXIT
    # What is in our cgroups is ours: nspawn, and the container, which outlives it. Then what nspawn leaves of cgroups,
    # payload and supervisor; the last processes may still be ending.
    for group in "${groups[@]}"; do
        echo $$ >"${group%/*}/cgroup.procs" || true
        for ((attempt = 0; attempt < 100; attempt++)); do
            find "$group" -name cgroup.procs -exec cat {} + | xargs --no-run-if-empty kill -KILL 2>/dev/null || true
            find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
            [[ -d $group ]] || break
            sleep 0.05
        done
    done
    [[ -z $container ]] || { wait "$container" || true; } 2>/dev/null
    umount -l "$scratch/root" 2>/dev/null || true
    umount -l "$scratch" 2>/dev/null || true
    rmdir "$scratch" || true
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Where nspawn leaves something when it is killed.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o mode=755 tmpfs /run/systemd/nspawn

mount -t tmpfs -o size=3G,mode=755 tmpfs "$scratch"
mkdir "$scratch"/{upper,work,root}
root=$scratch/root
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$root"
find "$root/etc/systemd/system" -type l -path '*wants*' -delete
[[ -s $root/etc/machine-id ]] || systemd-machine-id-setup --root="$root"

{
    printf 'cd %q\n' "$project"
    printf '%q ' "$@"
    printf '>/output 2>&1\necho $? >/status\nsystemctl poweroff --force --force\n'
} >"$root/runner"
cat >"$root/etc/systemd/system/runner.service" <<'UNIT'
[Unit]
Description=What this container is for
[Service]
ExecStart=/bin/bash /runner
Environment=PYTHONDONTWRITEBYTECODE=1 HOME=/root
UNIT
mkdir -p "$root/etc/systemd/system/basic.target.wants"
ln -s ../runner.service "$root/etc/systemd/system/basic.target.wants/"

# A cgroup of its own in each hierarchy: several containers may run at once, and what is left behind is found.
for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    [[ -e $hierarchy/cgroup.procs ]] || continue
    group=$hierarchy/belfry-nspawn-$$
    mkdir "$group"
    groups+=("$group")
    echo $$ >"$group/cgroup.procs"
done

export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
timeout --kill-after=5 "${NSPAWN_SECONDS:-300}" systemd-nspawn --quiet --directory="$root" --machine="belfry-$$" \
    --private-network --register=no --keep-unit --console=pipe --bind-ro="$project" \
    --boot systemd.unit=basic.target </dev/null >"$scratch/boot.log" 2>&1 &
container=$!
wait "$container" || true
container=

if [[ ! -s $root/status ]]; then
    echo "$0: the container ended before the command did:" >&2
    tail -n 40 "$scratch/boot.log" >&2
    cat "$root/output" 2>/dev/null >&2 || true
    exit 70
fi
cat "$root/output"
exit "$(<"$root/status")"
