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
DELIVERY_INSTRUCTIONS = 11_600
# Nothing of ours allocates for a delivery. What a publication allocates, once for all its recipients, is not in this.
DELIVERY_ALLOCATIONS = 0.02
# What OpenSSL 3.0 allocates within one SSL_write, in any program.
DELIVERY_ALLOCATIONS_OPENSSL = 4.02
# From the accept to the connect reply and an orderly end, journal entries included.
CONNECTION_INSTRUCTIONS = 2_930_000
CONNECTION_ALLOCATIONS = 74

# Per recipient that takes compressed frames, of a publication that is sent compressed: no more than without.
COMPRESSED_DELIVERY_INSTRUCTIONS = 12_200

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# What the detectors may add to a delivery, and what one look of theirs, every ten seconds, may take of the instructions that a
# loop spends in these ten seconds when it sends 100,000 deliveries a second: together two in a hundred.
DETECTORS_DELIVERY_SHARE = 0.015
DETECTORS_TICK_SHARE = 0.005
FULL_LOAD = 100_000

PUBLICATIONS = 100
TICKS = 3
# The least of so many counts: housekeeping, once a second, falls into some more often than into others.
REPETITIONS = 2
SMALL, LARGE = 20, 60


class CountedRelay(Relay):
    """A relay under callgrind, which counts only within `count`."""

    def command(self):
        binary = self.directory / "belfry"
        # Swift's debug information is more than callgrind can read.
        subprocess.run(["objcopy", "--strip-debug", BINARIES / "belfry", binary], check=True)
        return [
            "valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--compress-strings=no", "--compress-pos=no", "--separate-threads=yes",
            f"--callgrind-out-file={self.directory}/counts", str(binary), "serve", "--config", str(self.path),
        ]

    def control(self, *options):
        subprocess.run(["callgrind_control", *options, str(self.process.pid)], check=True, capture_output=True)

    def count(self, work):
        """Instructions, allocations of ours, and of OpenSSL, while `work` runs, on the loop's thread alone: what others do once
        a second would be divided by the deliveries of that second."""
        dumps = [path.read_text(errors="replace") for path in self.dump(work)]
        (loop,) = [dump for dump in dumps if "LoopWorker" in dump]
        return counts(loop)

    def inclusive(self, work, function):
        """Instructions within the functions whose mangled names contain `function`, on any thread, while `work` runs."""
        total = 0
        for path in self.dump(work):
            listing = subprocess.run(
                ["callgrind_annotate", "--inclusive=yes", "--threshold=100", path], check=True, capture_output=True, text=True)
            lines = [line for line in listing.stdout.splitlines() if function in line]
            total += sum(int(line.split()[0].replace(",", "")) for line in lines)
        return total

    def dump(self, work):
        before = set(self.directory.glob("counts.*"))
        self.control("--instr=on")
        self.control("--zero")
        work()
        self.control("--dump")
        self.control("--instr=off")
        return set(self.directory.glob("counts.*")) - before


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
def counted(tmp_path_factory, certificates):
    """Starts relays that are counted."""
    for program in ("valgrind", "callgrind_control", "objcopy"):
        assert shutil.which(program), f"{program} is missing: ops/test installs it"
    started = []

    def start(alerts=None, **client):
        relay = CountedRelay(
            tmp_path_factory.mktemp("relay"), certificates, server={"loops": 1, "drain": "1s"},
            limits={"enabled": False},
            # Loops note what the detectors want; that these look at it, every ten seconds, is no part of a delivery.
            alerts={"tick": "1h"} if alerts is None else alerts, client={"ping": "10m", "pong": "1m", "connect_deadline": "1m"} | client)
        started.append(relay)
        return relay.start()

    yield start
    for relay in started:
        relay.finish()


@pytest.fixture
def relay(counted):
    return counted()


def delivery(relay, data, fields=()):
    """Instructions, allocations of ours, and of OpenSSL, for each recipient of a publication; rooms of two sizes tell
    them from what a publication costs once."""
    publisher = relay.member("publisher", ["small", "large"], fields)
    for room, count in (("small", SMALL), ("large", LARGE)):
        for number in range(count - 1):
            relay.member(f"u{number}", [room], fields)

    def publish(room):
        for number in range(PUBLICATIONS):
            assert publisher.publish(room, {"number": number} | data)["publish"] == {}

    publish("large")  # queues and tables reach their size before anything is counted
    publish("small")
    small, large = (
        tuple(map(min, zip(*(relay.count(lambda: publish(room)) for _ in range(REPETITIONS)))))
        for room in ("small", "large"))
    members = PUBLICATIONS * (LARGE - SMALL)
    sent = (1 + REPETITIONS) * PUBLICATIONS * (SMALL + LARGE)
    eventually(lambda: relay.metrics().total("belfry_messages_delivered_total") == sent, "every delivery")
    return ((many - few) / members for many, few in zip(large, small))


def test_a_delivery_stays_within_its_budget(relay):
    instructions, ours, libraries = delivery(relay, {"text": "x" * 100})
    print(f"a delivery: {instructions:.0f} instructions, {ours:.4f} allocations, {libraries:.4f} in OpenSSL")
    assert instructions <= DELIVERY_INSTRUCTIONS
    assert ours <= DELIVERY_ALLOCATIONS
    # Some, or else callgrind did not see the calls and the line above proves nothing.
    assert 1 <= libraries <= DELIVERY_ALLOCATIONS_OPENSSL


def test_a_compressed_delivery_stays_within_its_budget(counted):
    """A publication of 1,500 bytes with compression, and without it beside."""
    data = {"lines": [{"user": f"user{number % 7}", "text": f"good morning number {number}"} for number in range(31)]}
    plain, allocations, _ = delivery(counted(), data)
    relay = counted(compression={"enabled": True})
    offer = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    instructions, ours, _ = delivery(relay, data, offer)
    print(f"a compressed delivery: {instructions:.0f} instructions, {ours:.4f} allocations")
    print(f"the same without compression: {plain:.0f} instructions, {allocations:.4f} allocations")
    # Each publication once, whatever the size of its room; replies are too short to be compressed.
    now = relay.metrics()
    assert now.total("belfry_ws_deflate_messages_total", direction="sent") == 2 * (1 + REPETITIONS) * PUBLICATIONS
    assert instructions <= COMPRESSED_DELIVERY_INSTRUCTIONS
    assert ours <= allocations + DELIVERY_ALLOCATIONS


def test_detectors_cost_at_most_two_percent_of_what_fan_out_costs(counted):
    # Two counts of one build differ by up to 2 %: the least of three comparisons.
    shares = []
    while len(shares) < 3 and min(shares, default=1) > DETECTORS_DELIVERY_SHARE:
        without, _, _ = delivery(counted(alerts={"enabled": False}), {"text": "x" * 100})
        with_detectors, _, _ = delivery(counted(), {"text": "x" * 100})
        print(f"a delivery: {with_detectors:.0f} instructions with detectors, {without:.0f} without")
        shares.append(with_detectors / without - 1)
    assert min(shares) <= DETECTORS_DELIVERY_SHARE
    relay = counted(alerts={"tick": "1s"})
    publisher = relay.member("publisher", ["room"])
    for number in range(LARGE):
        relay.member(f"u{number}", ["room"])

    def ticks():
        return relay.metrics().total("belfry_detector_tick_seconds_count")

    def look():
        end = ticks() + TICKS
        while ticks() < end:
            assert publisher.publish("room", {"text": "x"})["publish"] == {}

    tick = relay.inclusive(look, "$s12BelfryServer10AlertWatchC5judge") / TICKS
    share = tick / (10 * FULL_LOAD * without)
    print(f"a look at the traffic: {tick:.0f} instructions, {share:.3%} of a busy loop's")
    # Some, or else callgrind did not see the function.
    assert tick > 10_000 and share <= DETECTORS_TICK_SHARE


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
