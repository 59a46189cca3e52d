#!/bin/bash
# Runs a command beside a real, private systemd-journald:
#
#     Tests/Conformance/with-journald.sh COMMAND [ARGUMENT...]
#
# Needs root. libsystemd has journald's socket path compiled in, so the script takes a mount namespace of its own
# and lays tmpfs over the directories journald uses: nothing of the machine's journal is read or written, several
# runs can go on at once, and nothing is left behind. Belfry's message catalogue is installed in there too.
#
# The command finds BELFRY_REAL_JOURNALD=1 and BELFRY_JOURNALD_PID in its environment. Its exit status is ours.
# JOURNALD_CONF names another configuration for the daemon.
set -euo pipefail

if [[ -z ${BELFRY_JOURNALD_NAMESPACE:-} ]]; then
    [[ $# -gt 0 ]] || { echo "usage: $0 COMMAND [ARGUMENT...]" >&2; exit 64; }
    [[ $(id -u) == 0 ]] || { echo "$0: needs root for a mount namespace" >&2; exit 77; }
    export BELFRY_JOURNALD_NAMESPACE=1
    exec unshare --mount --propagation private -- "$0" "$@"
fi
unset BELFRY_JOURNALD_NAMESPACE

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
catalog=$here/../../ops/journald/belfry.catalog

# A directory the machine lacks is made on a tmpfs over its parent: an empty /var/log/journal left behind would
# switch the machine's own journald to persistent storage.
cover() {
    local target=$1
    [[ -d $target ]] || target=$(dirname -- "$target")
    mount -t tmpfs -o mode=755 tmpfs "$target"
    mkdir -p "$1"
}

# The directory that holds what must survive the covers below.
scratch=$(mktemp -d)
mount -t tmpfs -o mode=755 tmpfs "$scratch"

for directory in /run/systemd /run/log /var/log/journal /var/lib/systemd/catalog; do cover "$directory"; done
mkdir -p /run/systemd/journal /run/log/journal
[[ -s /etc/machine-id ]] || systemd-machine-id-setup

if [[ -z ${JOURNALD_CONF:-} ]]; then
    JOURNALD_CONF=$scratch/journald.conf
    # Kernel messages are not ours to take; limits and forwarding would only disturb.
    cat >"$JOURNALD_CONF" <<'CONF'
[Journal]
Storage=volatile
SplitMode=none
RateLimitIntervalSec=0
RateLimitBurst=0
RuntimeMaxUse=64M
ReadKMsg=no
Audit=no
ForwardToSyslog=no
ForwardToKMsg=no
ForwardToConsole=no
ForwardToWall=no
MaxLevelStore=debug
CONF
fi
mount --bind "$JOURNALD_CONF" /etc/systemd/journald.conf

cp -r /usr/lib/systemd/catalog "$scratch/catalog"
cp "$catalog" "$scratch/catalog/"
mount --bind "$scratch/catalog" /usr/lib/systemd/catalog
journalctl --update-catalog

/usr/lib/systemd/systemd-journald >"$scratch/journald.out" 2>&1 &
journald=$!

# Ends every journald of this mount namespace: a test may have put another in the place of the first.
end_daemons() {
    local pid
    for pid in $(pgrep -x systemd-journal); do
        [[ $(readlink "/proc/$pid/ns/mnt") == "$(readlink /proc/self/ns/mnt)" ]] || continue
        # One that was stopped does not hear SIGTERM.
        kill -CONT "$pid" 2>/dev/null || true
        kill -TERM "$pid" 2>/dev/null || true
    done
    wait
}

finish() {
    local status=$?
    trap - EXIT
    end_daemons
    umount "$scratch" 2>/dev/null || umount -l "$scratch" || true
    rmdir "$scratch" || true
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for ((attempt = 0; attempt < 500; attempt++)); do
    [[ -S /run/systemd/journal/socket ]] && break
    kill -0 "$journald" 2>/dev/null || break
    sleep 0.02
done
if [[ ! -S /run/systemd/journal/socket ]]; then
    echo "$0: journald did not start:" >&2
    cat "$scratch/journald.out" >&2
    exit 70
fi

export BELFRY_REAL_JOURNALD=1 BELFRY_JOURNALD_PID=$journald
"$@"
