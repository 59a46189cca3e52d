"""The live tap: an operator follows one user or one channel of a running relay, and nobody else.

Runs inside with-journald.sh, which ops/test does: who follows whom is read back from a real journald.
"""

import collections
import json
import secrets
import signal
import socket
import subprocess
import threading

import pytest

from relay import BINARIES
from streams import EventStream
from test_journal import audited, entries, entry, journald  # noqa: F401
from waiting import PATIENCE, eventually

SCOPES = {"desk": ["tap"], "court": ["tap_bodies"], "root": ["all"]}


class Tap(EventStream):
    """One open tap."""

    def __init__(self, relay, key, **query):
        super().__init__(relay, "/tap", query, {"X-API-Key": relay.keys[key]})
        if self.status == 200:
            self.wait("begin")

    @property
    def error(self):
        return json.loads(self.body)["error"]

    @property
    def lines(self):
        return [line for _, _, line in list(self.events)]

    def find(self, kind, **fields):
        found = [line for line in self.lines if line["type"] == kind]
        return [line for line in found if all(line.get(name) == value for name, value in fields.items())]

    def wait(self, kind, **fields):
        """The first entry of a kind with these fields."""
        return eventually(lambda: self.find(kind, **fields), f"the entry {kind} {fields} in {self.lines}")[0]

    def text(self):
        return json.dumps(self.lines)


@pytest.fixture
def tapped(start):
    """A relay with keys for taps, which are open when its loops have heard of them."""
    taps = []

    def tapped(**overrides):
        keys = {name: secrets.token_hex(32) for name in SCOPES}
        records = [{"name": name, "key": key, "scopes": SCOPES[name]} for name, key in keys.items()]
        relay = start(**({"api": {"keys": records}, "limits": {"enabled": False}} | overrides))
        relay.keys = keys
        for name, key in keys.items():
            relay.hide(key)

        def tap(key="desk", **query):
            taps.append(Tap(relay, key, **query))
            return taps[-1]

        relay.tap = tap
        return relay

    yield tapped
    for tap in taps:
        tap.close()


def kinds(tap, client):
    """The story of one connection, in order."""
    story = []
    for line in list(tap.lines):
        if line.get("client") != client:
            continue
        what = line.get("command") or line.get("push") or line.get("channel") or ""
        story.append(f"{line['type']} {what}".strip() + (f" {line['code']}" if "code" in line else ""))
    return story


def test_a_user_is_followed_from_connect_to_close_and_nobody_else(tapped):
    relay = tapped()
    tap = relay.tap(user="ada")
    bob = relay.member("bob", ["chat:lobby"])
    ada = relay.member("ada", ["chat:lobby"])
    assert ada.publish("chat:lobby", relay.body())["publish"] == {}
    assert ada.subscribe("locked:room")["error"]["code"] == 103
    bob.publish("chat:lobby", relay.body())
    ada.push()
    ada.ask("presence", channel="chat:lobby")
    ada.ask("unsubscribe", channel="chat:lobby")
    ada.leave()
    closed = tap.wait("closed")
    assert closed["code"] == 1000 and closed["by"] == "client" and closed["client"] == ada.id

    connected = tap.wait("connected")
    assert connected["client"] == ada.id and connected["method"] == "connect" and connected["codec"] == "json"
    assert connected["tls"] == "1.3" and connected["address"] == "127.0.0.1"
    story = kinds(tap, ada.id)
    expected = [
        "connected", "reply connect", "command subscribe", "reply subscribe", "joined chat:lobby", "command publish",
        "reply publish", "command subscribe", "denied locked:room", "reply subscribe 103", "command presence",
        "reply presence", "command unsubscribe", "left chat:lobby", "reply unsubscribe", "closed 1000",
    ]
    pushes = [line for line in story if line.startswith("push")]
    assert [line for line in story if not line.startswith("push")] == expected, story
    assert pushes.count("push pub") == 2 and "push join" in pushes, story
    mine, his = tap.find("push", push="pub")
    assert mine["of_client"] == ada.id and his["of_client"] == bob.id and mine["channel"] == "chat:lobby"
    # By the names the journal uses, and nothing of anybody else.
    assert connected["user"] == mine["of_user"] != his["of_user"]
    assert all(line.get("client", ada.id) == ada.id for line in tap.lines)
    assert '"bob"' not in tap.text() and '"ada"' not in tap.text()
    assert not any(secret in tap.text() for secret in relay.private), "a token, a key or a body in a tap without bodies"


def test_a_user_who_is_there_already_is_found_with_both_codecs_and_compression(tapped):
    relay = tapped()
    members = [relay.member("ada", ["chat:lobby"]) for _ in range(6)]
    relay.member("bob")
    tap = relay.tap(user="ada")
    eventually(lambda: len(tap.find("present")) == 6, "six connections to be found")
    assert {line["client"] for line in tap.find("present")} == {member.id for member in members}
    assert all(line["channels"] == 1 for line in tap.find("present"))
    members[0].publish("chat:lobby", relay.body())
    eventually(lambda: len(tap.find("push", push="pub")) == 6, "six pushes")


def test_refused_tokens_that_name_the_user_are_shown(tapped):
    relay = tapped()
    tap = relay.tap(user="ada")
    client = relay.client()
    assert client.connect(relay.token("ada", ttl=-3600))["error"]["code"] == 109
    refused = tap.wait("token_refused", reason="expired")
    assert refused["claimed"] is True
    relay.client().connect(relay.token("bob", ttl=-3600))
    ada = relay.member("ada")
    ada.send({"id": 9, "refresh": {"token": relay.token("bob")}})
    tap.wait("token_refused", client=ada.id)
    assert len(tap.find("token_refused")) == 2
    assert tap.find("command", command="refresh")[0]["token"] is True
    assert not any(secret in tap.text() for secret in relay.private)


def test_a_channel_is_followed_with_its_members_publications_and_refusals(tapped):
    relay = tapped(channels={"namespaces": {"kept": {
        "history_size": 10, "history_ttl": "1m", "allow_subscribe_for_client": True, "allow_publish_for_subscriber": True,
    }}})
    tap = relay.tap(channel="kept:room")
    eventually(lambda: relay.metrics().total("belfry_stream_clients", stream="tap") == 1, "the gauge")
    ada, bob = relay.member("ada"), relay.member("bob")
    ada.subscribe("kept:room")
    tap.wait("joined", client=ada.id)
    bob.subscribe("kept:room")
    bob.subscribe("kept:other")
    assert ada.publish("kept:room", relay.body())["publish"] == {}
    ada.publish("kept:room", relay.body())
    bob.publish("kept:other", relay.body())
    eve = relay.member("eve")
    assert eve.publish("kept:room", {"x": 1})["error"]["code"] == 103
    bob.ask("unsubscribe", channel="kept:room")
    ada.leave()
    tap.wait("left", client=ada.id)
    assert {line["client"] for line in tap.find("joined")} == {ada.id, bob.id} == {line["client"] for line in tap.find("left")}
    asked = tap.find("publish")
    assert [line["client"] for line in asked] == [ada.id, ada.id] and all(line["bytes"] > 20 for line in asked)
    delivered = tap.find("publication")
    assert {line["offset"] for line in delivered} == {1, 2} and {line["of_client"] for line in delivered} == {ada.id}
    for offset in (1, 2):
        assert sum(line["recipients"] for line in delivered if line["offset"] == offset) == 2
    refused = tap.wait("refused", client=eve.id)
    assert refused["command"] == "publish" and refused["code"] == 103
    assert tap.find("denied", client=eve.id)[0]["action"] == "publish"
    assert "kept:other" not in tap.text()
    assert not any(secret in tap.text() for secret in relay.private)


def test_bodies_are_shown_with_flag_and_scope_only_and_tokens_never(tapped):
    relay = tapped()
    refused = relay.tap("desk", user="ada", bodies="yes")
    assert refused.status == 403 and "tap_bodies" in refused.error["message"]
    plain, full = relay.tap("court", user="ada"), relay.tap("court", user="ada", bodies="yes")
    ada = relay.member("ada", ["chat:lobby"])
    body = {"text": "hello \x1b[31m", "jwt": relay.token("mallory"), "long": "x" * 5000}
    ada.publish("chat:lobby", body)
    ada.push()
    push = full.wait("push", push="pub")
    command = full.wait("command", command="publish")
    for line in (push, command):
        assert line["body"].startswith('{"text":"hello ') and line["body_cut"] is True
        assert len(line["body"]) <= 4096 < line["body_bytes"] and "[redacted]" in line["body"]
    plain.wait("push", push="pub")
    assert "body" not in plain.text()
    for tap in (plain, full):
        assert not any(secret in tap.text() for secret in relay.private), "a token in a tap"


def test_who_may_not_is_told_why(tapped):
    relay = tapped()
    for key, query, status in [("root", {"user": "ada"}, 403), ("desk", {}, 400), ("desk", {"user": "a", "channel": "b"}, 400)]:
        tap = relay.tap(key, **query)
        assert tap.status == status and tap.error["message"]
    assert relay.side("/tap?user=ada")[0] == 401
    relay.metric_becomes("belfry_api_denials_total", 1, reason="missing")
    relay.metric_becomes("belfry_api_denials_total", 1, reason="scope")
    assert relay.event("admin.request", status=403, path="/tap")["actor"] == "root"


def test_taps_are_bounded_and_one_that_leaves_makes_room(tapped):
    relay = tapped()
    taps = [relay.tap(user="ada") for _ in range(4)]
    full = relay.tap(user="ada")
    assert full.status == 503 and full.answer.headers["Retry-After"]
    relay.metric_becomes("belfry_stream_clients", 4, stream="tap")
    taps[0].close()
    relay.metric_becomes("belfry_stream_clients", 3, stream="tap")
    assert relay.tap(channel="x").status == 200


def test_a_tap_ends_when_its_time_is_over(tapped):
    relay = tapped()
    tap = relay.tap(user="ada", **{"for": "1s"})
    assert tap.wait("end")["reason"] == "time"
    eventually(lambda: tap.is_over, "the answer to end")
    relay.metric_becomes("belfry_stream_clients", 0, stream="tap")
    assert relay.event("tap.closed")["actor"] == "desk"


def test_a_slow_follower_is_cut_and_delivery_goes_on(tapped):
    relay = tapped()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", relay.side_port))
    slow.sendall(
        b"GET /tap?channel=chat:lobby&bodies=yes HTTP/1.1\r\nHost: localhost\r\n"
        + f"X-API-Key: {relay.keys['court']}\r\n\r\n".encode())
    relay.metric_becomes("belfry_stream_clients", 1, stream="tap")
    ada = relay.member("ada", ["chat:lobby"])
    count = 0

    def is_cut():
        nonlocal count
        for _ in range(100):
            assert ada.publish("chat:lobby", {"text": "x" * 4000})["publish"] == {}
            ada.push()
            count += 1
        return relay.metrics().total("belfry_stream_dropped_total", stream="tap") == 1

    eventually(is_cut, "the slow follower to be cut", 3 * PATIENCE)
    relay.metric_becomes("belfry_stream_clients", 0, stream="tap")
    now = relay.metrics()
    assert now.total("belfry_messages_delivered_total") == count and now.total("belfry_messages_dropped_total") == 0
    slow.close()


def test_too_many_entries_in_a_second_are_counted_instead(tapped):
    relay = tapped()
    tap = relay.tap(user="ada")
    ada = relay.member("ada")
    for _ in range(25):
        first = ada.command_id + 1
        ada.send(*({"id": first + number, "presence": {"channel": "chat:lobby"}} for number in range(60)))
        ada.command_id += 60
        ada.reply(ada.command_id)
    ada.leave()

    def told():
        lines = [line for line in list(tap.lines) if line["type"] not in ("begin", "left_out", "end")]
        return len(lines) + sum(line["count"] for line in tap.find("left_out"))

    # Each command, its denial and its reply; connected, its reply, closed. A silent second brings the count by itself.
    eventually(lambda: told() == 25 * 60 * 3 + 3, f"the sum, {told()}")
    seconds = collections.Counter(line["time_ms"] // 1000 for line in tap.lines if line["type"] != "left_out")
    assert max(seconds.values()) <= 1000 + 1


def test_the_drain_is_seen_to_its_end_and_ends_the_tap(tapped):
    relay = tapped()
    tap = relay.tap(user="ada")
    ada = relay.member("ada", ["chat:lobby"])
    tap.wait("connected")
    relay.signal(signal.SIGTERM)
    assert ada.closing()[0] == 3001
    assert tap.wait("closed")["code"] == 3001
    assert tap.wait("end")["reason"] == "drain"
    assert relay.ended() == 0
    assert relay.event("tap.closed")["kind"] == "user"


def command(relay, key, *arguments):
    path = relay.directory / f"{key}.key"
    path.write_text(relay.keys[key] + "\n")
    words = [str(BINARIES / "belfry"), "tap", "--url", f"http://127.0.0.1:{relay.side_port}", "--key-file", str(path)]
    return words + list(arguments)


def test_the_command_prints_a_line_an_entry_until_sigint(tapped):
    relay = tapped()
    process = subprocess.Popen(command(relay, "desk", "--user", "ada"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True).start()
    eventually(lambda: lines, "the first line")
    ada = relay.member("ada", ["chat:lobby"])
    ada.subscribe("locked:room")
    ada.leave()
    eventually(lambda: any("closed" in line for line in lines), "the close")
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0 and process.stderr.read() == ""
    assert any(f"--> command subscribe #2 chat:lobby 0 B client={ada.id}" in line for line in lines), lines
    assert any("<-- reply subscribe #3 locked:room" in line and "code 103 (permission denied)" in line for line in lines)
    assert all(len(line.split()[0]) == len("12:00:00.000Z") for line in lines)
    relay.metric_becomes("belfry_stream_clients", 0, stream="tap")


def test_the_commands_exit_codes(tapped):
    relay = tapped()

    def run(key, *arguments):
        done = subprocess.run(command(relay, key, *arguments), capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout, done.stderr

    code, output, _ = run("desk", "--channel", "chat:lobby", "--for", "1s", "--json")
    assert code == 0 and [json.loads(line)["type"] for line in output.splitlines()] == ["begin", "end"]
    code, _, error = run("root", "--user", "ada")
    assert code == 1 and "403" in error and "no scope tap" in error
    code, _, error = run("desk", "--user", "ada", "--for", "2h")
    assert code == 1 and "1s to 1h" in error
    assert run("desk", "--user", "ada", "--url", "ftp://x")[0] == 64
    assert run("desk", "--user", "ada", "--channel", "b")[0] == 64
    assert run("desk", "--user", "ada", "--key-file", "/nowhere")[0] == 64
    code, _, error = run("desk", "--user", "ada", "--url", "http://127.0.0.1:1")
    assert code == 1 and "cannot connect" in error


def test_the_command_ends_with_the_relay(tapped):
    relay = tapped()
    process = subprocess.Popen(command(relay, "desk", "--user", "ada", "--json"), stdout=subprocess.PIPE, text=True)
    assert json.loads(process.stdout.readline())["type"] == "begin"
    relay.stop()
    assert json.loads(process.stdout.read().splitlines()[-1])["reason"] == "drain"
    assert process.wait(PATIENCE) == 0


def test_who_follows_whom_stands_in_the_audit(tapped):
    relay = tapped(journal={"mode": "required"})
    ada = relay.member("ada", ["chat:lobby"])
    subject = entry(relay, "auth.success", BELFRY_CONN_ID=ada.id)["BELFRY_SUBJECT"]
    tap = relay.tap("court", user="ada", bodies="yes")
    tap.wait("present")
    other = relay.tap("desk", channel="chat:lobby")
    opened = entry(relay, "tap.opened", BELFRY_ACTOR="court")
    assert opened["BELFRY_SUBJECT"] == subject and opened["BELFRY_SCOPE"] == "bodies" and opened["BELFRY_KIND"] == "user"
    assert opened["BELFRY_PEER_ADDR"] == "127.0.0.1" and "BELFRY_SEQ" in opened
    room = entry(relay, "tap.opened", BELFRY_ACTOR="desk")
    assert room["BELFRY_KIND"] == "channel" and room["BELFRY_ROOM_HASH"] and room["BELFRY_SCOPE"] == "events"
    tap.close()
    closed = entry(relay, "tap.closed", BELFRY_ACTOR="court")
    assert closed["BELFRY_SUBJECT"] == subject and int(closed["BELFRY_MSGS_OUT"]) >= 2
    assert float(closed["BELFRY_DURATION_SEC"]) >= 0
    relay.stop()
    entry(relay, "tap.closed", BELFRY_ACTOR="desk")
    assert other.wait("end")["reason"] == "drain"
    numbers = [int(found["BELFRY_SEQ"]) for found in entries(relay) if "BELFRY_SEQ" in found]
    assert numbers == list(range(1, len(numbers) + 1)), "the audit trail has a hole"
