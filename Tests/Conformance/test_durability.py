"""A single node keeps its promise across a crash: what was acknowledged is there, under the same epoch, once."""

import collections
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import pytest

from ledger import Ledger
from relay import Relay
from waiting import eventually
from wire import readable

OPEN = {
    "history_size": 100_000, "history_ttl": "1h", "force_recovery": True, "allow_subscribe_for_client": True,
    "allow_publish_for_client": True, "allow_history_for_client": True,
}
CHANNELS = {"namespaces": {
    "durable": OPEN, "relaxed": OPEN | {"durability": "relaxed"},
    "plain": {"allow_subscribe_for_client": True, "allow_publish_for_client": True},
}}
UNLIMITED = {"channels": CHANNELS, "limits": {"enabled": False}}


@pytest.fixture
def durable(start):
    return start(**UNLIMITED)


def kill(relay):
    relay.signal(signal.SIGKILL)
    relay.process.wait()
    relay.reader.join()
    relay.closeables.clear()


def restart(relay):
    """Killed with -9 and started again on the same file."""
    kill(relay)
    relay.start()


def history(client, channel):
    reply = client.ask("history", channel=channel, limit=-1)["history"]
    return [publication["data"] for publication in reply.get("publications", [])], reply["epoch"], reply.get("offset", 0)


def rounds(relay, count, restart):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ledger = Ledger(relay, [f"durable:{name}" for name in "abcd"])
    ledger.subscribe(3)
    for _ in range(count):
        publishers = ledger.publish(6)
        target = ledger.acked() + chance.randrange(200, 800)
        eventually(lambda: ledger.acked() >= target or not any(p.is_alive() for p in publishers), "publications", 60)
        assert ledger.acked() >= target, relay.tail()
        restart(relay)
        for publisher in publishers:
            publisher.join(20)
        ledger.resume()
    publishers = ledger.publish(4)
    target = ledger.acked() + 200
    eventually(lambda: ledger.acked() >= target, "publications", 60)
    for publisher in publishers:
        publisher.stop()
    places = ledger.check()
    print(f"{count} rounds: {ledger.acked()} acknowledged, {places} stored")
    ledger.close()
    return ledger


def test_what_was_acknowledged_survives_kill_9_under_full_load(durable, is_long):
    rounds(durable, 20 if is_long else 3, restart)
    assert not durable.events("store.failed")


def test_a_stop_in_order_under_full_load_loses_nothing(start):
    # Publishers are sent away last of all, and a recovery brings 300 publications at most.
    durable = start(**UNLIMITED, server={"drain": "100ms"})

    def stop(relay):
        relay.signal(signal.SIGTERM)
        assert relay.ended() == 0
        relay.closeables.clear()
        relay.start()
    rounds(durable, 1, stop)


def test_a_client_that_comes_back_after_a_crash_recovers_what_it_missed(durable):
    reader, writer = durable.member("ada"), durable.member("bob")
    first = reader.subscribe("durable:x")["subscribe"]
    writer.publish("durable:x", {"n": 1})
    assert reader.push()["pub"]["offset"] == 1
    reader.close()
    assert "publish" in writer.publish("durable:x", {"n": 2})
    restart(durable)
    back = durable.member("ada").subscribe("durable:x", recover=True, epoch=first["epoch"], offset=1)["subscribe"]
    assert back["recovered"] and back["epoch"] == first["epoch"]
    assert [publication["data"] for publication in back["publications"]] == [{"n": 2}]
    opened = durable.events("store.opened")[-1]
    assert (opened["streams"], opened["publications"], opened["renewed"]) == ("1", "2", "0")


def test_relaxed_channels_go_on_after_a_stop_and_begin_a_new_epoch_after_a_crash(durable):
    writer = durable.member()
    for number in range(5):
        writer.publish("relaxed:x", number)
    _, epoch, _ = history(writer, "relaxed:x")
    writer.close()
    durable.stop()
    durable.closeables.clear()
    durable.start()
    writer = durable.member()
    assert history(writer, "relaxed:x") == ([0, 1, 2, 3, 4], epoch, 5)
    restart(durable)
    kept, renewed, top = history(durable.member(), "relaxed:x")
    assert (kept, top) == ([0, 1, 2, 3, 4], 5) and renewed != epoch


def test_channels_without_history_do_not_touch_the_disk(durable):
    writer = durable.member()
    for number in range(100):
        assert "publish" in writer.publish("plain:x", number)
    assert durable.metrics().total("belfry_store_commits_total") == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place):
    """Takes the rest of a file system."""
    with open(place / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass


def test_a_full_disk_refuses_as_temporary_says_so_and_heals(small_disk, start):
    relay = start(**UNLIMITED, history={"path": str(small_disk / "history.db")})
    client = relay.member()
    body = "x" * 1000
    acked, refused, number = [], [], 0
    fill(small_disk)
    while not refused:
        number += 1
        reply = client.publish("durable:x", {"n": number, "body": body})
        (refused if "error" in reply else acked).append(number)
        if "error" in reply:
            assert reply["error"]["code"] == 100 and reply["error"]["temporary"], reply
        assert number < 5_000
    failed = relay.event("store.failed")
    assert "no room to write" in failed["error"] and str(small_disk) in failed["error"]
    status, _, page = relay.side("/readyz?verbose")
    assert status == 503 and b"store" in page, page
    assert relay.metrics().total("belfry_store_failing") == 1
    assert relay.metrics().total("belfry_store_refused_total", reason="failed") >= 1
    assert "publish" in client.publish("plain:x", 1), "channels without history go on"
    (small_disk / "filler").unlink()
    relay.event("store.healed")
    eventually(lambda: relay.side("/readyz")[0] == 200, "the relay to be ready again")
    assert "publish" in client.publish("durable:x", {"n": 0, "body": ""})
    restart(relay)
    kept, _, top = history(relay.member(), "durable:x")
    assert top == len(acked) + 1
    assert [entry["n"] for entry in kept] == (acked + [0])[-len(kept):]


@pytest.mark.parametrize("content, message", [
    (b"not a database at all, but longer than the header of one would be: " * 4, "not a store of Belfry"),
    ("newer", "the store has schema 99"),
    ("foreign", "not a store of Belfry"),
    ("directory", "the store can not be read and written"),
])
def test_a_file_that_can_not_be_used_stops_the_start_and_is_named(content, message, tmp_path_factory, certificates):
    relay = Relay(tmp_path_factory.mktemp("relay"), certificates, **UNLIMITED)
    path = relay.directory / "history.db"
    if content == "directory":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE theirs (a)")
            database.execute(f"PRAGMA application_id = {0x426c6672 if content == 'newer' else 7}")
            database.execute("PRAGMA user_version = 99")
        database.close()
    ran = subprocess.run(relay.command(), env=relay.environment, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 1, ran.stderr
    assert f"history.path: {path}: {message}" in ran.stderr, ran.stderr


def test_a_second_relay_on_the_same_file_does_not_start(durable, tmp_path_factory, certificates):
    path = str(durable.directory / "history.db")
    second = Relay(tmp_path_factory.mktemp("second"), certificates, **UNLIMITED, history={"path": path})
    ran = subprocess.run(second.command(), env=second.environment, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 1 and "another process uses this store" in ran.stderr, ran.stderr


def test_message_bodies_on_disk_are_private(durable):
    durable.member().publish("durable:x", 1)
    for path in durable.directory.glob("history.db*"):
        assert path.stat().st_mode & 0o077 == 0, path


# What it costs. Both in one run; the relay's own CPU, and the publisher's own clock.

RATE, SECONDS, TURNS, PUBLISHERS = 1_000, 4, 4, 5


def load(relay, channel, readers=10):
    """Publishes at RATE for SECONDS; returns latencies of the replies and the relay's CPU seconds."""
    members = [relay.member(f"reader-{index}", [channel]) for index in range(readers)]
    drains = [threading.Thread(target=drain, args=(member,), daemon=True) for member in members]
    for thread in drains:
        thread.start()
    latencies = []
    before = relay.metrics().total("process_cpu_seconds_total")
    publishers = [threading.Thread(target=pace, args=(relay, channel, latencies)) for _ in range(PUBLISHERS)]
    for thread in publishers:
        thread.start()
    for thread in publishers:
        thread.join()
    cpu = relay.metrics().total("process_cpu_seconds_total") - before
    for member in members:
        member.connection.tls.shutdown(socket.SHUT_RDWR)
    assert len(latencies) == RATE * SECONDS
    return latencies, cpu


def drain(member):
    try:
        while True:
            member.read_lines()
            member.lines.clear()
    except Exception:  # the end of the measurement
        pass


def pace(relay, channel, latencies):
    """One publisher at its part of RATE, on one thread: OpenSSL's connections are not for two."""
    client = relay.member("writer", [])
    sent, began = {}, time.perf_counter()
    count, data = RATE * SECONDS // PUBLISHERS, "x" * 100
    for number in range(count):
        due = began + number * PUBLISHERS / RATE
        while (left := due - time.perf_counter()) > 0:
            if readable([client], left):
                collect(client, sent, latencies)
        client.command_id += 1
        sent[client.command_id] = time.perf_counter()
        client.send({"id": client.command_id, "publish": {"channel": channel, "data": data}})
    while sent:
        collect(client, sent, latencies)
    client.close()


def collect(client, sent, latencies):
    """Takes the replies of one frame."""
    client.read_lines()
    while client.lines:
        reply = json.loads(client.lines.pop(0))
        assert "publish" in reply, reply
        latencies.append(time.perf_counter() - sent.pop(reply["id"]))


@pytest.mark.long
def test_durable_publications_cost_little(start):
    relays = {
        "memory": (start(**UNLIMITED, history={"store": "none"}), "durable:x"),
        "relaxed": (start(**UNLIMITED), "relaxed:x"), "acknowledged": (start(**UNLIMITED), "durable:x"),
    }
    cpu, latencies, slow = collections.Counter(), collections.defaultdict(list), {}
    # By turns: whatever else the machine does meanwhile meets all of them.
    for _ in range(TURNS):
        for name, (relay, channel) in relays.items():
            new, seconds = load(relay, channel)
            latencies[name] += new
            cpu[name] += seconds
    for name in relays:
        slow[name] = quantile(latencies[name], 0.99)
        print(f"{name}: p50 {quantile(latencies[name], 0.5) * 1e3:.1f} ms, p99 {slow[name] * 1e3:.1f} ms, "
              f"CPU {cpu[name]:.2f} s")
    disk = quantile(syncs(relays["acknowledged"][0].directory), 0.99)
    print(f"a bare write and sync: p99 {disk * 1e3:.1f} ms; CPU to memory: relaxed "
          f"{cpu['relaxed'] / cpu['memory']:.2f}, acknowledged {cpu['acknowledged'] / cpu['memory']:.2f}")
    # A disk that others keep busy is not the relay's doing, nor is a processor.
    assert slow["acknowledged"] <= max(0.020, 2 * disk + slow["memory"])
    assert cpu["relaxed"] <= 1.2 * cpu["memory"]


def quantile(values, part):
    return sorted(values)[int(len(values) * part)]


def syncs(directory):
    """Seconds that a bare write of a group's size takes to reach the disk."""
    times = []
    with open(directory / "probe", "wb", buffering=0) as probe:
        for _ in range(300):
            began = time.perf_counter()
            probe.write(bytes(16_384))
            os.fdatasync(probe.fileno())
            times.append(time.perf_counter() - began)
    return times
