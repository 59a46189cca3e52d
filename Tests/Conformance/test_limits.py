"""Rate limits: who is refused, how often, and what is written about it."""

import json
import threading
import time

import pytest

from waiting import eventually
from wire import read_closes


def outcome(reply):
    return "error" if "error" in reply else "ok"


def test_a_users_budget_is_one_over_all_connections(start):
    """50 connections on two loops spend one budget: the sum admitted is the burst, give or take one."""
    burst = 200
    relay = start(limits={
        "user": {"publish": {"rate": "1/h", "burst": burst}, "connections": 0},
        "channel": {"publish": {"rate": "off", "burst": 1}},
        "refusals_before_disconnect": 0,
    })
    clients = [relay.member("ada", [f"quiet:{n}"]) for n in range(50)]
    admitted, lock = [], threading.Lock()

    def spend(mine):
        for client in mine:
            for n in range(10):
                client.send({"id": 100 + n, "publish": {"channel": f"quiet:{clients.index(client)}", "data": n}})
        for client in mine:
            replies = [outcome(client.reply(100 + n)) for n in range(10)]
            with lock:
                admitted.append(replies.count("ok"))

    threads = [threading.Thread(target=spend, args=(clients[n::5],)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert abs(sum(admitted) - burst) <= 1, sum(admitted)
    # Another user has a budget of its own.
    bob = relay.member("bob", ["quiet:bob"])
    assert bob.publish("quiet:bob", relay.body()).get("publish") == {}
    relay.event("ratelimit.engaged")
    engaged = relay.events("ratelimit.engaged")
    assert len(engaged) == 1 and engaged[0]["scope"] == "user", engaged
    metrics = relay.metrics()
    assert metrics.total("belfry_ratelimit_decisions_total", scope="user", decision="deny") == 500 - sum(admitted)
    assert metrics.total("belfry_messages_rejected_total", reason="rate_limited") == 500 - sum(admitted)
    assert metrics.total("belfry_ratelimit_throttled_users") == 1


def test_a_budget_comes_back(start):
    relay = start(limits={"user": {"publish": {"rate": "20/s", "burst": 2}}})
    ada = relay.member("ada", ["quiet:room"])
    replies = [outcome(ada.publish("quiet:room", n)) for n in range(4)]
    assert replies[:2] == ["ok", "ok"]
    eventually(lambda: outcome(ada.publish("quiet:room", 1)) == "ok", "the budget to come back")


def test_a_large_publication_costs_more(start):
    relay = start(limits={"user": {"publish": {"rate": "1/h", "burst": 4}}})
    ada = relay.member("ada", ["quiet:room"])
    assert outcome(ada.publish("quiet:room", "x" * 9000)) == "ok"  # 1 + 2
    assert outcome(ada.publish("quiet:room", "x" * 9000)) == "error"
    assert outcome(ada.publish("quiet:room", "x")) == "ok"


def test_each_operation_has_its_own_budget(start):
    relay = start(limits={"user": {
        "publish": {"rate": "1/h", "burst": 2}, "subscribe": {"rate": "1/h", "burst": 3},
        "presence": {"rate": "1/h", "burst": 2}}})
    ada = relay.member("ada")
    assert [outcome(ada.subscribe(f"room{n}")) for n in range(4)] == ["ok", "ok", "ok", "error"]
    assert [outcome(ada.publish("room0", n)) for n in range(3)] == ["ok", "ok", "error"]
    assert [outcome(ada.ask("presence_stats", channel="room0")) for n in range(3)] == ["ok", "ok", "error"]


def test_a_channels_budget_is_shared_by_its_publishers(start):
    relay = start(limits={"channel": {"publish": {"rate": "1/h", "burst": 6}}})
    members = [relay.member(f"user{n}", ["quiet:hot", "quiet:cold"]) for n in range(4)]
    outcomes = [outcome(member.publish("quiet:hot", n)) for n in range(3) for member in members]
    assert outcomes == ["ok"] * 6 + ["error"] * 6
    assert outcome(members[0].publish("quiet:cold", 1)) == "ok"
    assert relay.event("ratelimit.engaged")["scope"] == "channel"


def test_a_connections_budget_holds_for_anonymous_clients_too(start):
    relay = start(
        client={"allow_anonymous": True}, limits={"connection": {"commands": {"rate": "1/h", "burst": 5}}})
    one, two = relay.client(), relay.client()
    for client in (one, two):
        client.connect()
        outcomes = [client.ask("rpc")["error"]["code"] for _ in range(7)]
        assert outcomes == [108] * 5 + [111] * 2


def test_unsubscribe_is_never_refused(start):
    relay = start(limits={"connection": {"commands": {"rate": "1/h", "burst": 3}}})
    ada = relay.member("ada", ["room"])
    for _ in range(10):
        assert ada.ask("unsubscribe", channel="room").get("unsubscribe") == {}


def test_who_does_not_slow_down_is_closed_with_3013(start):
    relay = start(limits={
        "user": {"publish": {"rate": "1/h", "burst": 1}}, "refusals_before_disconnect": 20, "refusal_window": "1h"})
    ada = relay.member("ada", ["quiet:room"])
    bystander = relay.member("bob", ["quiet:room"])
    for n in range(60):
        ada.send({"id": 10 + n, "publish": {"channel": "quiet:room", "data": n}})
    assert ada.closing() == (3013, "too many requests")
    refused = sum(json.loads(line).get("error", {}).get("code") == 111 for line in ada.lines)
    assert refused in (19, 20), refused
    assert relay.event("ratelimit.disconnect")["denied"] in ("20", "21")
    relay.event("conn.close", reason="rate", ws_code=3013)
    assert outcome(bystander.publish("quiet:room", relay.body())) == "ok"


def test_a_dry_run_admits_and_counts(start):
    relay = start(limits={
        "dry_run": True, "user": {"publish": {"rate": "1/h", "burst": 2}, "connections": 1},
        "refusals_before_disconnect": 3})
    ada = relay.member("ada", ["quiet:room"])
    again = relay.member("ada")
    assert [outcome(ada.publish("quiet:room", n)) for n in range(20)] == ["ok"] * 20
    metrics = relay.metrics()
    assert metrics.total("belfry_ratelimit_decisions_total", scope="user", decision="dry_run") == 18
    assert metrics.total("belfry_ratelimit_decisions_total", decision="deny") == 0
    assert metrics.total("belfry_messages_rejected_total") == 0
    relay.event("ratelimit.engaged")
    assert len(relay.events("ratelimit.engaged")) == 1
    again.close()


def test_limits_can_be_switched_off(start):
    relay = start(limits={"enabled": False, "user": {"publish": {"rate": "1/h", "burst": 1}, "connections": 1}})
    ada, _ = relay.member("ada", ["quiet:room"]), relay.member("ada")
    assert [outcome(ada.publish("quiet:room", n)) for n in range(30)] == ["ok"] * 30


def test_connections_of_a_user_over_all_loops(start):
    relay = start(limits={"user": {"connections": 5}})
    token = relay.token("ada")
    clients = [relay.client() for _ in range(12)]
    for client in clients:
        client.send({"id": 1, "connect": {"token": token}})
    admitted = []
    for client in clients:
        received = client.next_frame()
        if received.opcode == 1:
            admitted.append(client)
        else:
            assert (received.close_code, received.payload[2:]) == (3504, b"connection limit")
    assert len(admitted) == 5
    admitted[0].leave()
    eventually(lambda: "connect" in relay_connects(relay, token), "a place to be free")
    for connection in relay.closeables:
        connection.close()
    relay.metric_becomes("belfry_connections_open", 0)
    assert relay.metrics().total("belfry_connections_closed_total", by="server", reason="limit") >= 7
    for event in relay.events("conn.close"):
        if event["reason"] == "limit":
            assert event["subject"], "the journal does not say whose connection was one too many"


def relay_connects(relay, token):
    client = relay.client()
    client.send({"id": 1, "connect": {"token": token}})
    received = client.next_frame()
    return received.payload.decode() if received.opcode == 1 else ""


def test_handshakes_of_an_address(start):
    relay = start(limits={"address": {"handshakes": {"rate": "1/h", "burst": 5}}})
    outcomes = []
    for _ in range(9):
        try:
            outcomes.append(relay.open() is not None)
        except OSError:
            outcomes.append(False)
    assert outcomes == [True] * 5 + [False] * 4
    assert relay.metrics().total("belfry_listener_rejects_total", reason="per_source") == 4
    event = relay.event("conn.rejected")
    assert event["peer_addr"] == "127.0.0.1" and event["reason"] == "per_source"


def test_connections_of_an_address(start):
    relay = start(limits={"address": {"connections": 3}})
    held = [relay.open() for _ in range(3)]
    try:
        relay.open()
        raise AssertionError("a fourth connection was taken")
    except OSError:
        pass
    held[0].close()
    relay.metric_becomes("belfry_connections_open", 2)
    relay.open()


def test_connections_of_the_process(start):
    relay = start(server={"max_connections": 10})
    held = [relay.open() for _ in range(10)]
    refused = 0
    for _ in range(3):
        try:
            relay.open()
        except OSError:
            refused += 1
    assert refused == 3
    assert relay.metrics().total("belfry_listener_rejects_total", reason="max_connections") == 3
    assert relay.metrics().total("belfry_connections_limit") == 10
    for connection in held:
        connection.close()
    relay.metric_becomes("belfry_connections_open", 0)
    relay.member("ada").leave()


def test_a_reader_that_stops_is_closed_and_the_others_go_on(start, is_long):
    """Slow readers cost what their queue may hold, then 3008; nobody else waits for them."""
    many, stopped = (1000, 100) if is_long else (60, 6)
    relay = start(client={"max_queue": "64KiB"}, limits={"enabled": False})
    readers = [relay.member(f"user{n}", ["quiet:flood"]) for n in range(many - stopped)]
    sleepers = []
    for n in range(stopped):
        client = relay.client(receive_buffer=4096)
        client.connect(relay.token(f"sleeper{n}"))
        client.subscribe("quiet:flood")
        sleepers.append(client)
    # In step with those who read, so that only those who do not are slow.
    published, body = 0, "x" * 30_000
    while relay.metrics().total("belfry_connections_closed_total", reason="slow") < stopped:
        assert published < 1000, "slow readers are not closed"
        published += 1
        readers[0].send({"id": 1000 + published, "publish": {"channel": "quiet:flood", "data": body}})
        for reader in readers:
            assert reader.push()["pub"]["data"] == body
    event = relay.event("consumer.slow")
    assert event["action"] == "disconnect" and int(event["queue_bytes"]) > 65536
    assert relay.metrics().total("belfry_connections_closed_total", reason="slow") == stopped
    assert relay.metrics().total("belfry_messages_dropped_total", reason="slow") > 0
    # Whoever wakes up reads 3008, if the relay has not given up waiting for it.
    for _, code, _ in read_closes(sleepers):
        assert code == 3008 or str(code).startswith("cut"), code


def test_a_slow_reader_that_wakes_up_in_time_reads_why(start):
    relay = start(client={"max_queue": "64KiB"}, limits={"enabled": False})
    publisher = relay.member("publisher", ["quiet:flood"])
    sleeper = relay.client(receive_buffer=4096)
    sleeper.connect(relay.token("sleeper"))
    sleeper.subscribe("quiet:flood")
    published = 0
    while not relay.events("consumer.slow"):
        assert published < 1000, "the slow reader is not noticed"
        published += 1
        publisher.publish("quiet:flood", "x" * 30_000)
        publisher.push()
    assert sleeper.closing() == (3008, "slow")
    relay.metric_becomes("belfry_connections_closed_total", 1, reason="slow")


@pytest.mark.long  # a tail of few samples says nothing
def test_the_others_wait_no_longer_for_stopped_readers(start):
    """p99 of a delivery in a room with stopped readers, against the same room while all of them read."""
    many, stopped, publications = 1000, 100, 600
    relay = start(client={"max_queue": "64KiB"}, limits={"enabled": False})
    probe = relay.member("probe", ["quiet:flood"])
    readers = [relay.member(f"user{n}", ["quiet:flood"]) for n in range(many - stopped - 1)]
    sleepers = []
    for n in range(stopped):
        sleepers.append(relay.client(receive_buffer=4096))
        sleepers[-1].connect(relay.token(f"sleeper{n}"))
        sleepers[-1].subscribe("quiet:flood")

    def waits(listening):
        times = []
        for number in range(publications):
            began = time.perf_counter()
            probe.send({"id": 10_000 + number, "publish": {"channel": "quiet:flood", "data": "x" * 8_000}})
            probe.push()
            times.append(time.perf_counter() - began)
            for reader in listening:
                reader.push()
        return sorted(times)

    before, after = waits(readers + sleepers), waits(readers)
    p99 = [times[len(times) * 99 // 100 - 1] * 1000 for times in (before, after)]
    print(f"p99 of a delivery: {p99[0]:.2f} ms while all read, {p99[1]:.2f} ms with {stopped} of {many} stopped")
    assert p99[1] <= 1.5 * p99[0]
    # They were slow: the kernel's buffers, which differ in size, did not swallow everything.
    assert relay.metrics().total("belfry_connections_closed_total", reason="slow") > 0
