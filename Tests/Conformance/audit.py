"""The audit trail seen from outside: `belfry audit`, and the chain computed by somebody else."""

import hashlib
import hmac
import json
import subprocess

from relay import BINARIES
from waiting import PATIENCE

OTHERS = ("MESSAGE", "MESSAGE_ID", "PRIORITY")


def belfry_audit(*arguments, text=None):
    """Exit code, output and errors of `belfry audit`."""
    ran = subprocess.run(
        [str(BINARIES / "belfry"), "audit", *map(str, arguments)], input=text, capture_output=True, text=True,
        timeout=6 * PATIENCE)
    return ran.returncode, ran.stdout, ran.stderr


def journal(form, *matches):
    """What journalctl says, once everything sent is stored."""
    subprocess.run(["journalctl", "--sync"], check=True, timeout=PATIENCE)
    command = ["journalctl", "-o", form, "--no-pager", "--all", *matches]
    return subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout.decode()


def trail(relay):
    """All entries of a relay as JSON lines."""
    return journal("json", f"_PID={relay.process.pid}").splitlines()


def chain_text(entry):
    """The text under a chain value, as ops/journal-events.md describes it."""
    names = [name for name in entry if name in OTHERS or name.startswith("BELFRY_") and name != "BELFRY_CHAIN"]
    parts = []
    for name in sorted(names, key=str.encode):
        value = entry[name].encode()
        parts.append(name.encode() + b"=" + str(len(value)).encode() + b":" + value + b"\n")
    return b"".join(parts)


def check_chain(lines, key=b""):
    """Every chain value of one process follows from the one before; returns how many there are."""
    before, count = None, 0
    for entry in map(json.loads, lines):
        if "BELFRY_CHAIN" not in entry:
            continue
        before = bytes.fromhex(entry["BELFRY_CHAIN_START"]) if before is None else before
        value = hmac.new(key, before + chain_text(entry), hashlib.sha256).digest()
        assert value.hex() == entry["BELFRY_CHAIN"], entry
        before, count = value, count + 1
    return count
