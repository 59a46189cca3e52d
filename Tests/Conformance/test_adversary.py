"""A million addresses, none of which comes twice: what they cost, and how much is told of them.

With --long only: a loopback host has sixteen million addresses, and a million of them take a minute.
"""

import socket

import pytest

from waiting import eventually

SOURCES = 1_000_000
# Tables have reached their size by then.
WARM = 200_000
# What is left of a heap that is not the tables'.
GROWTH = 8 << 20
# 1,024 sources have entries of their own within ten seconds, two at most; the others share one.
ENTRIES = 10_000
PATIENCE = 120.0

pytestmark = pytest.mark.long


def address(number):
    """One of 127/8, in networks of 256."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def resident(relay):
    with open(f"/proc/{relay.process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


def knock(relay, numbers):
    """No hello, but something: a failed handshake for each."""
    for number in numbers:
        with socket.socket() as stranger:
            stranger.bind((address(number), 0))
            stranger.connect(("127.0.0.1", relay.port))
            stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")


def test_a_million_sources_cost_bounded_memory_and_raise_bounded_alerts(start):
    relay = start(alerts={"tick": "1s"}, client={"ping": "10m", "pong": "1m"})
    series = len(relay.metrics().series)
    bystander = relay.member("bystander", ["room"], source="127.0.0.1")

    def attempts():
        return relay.metrics().total("belfry_listener_accepts_total")

    knock(relay, range(WARM))
    eventually(lambda: attempts() > WARM, "all of the first", PATIENCE)
    before, written = resident(relay), relay.metrics().total("belfry_journal_entries_total")
    knock(relay, range(WARM, SOURCES))
    eventually(lambda: attempts() > SOURCES, "all of the rest", PATIENCE)
    now = relay.metrics()
    print(f"grown by {resident(relay) - before} bytes; {now.total('belfry_journal_entries_total') - written} entries")
    assert resident(relay) - before <= GROWTH
    assert len(now.series) == series, "an address has become a series"
    status, _, body = relay.side("/alerts?state=all")
    assert status == 200 and len(body) < 200_000
    assert now.total("belfry_alert_firings_total") <= 100
    assert now.total("belfry_journal_entries_total") - written <= ENTRIES
    # Nobody else has noticed.
    assert bystander.publish("room", {"still": "here"})["publish"] == {}
