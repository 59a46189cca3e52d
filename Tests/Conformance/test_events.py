"""The journal as a stream: who may follow, what is shown, and that it is the journal's own bytes.

Runs inside with-journald.sh, which ops/test does: what was shown is compared with a real journald.
"""

import json
import secrets
import socket

import pytest

import tokens
from streams import EventStream
from test_journal import entries, journald  # noqa: F401
from waiting import eventually
from wire import head, request

SCOPES = {"siem": ["events"], "root": ["all"], "desk": ["tap_bodies", "read"]}


class Stream(EventStream):
    """A follower of /events/stream."""

    def __init__(self, relay, key="siem", last_id=None, **query):
        super().__init__(relay, "/events/stream", query, {"X-API-Key": relay.keys.get(key, key)}, last_id)

    def entries(self, kind=None):
        shown = [entry for _, event, entry in list(self.events) if event == "entry"]
        return [entry for entry in shown if kind in (None, entry["BELFRY_EVENT"])]

    def wait(self, kind, count=1):
        eventually(lambda: len(self.entries(kind)) >= count, f"{count} of {kind}")
        return self.entries(kind)


@pytest.fixture
def followed(start):
    streams = []

    def followed(**overrides):
        keys = {name: secrets.token_hex(32) for name in SCOPES}
        records = [{"name": name, "key": key, "scopes": SCOPES[name]} for name, key in keys.items()]
        relay = start(**({"api": {"keys": records}, "journal": {"mode": "required"}, "limits": {"enabled": False}} | overrides))
        relay.keys = keys
        for key in keys.values():
            relay.hide(key)

        def stream(*arguments, **query):
            streams.append(Stream(relay, *arguments, **query))
            return streams[-1]

        relay.stream = stream
        return relay

    yield followed
    for stream in streams:
        stream.close()


def stranger(relay):
    """Somebody whose token is not of our issuer."""
    client = relay.client()
    client.send({"id": 1, "connect": {"token": tokens.sign(b"wrong" * 9, {"sub": "x", "exp": tokens.expiry(9)})}})
    assert client.closing()[0] == 3500


def test_what_is_shown_is_what_the_journal_has(followed):
    relay = followed()
    stream = relay.stream()
    stream.wait("admin.request")
    member = relay.member("ada", ["chat:room"])
    member.publish("chat:room", relay.body())
    stranger(relay)
    member.leave()
    stream.wait("auth.failure")
    stream.wait("conn.close", 2)
    recorded = {entry["BELFRY_CHAIN"]: entry for entry in entries(relay) if "BELFRY_CHAIN" in entry}
    shown = [entry for entry in stream.entries() if "BELFRY_SEQ" in entry]
    assert len(shown) >= 3
    for entry in shown:
        theirs = recorded[entry["BELFRY_CHAIN"]]
        for name, value in entry.items():
            if name.startswith("__"):
                assert abs(int(value) - int(theirs[name])) < 5_000_000
            else:
                assert theirs[name] == value, name
    numbers = [int(entry["BELFRY_SEQ"]) for entry in shown]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_secrets_and_names_are_not_shown(followed):
    relay = followed()
    stream = relay.stream()
    token = relay.token("ada")
    client = relay.client()
    client.connect(token)
    client.close()
    hostile = relay.open()
    request(hostile, head(path=f"/connection/websocket?token={token}\u001b[2J", fields=[("Origin", f"https://evil.test/{token}")]))
    hostile.close()
    stream.wait("conn.close", 1)
    text = json.dumps(stream.entries())
    assert token not in text and token.split(".")[2] not in text
    assert "\\u001b" not in text
    assert not any(secret in text for secret in relay.private)


def test_filters(followed):
    relay = followed()
    auth = relay.stream(kind=["auth.*", "conn.rejected"])
    urgent = relay.stream(priority="warning")
    everything = relay.stream()
    relay.member("ada", ["chat:room"]).leave()
    stranger(relay)
    everything.wait("conn.close", 2)
    assert {entry["BELFRY_EVENT"] for entry in auth.entries()} == {"auth.success", "auth.failure"}
    assert all(int(entry["PRIORITY"]) <= 4 for entry in urgent.entries())
    for query in ({"kind": "nothing"}, {"priority": "loud"}, {"who": "x"}):
        assert relay.stream(**query).status == 400


def test_who_comes_back_misses_nothing_and_sees_nothing_twice(followed):
    relay = followed()
    whole, first = relay.stream(), relay.stream()
    relay.member("ada", ["chat:room"]).leave()
    first.wait("conn.close")
    last = [number for number, event, _ in first.events if event == "entry"][-1]
    first.close()
    relay.member("bob", ["chat:room"]).leave()
    whole.wait("conn.close", 2)
    again = relay.stream(last_id=last)
    again.wait("conn.close")

    def ids(stream):
        return [number for number, event, _ in list(stream.events) if event == "entry"]

    begin = ids(whole).index(last) + 1
    eventually(lambda: ids(again) == ids(whole)[begin:], "the same from there on")
    stale = relay.stream(last_id="0123456789ab-5")
    eventually(lambda: stale.events and stale.events[0][1] == "gap", "to be told of the gap")


def test_who_may_not_is_refused_and_written_down(followed):
    relay = followed()
    assert relay.stream("nobody").status == 401
    assert relay.stream("root").status == 403 and relay.stream("desk").status == 403
    assert relay.side("/events/stream")[0] == 401
    assert relay.side("/events/stream", "POST")[0] == 405
    refused = eventually(
        lambda: [entry for entry in entries(relay, BELFRY_EVENT="admin.request", BELFRY_PATH="/events/stream")
                 if entry["BELFRY_STATUS"] in ("401", "403")][3:], "the refusals")
    assert len(refused) == 1
    relay.stream().wait("admin.request")
    opened = entries(relay, BELFRY_EVENT="admin.request", BELFRY_STATUS="200")
    assert [entry["BELFRY_ACTOR"] for entry in opened] == ["siem"]


def test_there_is_no_stream_without_keys(start):
    assert start().side("/events/stream")[0] == 404


def test_eight_follow_and_who_leaves_makes_room(followed):
    relay = followed()
    streams = [relay.stream() for _ in range(8)]
    assert all(stream.status == 200 for stream in streams)
    relay.metric_becomes("belfry_stream_clients", 8, stream="events")
    assert relay.stream().status == 503
    streams[0].close()
    eventually(lambda: relay.stream().status == 200, "the place of who left")


def test_the_end_of_the_relay_is_the_last_that_is_told(followed):
    relay = followed()
    stream = relay.stream()
    stream.wait("admin.request")
    relay.stop()
    eventually(lambda: stream.is_over, "the end")
    assert stream.entries()[-1]["BELFRY_EVENT"] == "service.stopped"
    assert stream.events[-1][1:] == ("end", {"reason": "drain"})


def test_a_follower_that_does_not_read_holds_nobody_up(followed):
    relay = followed()
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(("127.0.0.1", relay.side_port))
    lazy.sendall(f"GET /events/stream HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {relay.keys['siem']}\r\n\r\n".encode())
    stream = relay.stream()
    relay.metric_becomes("belfry_stream_clients", 2, stream="events")
    for number in range(300):
        relay.member(f"user{number}", ["chat:room"]).leave()
    stream.wait("conn.close", 300)
    assert relay.metrics().total("belfry_stream_dropped_total", stream="events") >= 0
    assert relay.metrics().total("belfry_journal_dropped_total") == 0
    lazy.close()
