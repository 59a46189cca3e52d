"""What a delivery and a connection cost, in user-space instructions and heap allocations, counted by callgrind.

Counts, not seconds: they repeat on a busy machine. A threshold is what was counted on the day it was set and a tenth more;
whoever makes something cheaper lowers it. What the kernel does is not in these figures.
"""

import re
import shutil
import subprocess

import pytest

from relay import BINARIES, Relay
from waiting import eventually

# Per recipient of a publication in a room: a TLS record made and sent.
DELIVERY_INSTRUCTIONS = 11_200
# Nothing of ours allocates for a delivery. What a publication allocates, once for all its recipients, is not in this.
DELIVERY_ALLOCATIONS = 0.02
# What OpenSSL 3.0 allocates within one SSL_write, in any program.
DELIVERY_ALLOCATIONS_OPENSSL = 4.02
# From the accept to the connect reply and an orderly end, journal entries included.
CONNECTION_INSTRUCTIONS = 3_100_000
CONNECTION_ALLOCATIONS = 110

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
PUBLICATIONS = 100
SMALL, LARGE = 20, 60


class CountedRelay(Relay):
    """A relay under callgrind, which counts only within `count`."""

    def command(self):
        binary = self.directory / "belfry"
        # Swift's debug information is more than callgrind can read.
        subprocess.run(["objcopy", "--strip-debug", BINARIES / "belfry", binary], check=True)
        return [
            "valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--compress-strings=no", "--compress-pos=no",
            f"--callgrind-out-file={self.directory}/counts", str(binary), "serve", "--config", str(self.path),
        ]

    def control(self, *options):
        subprocess.run(["callgrind_control", *options, str(self.process.pid)], check=True, capture_output=True)

    def count(self, work):
        """Instructions, allocations of ours, and of OpenSSL, while `work` runs."""
        before = set(self.directory.glob("counts.*"))
        self.control("--instr=on")
        self.control("--zero")
        work()
        self.control("--dump")
        self.control("--instr=off")
        (dump,) = set(self.directory.glob("counts.*")) - before
        return counts(dump.read_text(errors="replace"))


def counts(dump):
    instructions = int(re.search(r"^(?:summary|totals): (\d+)", dump, re.M)[1])
    ours, libraries, caller, called = 0, 0, None, None
    for line in dump.splitlines():
        if line.startswith("fn="):
            caller = line[3:]
        elif line.startswith("cfn="):
            called = line[4:]
        elif line.startswith("calls=") and called in ALLOCATORS:
            number = int(line[6:].split()[0])
            if caller.startswith("CRYPTO_"):
                libraries += number
            else:
                ours += number
    return instructions, ours, libraries


@pytest.fixture
def relay(tmp_path_factory, certificates):
    for program in ("valgrind", "callgrind_control", "objcopy"):
        assert shutil.which(program), f"{program} is missing: ops/test installs it"
    relay = CountedRelay(
        tmp_path_factory.mktemp("relay"), certificates, server={"loops": 1, "drain": "1s"}, limits={"enabled": False},
        client={"ping": "10m", "pong": "1m", "connect_deadline": "1m"})
    relay.start()
    yield relay
    relay.finish()


def test_a_delivery_stays_within_its_budget(relay):
    publisher = relay.member("publisher", ["small", "large"])
    for room, count in (("small", SMALL), ("large", LARGE)):
        for number in range(count - 1):
            relay.member(f"u{number}", [room])

    def publish(room):
        for number in range(PUBLICATIONS):
            assert publisher.publish(room, {"number": number, "text": "x" * 100})["publish"] == {}

    publish("large")  # queues and tables reach their size before anything is counted
    publish("small")
    small, large = relay.count(lambda: publish("small")), relay.count(lambda: publish("large"))
    members = PUBLICATIONS * (LARGE - SMALL)
    instructions, ours, libraries = ((many - few) / members for many, few in zip(large, small))
    print(f"a delivery: {instructions:.0f} instructions, {ours:.4f} allocations, {libraries:.4f} in OpenSSL")
    assert instructions <= DELIVERY_INSTRUCTIONS
    assert ours <= DELIVERY_ALLOCATIONS
    # Some, or else callgrind did not see the calls and the line above proves nothing.
    assert 1 <= libraries <= DELIVERY_ALLOCATIONS_OPENSSL
    sent = 2 * PUBLICATIONS * (SMALL + LARGE)
    eventually(lambda: relay.metrics().total("belfry_messages_delivered_total") == sent, "every delivery")


def test_a_connection_stays_within_its_budget(relay):
    def visit(number):
        relay.member(f"u{number}").leave()

    for number in range(20):
        visit(number)
    rounds = 40

    def visits():
        for number in range(rounds):
            visit(number)

    instructions, ours, _ = (total / rounds for total in relay.count(visits))
    print(f"a connection: {instructions:.0f} instructions, {ours:.0f} allocations")
    assert instructions <= CONNECTION_INSTRUCTIONS
    assert ours <= CONNECTION_ALLOCATIONS
