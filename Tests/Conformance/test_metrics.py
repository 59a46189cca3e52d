"""The metrics page: its formats, its exactness, its bounds."""

import gzip
import json
import os
import random
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.openmetrics import parser

import tokens
from relay import Metrics, free_port
from waiting import eventually
from wire import BINARY, CLOSE, PING, PONG, TEXT, head, request

HERE = Path(__file__).parent


def strict(relay):
    ran = subprocess.run(
        [sys.executable, HERE / "openmetrics.py", f"http://127.0.0.1:{relay.side_port}/metrics"],
        capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_both_formats_are_strict_and_the_same(relay):
    strict(relay)
    member = relay.member("ada", ["chat:room"])
    member.publish("chat:room", relay.body())
    strict(relay)
    member.leave()
    strict(relay)


def test_the_slowest_delivery_has_a_name(relay):
    """An exemplar: who looks at the tail of the histogram finds the connection in the journal."""
    member = relay.member("ada", ["quiet:room"])
    member.publish("quiet:room", relay.body())
    member.push()

    def exemplar():
        page = relay.side("/metrics", Accept="application/openmetrics-text; version=1.0.0")[2].decode()
        return re.search(r'^belfry_delivery_seconds_bucket\{le="[^"]+"\} 1 # \{conn_id="([^"]+)"\} [0-9.]+ \d+$', page, re.M)

    found = eventually(exemplar, "an exemplar")
    assert found[1] == relay.event("conn.open")["conn_id"]
    strict(relay)


def test_a_real_prometheus_scrapes_it(relay, tmp_path):
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "belfry", "static_configs": [{"targets": [f"127.0.0.1:{relay.side_port}"]}]}]}))
    member = relay.member("ada", ["quiet:room"])
    member.publish("quiet:room", relay.body())
    member.push()
    log = (tmp_path / "log").open("w")
    prometheus = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def query(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def value(name):
        data = query(f"/api/v1/query?query={name}")
        return data and data["result"] and float(data["result"][0]["value"][1])

    try:
        eventually(lambda: value("up") == 1.0, "Prometheus to call the relay up", 30)
        eventually(lambda: value("belfry_messages_delivered_total") == 1.0, "the delivery to be scraped")
        targets = query("/api/v1/targets")["activeTargets"]
        assert [target["lastError"] for target in targets] == [""]
        metadata = query("/api/v1/targets/metadata?limit=1000")
        assert {"belfry_messages_delivered", "belfry_delivery_seconds"} <= {entry["metric"] for entry in metadata}
    finally:
        prometheus.terminate()
        prometheus.wait()


class TestSelection:
    """What a scraper asks for: families by name, and a smaller page."""

    OPENMETRICS = "application/openmetrics-text; version=1.0.0"

    def test_named_families_are_a_valid_page_of_their_own(self, relay):
        names = ["belfry_connections_open", "belfry_listener_accepts_total", "belfry_delivery_seconds", "belfry_build"]
        query = "/metrics?" + "&".join(f"name%5B%5D={name}" for name in names)
        text = relay.side(query)[2].decode()
        families = re.findall(r"^# TYPE (\S+) ", text, re.M)
        assert families == [
            "belfry_build_info", "belfry_listener_accepts_total", "belfry_connections_open", "belfry_delivery_seconds"]
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        page = relay.side(query, Accept=self.OPENMETRICS)[2].decode()
        assert page.endswith("# EOF\n")
        assert [family.name for family in parser.text_string_to_metric_families(page)] == [
            "belfry_build", "belfry_listener_accepts", "belfry_connections_open", "belfry_delivery_seconds"]

    def test_unknown_families_are_an_empty_page(self, relay):
        status, _, page = relay.side("/metrics?name[]=nothing&name[]=belfry_delivery_seconds_bucket")
        assert (status, page) == (200, b"")
        status, _, page = relay.side("/metrics?name[]=nothing", Accept=self.OPENMETRICS)
        assert (status, page) == (200, b"# EOF\n")

    def test_too_many_names_are_refused(self, relay):
        assert relay.side("/metrics?" + "name[]=a&" * 64)[0] == 200
        assert relay.side("/metrics?" + "name[]=a&" * 65)[0] == 400

    def test_curl_gets_it_compressed(self, relay):
        address = f"http://127.0.0.1:{relay.side_port}/metrics"

        def curl(*options):
            ran = subprocess.run(
                ["curl", "--silent", "--fail", "--dump-header", "/dev/stderr", *options, address],
                capture_output=True, timeout=60, check=True)
            return ran.stderr.decode().lower(), ran.stdout

        head, page = curl("--compressed")
        assert "content-encoding: gzip" in head and "vary: accept, accept-encoding" in head
        assert page.startswith(b"# HELP belfry_build_info") and page.endswith(b"\n")
        length = int(re.search(r"content-length: (\d+)", head)[1])
        assert length < len(page) / 5
        plain, same = curl()
        assert "content-encoding" not in plain and len(same) == int(re.search(r"content-length: (\d+)", plain)[1])
        refused, _ = curl("--header", "Accept-Encoding: gzip;q=0")
        assert "content-encoding" not in refused
        only_head, nothing = curl("--head", "--header", "Accept-Encoding: gzip")
        assert "content-encoding: gzip" in only_head and "content-length" in only_head

    def test_gzip_is_whole(self, relay):
        status, headers, file = relay.side("/metrics", **{"Accept-Encoding": "gzip", "Accept": self.OPENMETRICS})
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        assert int(headers["Content-Length"]) == len(file)
        assert gzip.decompress(file).endswith(b"# EOF\n")


class TestExact:
    """Counters equal the clients' own counts, to the unit."""

    @pytest.fixture
    def session(self, start):
        """A scripted session; returns the relay, what changed, the clients."""
        relay = start()
        before = relay.metrics()
        members = [relay.member(f"user{n}", ["quiet:room"]) for n in range(5)]
        sizes = []
        for n in range(10):
            body = {"n": n, "text": relay.hide("text-" + "x" * (n * 50))}
            sizes.append(len(json.dumps(body, separators=(",", ":"))))
            members[0].publish("quiet:room", body)
        for member in members:
            for _ in range(10):
                member.push()
        members[1].subscribe("room")
        for _ in range(3):
            members[1].ask("presence", channel="room")
            members[1].ask("presence_stats", channel="room")
        for _ in range(2):
            members[2].ask("unsubscribe", channel="quiet:room")
        members[3].ask("refresh", token=relay.token("user3"))
        for _ in range(2):
            members[3].subscribe("locked:room")
        members[3].subscribe("nowhere:room")
        members[3].ask("rpc")
        members[4].publish("quiet:elsewhere", 1)
        members[4].send_frame(PING, b"?")
        assert members[4].next_frame().opcode == PONG
        members[4].send_frame(BINARY, b'{"id":77,"rpc":{}}')
        members[4].reply(77)
        garbage = relay.client()
        garbage.send({"id": 1, "connect": {"token": tokens.sign(b"wrong" * 9, {"sub": "x", "exp": tokens.expiry(9)})}})
        assert garbage.closing()[0] == 3500
        violator = relay.client()
        violator.connect(relay.token("violator"))
        violator.send_frame(TEXT, b"\xff")
        assert violator.closing()[0] == 1007
        refused = relay.open()
        assert request(refused, head(fields=[("Origin", "https://evil.test")])).status == 403
        assert refused.is_ended()
        missing = relay.open()
        assert request(missing, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status == 404
        assert missing.is_ended()
        for member in members[:4]:
            member.leave()
        members[4].close()
        eventually(lambda: relay.metrics().total("belfry_connections_open") == 0, "all to be gone")
        return relay, before, relay.metrics(), members + [garbage, violator], sizes

    def test_counters(self, session):
        relay, before, after, clients, sizes = session

        def change(name, **labels):
            return after.total(name, **labels) - before.total(name, **labels)

        expected = {
            ("belfry_listener_accepts_total",): 9,
            ("belfry_tls_handshakes_total", ("version", "1.3")): 9,
            ("belfry_tls_handshakes_total",): 9,
            ("belfry_http_requests_total", ("code", "101")): 7,
            ("belfry_http_requests_total", ("code", "403")): 1,
            ("belfry_http_requests_total", ("code", "404")): 1,
            ("belfry_ws_upgrades_total", ("result", "accepted")): 7,
            ("belfry_ws_upgrades_total", ("result", "origin")): 1,
            ("belfry_auth_attempts_total",): 8,
            ("belfry_auth_failures_total",): 1,
            ("belfry_auth_failures_total", ("reason", "signature")): 1,
            ("belfry_authz_denials_total", ("action", "subscribe")): 2,
            ("belfry_authz_denials_total", ("action", "publish")): 1,
            ("belfry_messages_received_total", ("type", "connect")): 6,
            ("belfry_messages_received_total", ("type", "subscribe")): 6,
            ("belfry_messages_received_total", ("type", "unsubscribe")): 2,
            ("belfry_messages_received_total", ("type", "publish")): 10,
            ("belfry_messages_received_total", ("type", "presence")): 6,
            ("belfry_messages_received_total", ("type", "refresh")): 1,
            ("belfry_messages_rejected_total", ("reason", "permission_denied")): 3,
            ("belfry_messages_rejected_total", ("reason", "unknown_channel")): 1,
            ("belfry_messages_rejected_total", ("reason", "not_available")): 2,
            ("belfry_messages_delivered_total",): 50,
            ("belfry_messages_dropped_total",): 0,
            ("belfry_fanout_recipients_sum",): 50,
            ("belfry_delivery_seconds_count",): 50,
            # Refused ones are decoded and judged as well.
            ("belfry_message_stage_seconds_count", ("stage", "decode")): 11,
            ("belfry_message_stage_seconds_count", ("stage", "authorize")): 11,
            ("belfry_message_size_bytes_count",): 10,
            ("belfry_message_size_bytes_sum",): sum(sizes),
            ("belfry_ws_protocol_errors_total", ("kind", "utf8")): 1,
            ("belfry_connections_closed_total", ("by", "client"), ("reason", "normal")): 4,
            ("belfry_connections_closed_total", ("by", "client"), ("reason", "lost")): 1,
            ("belfry_connections_closed_total", ("by", "server"), ("reason", "credentials")): 1,
            ("belfry_connections_closed_total", ("by", "server"), ("reason", "protocol_error")): 1,
            ("belfry_connections_closed_total", ("by", "server"), ("reason", "http")): 2,
        }
        found = {key: change(key[0], **dict(key[1:])) for key in expected}
        assert found == expected

    def test_frames(self, session):
        _, before, after, clients, _ = session
        names = {TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
        sent = {name: sum(client.connection.frames_sent[code] for client in clients) for code, name in names.items()}
        received = {
            name: sum(client.connection.frames_received[code] for client in clients) for code, name in names.items()}
        # One text frame breaks off with the violation in it, and a frame that does not end well is none. The closes
        # that answer ours come when the relay has stopped to listen, or in time.
        sent["text"] -= 1
        counted = {
            name: after.total("belfry_ws_frames_received_total", opcode=name) for name in names.values()}
        for name in ("text", "binary", "ping", "pong"):
            assert counted[name] == sent[name], name
        assert received == {
            name: after.total("belfry_ws_frames_sent_total", opcode=name) for name in names.values()}

    def test_bytes(self, session):
        _, before, after, clients, _ = session
        for name, field in (("received", "sent_bytes"), ("sent", "received_bytes")):
            payload = after.total(f"belfry_{name}_bytes_total", layer="payload")
            wire = after.total(f"belfry_{name}_bytes_total", layer="wire")
            theirs = sum(getattr(client.connection, field) for client in clients)
            # Heads, and the two connections that were answered in plain HTTP, are payload of TLS as well.
            assert abs(payload - theirs) <= 9 * 600, (name, payload, theirs)
            assert wire > theirs, (name, wire, theirs)

    def test_a_publication_is_one_fan_out(self, session):
        _, _, after, _, _ = session
        fan_outs = after.total("belfry_fanout_recipients_count")
        assert after.total("belfry_message_stage_seconds_count", stage="broker") == fan_outs
        # A write may carry several.
        writes = after.total("belfry_message_stage_seconds_count", stage="write")
        assert 1 <= writes == after.total("belfry_message_stage_seconds_count", stage="queue") <= 50
        # Each loop with members counts its own share; together they name every recipient once.
        assert 10 <= after.total("belfry_fanout_recipients_count") <= 20

    def test_odd_behaviour_and_the_life_left_in_tokens(self, session):
        _, _, after, _, _ = session
        assert after.total("belfry_connection_glitches_total", kind="client_ping") == 1
        assert after.total("belfry_auth_token_remaining_seconds_count") == 6

    def test_conservation(self, session):
        relay, _, after, _, _ = session
        relay.check_conservation(after)


def test_open_connections_are_counted_by_stage(start):
    relay = start(limits={"enabled": False})
    silent = [socket.create_connection(("127.0.0.1", relay.port)) for _ in range(3)]
    waiting = [relay.open() for _ in range(4)]
    greeting = [relay.client() for _ in range(5)]
    active = [relay.member(f"user{n}", ["quiet:a", "quiet:b"]) for n in range(6)]
    wanted = {"tls": 3, "http": 4, "auth": 5, "active": 6, "closing": 0}

    def stages():
        now = relay.metrics()
        return {stage: now.total("belfry_connections_open", stage=stage) for stage in wanted}

    eventually(lambda: stages() == wanted, f"the stages {wanted}")
    now = relay.metrics()
    assert now.total("belfry_tls_handshakes_in_progress") == 3
    assert (now.total("belfry_users"), now.total("belfry_rooms"), now.total("belfry_room_memberships")) == (6, 2, 12)
    relay.check_conservation(now)
    for closeable in silent + waiting + greeting + active:
        closeable.close()


def test_what_waits_for_a_slow_reader_is_counted(start):
    relay = start(limits={"enabled": False}, client={"max_message": "1MiB", "max_queue": "64MiB"})
    sender = relay.member("ada", ["quiet:room"])
    slow = relay.client(receive_buffer=4096)
    slow.connect(relay.token("bob"))
    slow.subscribe("quiet:room")
    body = "x" * 500_000
    for _ in range(20):
        sender.publish("quiet:room", body)
        sender.lines.clear()
    now = relay.metrics()
    assert now.total("belfry_outbound_queue_messages") > 0
    relay.check_conservation(now)
    eventually(lambda: relay.metrics().total("belfry_outbound_queue_bytes") > 1_000_000, "the waiting bytes", 5)
    slow.close()
    relay.metric_becomes("belfry_outbound_queue_messages", 0)
    assert relay.metrics().total("belfry_messages_dropped_total", reason="closed") > 0


def test_ten_thousand_hostile_names_add_no_series(start):
    relay = start(limits={"enabled": False}, client={"channels": 1000})
    seed = int(os.environ.get("BELFRY_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    chance = random.Random(seed)

    def name(length=12, alphabet='abc"\\{}=,\n #é\U0001f514'):
        return "".join(chance.choice(alphabet) for _ in range(chance.randint(1, length)))

    def channel():
        return "quiet:" + "".join(chr(chance.randint(33, 126)) for _ in range(chance.randint(1, 30)))

    relay.member("warm", ["quiet:room"]).leave()
    before = relay.metrics()
    channels = 0
    for n in range(500):
        client = relay.client([("User-Agent", name(12, "abc xyz"))])
        client.connect(relay.token(f"{name()}{n}"), name=name(), version=name())
        client.send(*({"id": 10 + m, "subscribe": {"channel": channel()}} for m in range(15)))
        channels += 15
        client.send({"id": 5, "rpc": {"method": name()}}, {"id": 6, "subscribe": {"channel": f"{name(5, 'abcxyz')}:x"}})
        client.reply(24), client.reply(6)
        client.close()
    for n in range(150):
        connection = relay.open()
        path = "".join(chance.choice("abc/%2e?=&\"{}") for _ in range(10))
        request(connection, f"GET /{path} HTTP/1.1\r\nHost: {name(8, 'abc.')}\r\n\r\n")
        connection.close()
        relay.side("/" + "".join(chance.choice("abc/.=&") for _ in range(10)))
    after = relay.metrics()
    assert after.series.keys() == before.series.keys()
    assert len(after.page) <= 80_000 and len(after.series) <= 800
    strict(relay)


class TestSidePort:
    def test_its_paths(self, relay):
        for path, status in [("/", 200), ("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/connections", 200),
                             ("/healthz?verbose", 200), ("/livez", 200), ("/livez?verbose", 200), ("/detectors", 200),
                             ("/nothing", 404), ("/connections?limit=0", 400)]:
            assert relay.side(path)[0] == status, path

    def test_other_methods(self, relay):
        assert relay.side("/metrics", "POST")[0] == 405
        assert relay.side("/metrics", "HEAD")[0] == 200

    def test_a_foreign_host_is_refused(self, relay):
        """A page in the operator's browser must not reach it by a name of its own (DNS rebinding)."""
        assert relay.side("/metrics", Host="evil.test")[0] == 421
        assert relay.side("/metrics", Host=f"localhost:{relay.side_port}")[0] == 200

    def test_connections_show_who_is_there_but_no_secret(self, relay):
        member = relay.member("ada", ["quiet:room"])
        member.publish("quiet:room", relay.body())
        member.push()
        status, headers, page = relay.side("/connections")
        assert status == 200 and "json" in headers["Content-Type"]
        shown = json.loads(page)
        assert shown["total"] == 1
        row = shown["connections"][0]
        assert row["id"] == member.id and row["state"] == "open" and row["stage"] == "active"
        assert row["tls.protocol.version"] == "1.3" and row["rooms"] == 1 and row["client.address"] == "127.0.0.1"
        assert row["messages.received"] == 3 and row["messages.sent"] >= 1
        assert "ada" not in page.decode() and not any(secret in page.decode() for secret in relay.private)
        member.leave()
        closed = eventually(
            lambda: json.loads(relay.side("/connections?state=closed")[2])["connections"], "the closed connection")
        assert closed[0]["close.reason"] == "normal" and closed[0]["close.code"] == 1000

    def test_scraping_works_while_clients_do_not(self, start):
        relay = start()
        for _ in range(100):
            assert relay.side("/metrics")[0] == 200
        assert relay.metrics().total("belfry_sideport_requests_total", path="/metrics") >= 100


def test_every_event_has_its_counter(relay):
    relay.member("ada", ["room"]).leave()
    eventually(lambda: relay.metrics().total("belfry_logged_events_total", event="conn.close") == 1, "the close")
    now = relay.metrics()
    for event in {event.name for event in relay.events()}:
        assert now.total("belfry_logged_events_total", event=event) == len(relay.events(event)), event
    documented = {
        line.split("|")[1].strip() for line in (HERE.parents[1] / "ops/journal-events.md").read_text().splitlines()
        if line.startswith("| ") and "." in line.split("|")[1]}
    counted = {dict(labels)["event"] for name, labels in now.series if name == "belfry_logged_events_total"}
    assert counted == documented


def test_the_documented_families_are_the_exposed_ones(relay):
    text = (HERE.parents[1] / "ops/metrics.md").read_text()
    documented = {
        line.split("`")[1] for line in text.splitlines() if line.startswith(("| `belfry_", "| `process_"))}
    documented = {name for name in documented if not name.endswith("_bucket")}
    exposed = {line.split(" ")[2] for line in Metrics(relay.side("/metrics")[2].decode()).page.splitlines()
               if line.startswith("# TYPE ")}
    assert {name.removesuffix("_info") for name in documented} == {name.removesuffix("_info") for name in exposed}
