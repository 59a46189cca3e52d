"""TLS as the world sees it: what is spoken, what is refused, and what an attack costs."""

import os
import random
import re
import resource
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tlslite.api import HandshakeSettings, TLSConnection
from tlslite.constants import KeyUpdateMessageType
from tlslite.errors import TLSAbruptCloseError, TLSRemoteAlert

from waiting import PATIENCE, eventually
from wire import request

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def shared(start_shared, certificates):
    pair = {"certificate": str(certificates / "server-rsa.pem"), "private_key": str(certificates / "server-rsa.key")}
    return start_shared(limits={"enabled": False}, tls={"certificates": [pair]})


def hello(server_name="localhost"):
    """A whole ClientHello record, as a current client sends it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def plain(relay):
    raw = socket.create_connection(("127.0.0.1", relay.port), PATIENCE)
    relay.closeables.append(raw)
    return raw


def read_all(raw):
    data = b""
    try:
        while more := raw.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return data


def half_close(raw):
    try:
        raw.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # reset already


def s_client(relay, *arguments, text=b"", patience=PATIENCE):
    command = ["openssl", "s_client", "-connect", f"localhost:{relay.port}", "-CAfile", relay.certificates / "ca.pem",
               "-servername", "localhost", *arguments]
    ran = subprocess.run(command, input=text, capture_output=True, timeout=patience)
    return ran.returncode, (ran.stdout + ran.stderr).decode("utf-8", "replace")


@pytest.fixture(autouse=True)
def still_served(shared):
    """Whatever a test did to the relay, the next client is served."""
    yield
    assert request(shared.open(), GET).status == 200


class TestVersionsAndCiphers:
    def test_mozillas_intermediate_profile(self, shared):
        sslyze = Path(sys.executable).with_name("sslyze")
        ran = subprocess.run(
            [sslyze, "--mozilla_config=intermediate", f"--certinfo_ca_file={shared.certificates / 'ca.pem'}",
             f"localhost:{shared.port}"], capture_output=True, text=True, timeout=180)
        assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]

    @pytest.mark.parametrize("version, label", [("-tls1", "tls1_0"), ("-tls1_1", "tls1_1")])
    def test_old_versions_are_refused(self, version, label, shared):
        before = shared.metrics().total("belfry_tls_legacy_offers_total", offered=label)
        code, output = s_client(shared, version, "-cipher", "ALL:@SECLEVEL=0")
        assert code != 0 and "alert protocol version" in output, output[-500:]
        assert shared.metrics().total("belfry_tls_legacy_offers_total", offered=label) == before + 1
        assert shared.event("tls.legacy_offer", offered=label)["peer_addr"] == "127.0.0.1"

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_current_versions_are_spoken(self, version, shared):
        context = shared.tls_context(minimum_version=version, maximum_version=version)
        connection = shared.open(context)
        assert connection.tls.version() == {771: "TLSv1.2", 772: "TLSv1.3"}[version]
        assert connection.tls.selected_alpn_protocol() == "http/1.1"
        assert request(connection, GET).status == 200

    def test_a_minimum_of_1_3(self, start):
        relay = start(tls={"min_version": "1.3"})
        with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
            relay.open(relay.tls_context(maximum_version=ssl.TLSVersion.TLSv1_2))
        assert relay.open().tls.version() == "TLSv1.3"

    @pytest.mark.parametrize("cipher", [
        "AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256"])
    def test_weak_suites_are_refused(self, cipher, shared):
        code, output = s_client(shared, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
        assert code != 0 and "handshake failure" in output, output[-500:]

    @pytest.mark.parametrize("suite", [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
    def test_both_kinds_of_certificate(self, suite, shared):
        context = shared.tls_context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(suite)
        connection = shared.open(context)
        assert connection.tls.cipher()[0] == suite
        assert request(connection, GET).status == 200


class TestNames:
    def test_alpn_without_http_1_1_is_an_alert(self, shared):
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            shared.open(alpn=("h2",))
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            shared.open(alpn=("spdy/3", "http/1.0"))
        assert shared.metrics().total("belfry_tls_handshake_failures_total", reason="alpn") >= 2

    def test_alpn_takes_what_it_knows(self, shared):
        assert shared.open(alpn=("h2", "http/1.1")).tls.selected_alpn_protocol() == "http/1.1"
        assert shared.open(alpn=()).tls.selected_alpn_protocol() is None

    @pytest.mark.parametrize("name", ["localhost", "other.test", "x" * 63 + ".test"])
    def test_any_server_name_is_served(self, name, shared):
        context = shared.tls_context()
        context.check_hostname = False
        assert request(shared.open(context, server_name=name), GET).status == 200


class TestResumption:
    @pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
    def test_tickets_resume(self, version, shared, tmp_path):
        before = shared.metrics().total("belfry_tls_handshakes_total", resumed="yes")
        _, output = s_client(shared, version, "-sess_out", str(tmp_path / "session"), "-ign_eof", text=GET)
        assert "200 OK" in output
        _, output = s_client(shared, version, "-sess_in", str(tmp_path / "session"), "-ign_eof", text=GET)
        assert "Reused, " in output and "200 OK" in output
        assert shared.metrics().total("belfry_tls_handshakes_total", resumed="yes") == before + 1

    def test_a_websocket_gets_its_ticket_with_the_first_ping(self, start):
        relay = start(client={"ping": "1s", "pong": "500ms"})
        context = relay.tls_context(minimum_version=ssl.TLSVersion.TLSv1_3)
        client = relay.client(context=context)
        assert "connect" in client.connect(relay.token())
        assert not client.connection.tls.session.has_ticket
        assert client.next_frame().payload == b"{}"
        client.send_text("{}")
        session = client.connection.tls.session
        assert session.has_ticket
        with socket.create_connection(("127.0.0.1", relay.port)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
                assert again.session_reused

    def test_a_ticket_of_another_relay_is_no_use(self, shared, start, tmp_path):
        other = start()
        s_client(other, "-tls1_2", "-sess_out", str(tmp_path / "session"), "-ign_eof", text=GET)
        _, output = s_client(shared, "-tls1_2", "-sess_in", str(tmp_path / "session"), "-ign_eof", text=GET)
        assert "New, " in output and "200 OK" in output

    def test_early_data_is_not_taken(self, shared, tmp_path):
        _, output = s_client(shared, "-tls1_3", "-sess_out", str(tmp_path / "session"), "-ign_eof", text=GET)
        assert "Max Early Data: 0" in output or "Max Early Data" not in output


class TestHostileHandshakes:
    def test_a_hello_in_single_bytes(self, shared):
        raw = plain(shared)
        for byte in hello():
            raw.sendall(bytes([byte]))
        assert raw.recv(5)[:1] == b"\x16"
        raw.close()

    def test_a_hello_in_many_records(self, shared):
        body = hello()[5:]
        raw = plain(shared)
        raw.sendall(b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece
                             for piece in (body[n:n + 20] for n in range(0, len(body), 20))))
        assert raw.recv(5)[:1] == b"\x16"
        raw.close()

    NO_HELLOS = {
        "SSLv2 hello": b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + b"x" * 40,
        "noise": bytes(range(256)),
        "empty record": b"\x16\x03\x01\x00\x00",
        "hello of 16 MB": b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"x" * 16380,
        "hello of no length": b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        "application data first": b"\x17\x03\x03\x00\x05hello",
        "alert first": b"\x15\x03\x01\x00\x02\x01\x00",
        "record over 16 KiB": b"\x16\x03\x01\xff\xff" + b"x" * 1000,
        "not a hello": b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        "a hello of zeros": b"\x16\x03\x01\x00\x64\x01\x00\x00\x60" + b"\x00" * 96,
    }

    @pytest.mark.parametrize("name", NO_HELLOS)
    def test_what_is_no_hello_ends_the_connection(self, name, shared):
        raw = plain(shared)
        raw.sendall(self.NO_HELLOS[name])
        half_close(raw)
        began = time.monotonic()
        answer = read_all(raw)
        assert answer == b"" or answer[0] == 21 or answer.startswith(b"HTTP/1.1 400"), answer
        assert time.monotonic() - began < 5, "it waited for a client that had gone"

    def test_an_end_is_noticed_whenever_it_comes(self, shared):
        """The end of the stream right behind the bytes, or together with them: an edge that is easily lost."""
        for round in range(400):
            raw = plain(shared)
            raw.sendall(hello()[: 5 + round])
            half_close(raw)
            began = time.monotonic()
            read_all(raw)
            assert time.monotonic() - began < 5, f"round {round}: only the handshake timeout ended it"
            raw.close()

    def test_random_hellos(self, shared):
        seed = int(os.environ.get("BELFRY_SEED", random.randrange(2**32)))
        print(f"seed {seed}")
        chance = random.Random(seed)
        good = hello()
        for _ in range(200):
            data = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                data[chance.randrange(5, len(data))] = chance.randrange(256)
            raw = plain(shared)
            raw.sendall(bytes(data))
            half_close(raw)
            read_all(raw)
            raw.close()

    @pytest.mark.parametrize("cut", [0, 1, 5, 6, 50, -1, None])
    def test_a_client_that_goes_away_in_the_handshake_is_noticed_at_once(self, cut, shared):
        shared.metric_becomes("belfry_tls_handshakes_in_progress", 0)
        raw = plain(shared)
        raw.sendall(hello()[:cut])
        raw.close()
        began = time.monotonic()
        shared.metric_becomes("belfry_tls_handshakes_in_progress", 0)
        assert time.monotonic() - began < 5, "only the handshake timeout ended it"

    def test_renegotiation_is_refused(self, shared):
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"localhost:{shared.port}", "-tls1_2", "-servername", "localhost"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(process.stdout.fileno(), False)
        seen = b""

        def output():
            nonlocal seen
            seen += process.stdout.read() or b""
            return seen

        eventually(lambda: b"Verify return code" in output(), "the handshake")
        process.stdin.write(b"R\n")
        process.stdin.flush()
        refusal = rb"no.renegotiation|handshake failure|wrong version"
        eventually(lambda: re.search(refusal, output()) or process.poll() is not None, "the refusal")
        process.kill()
        process.wait()
        assert b"RENEGOTIATING" in seen

    def test_a_few_key_updates_are_answered(self, shared):
        client = tlslite(shared)
        for _ in range(3):
            for _ in client.send_keyupdate_request(KeyUpdateMessageType.update_requested):
                pass
        client.sendall(GET)
        assert client.recv(100).startswith(b"HTTP/1.1 200")

    def test_a_flood_of_key_updates_is_closed(self, shared):
        client = tlslite(shared)
        member = shared.member("ada")
        ended = False
        for _ in range(20_000):
            try:
                for _ in client.send_keyupdate_request(KeyUpdateMessageType.update_requested):
                    pass
            except (OSError, TLSAbruptCloseError, TLSRemoteAlert):
                ended = True
                break
        assert ended, "20,000 KeyUpdates were taken"
        assert member.ask("unsubscribe", channel="x").get("unsubscribe") == {}
        assert shared.event("conn.close", reason="rate")


def tlslite(relay):
    raw = plain(relay)
    client = TLSConnection(raw)
    settings = HandshakeSettings()
    settings.minVersion = settings.maxVersion = (3, 4)
    client.handshakeClientCert(settings=settings, serverName="localhost", alpn=[bytearray(b"http/1.1")])
    return client


class TestHalfOpen:
    """Unfinished hellos: the cheapest attack on a TLS server."""

    @pytest.mark.parametrize("kind", ["silent", "partial"])
    def test_they_cost_little_and_end_in_time(self, kind, start, is_long):
        count = 4000 if is_long else 200
        raise_descriptor_limit(2 * count + 500)
        relay = start(limits={"enabled": False}, tls={"handshake_timeout": "5s"})
        # Warm: what the relay allocates once is none of the attack's cost.
        for connection in [relay.open() for _ in range(50)]:
            assert request(connection, GET).status == 200
            connection.close()
        relay.metric_becomes("belfry_connections_open", 0)
        good = relay.member("ada", ["quiet:room"])
        first = hello()[:200]
        first = first[:3] + (512).to_bytes(2, "big") + first[5:]
        memory = relay.memory()
        began = time.monotonic()
        raws = [plain(relay) for _ in range(count)]
        if kind == "partial":
            for raw in raws:
                raw.sendall(first)
        eventually(lambda: relay.metrics().total("belfry_connections_open", stage="tls") == count, "all to be open")
        grown = (relay.memory() - memory) / count
        slowest = 0.0
        for _ in range(50):
            at = time.monotonic()
            connection = relay.open()
            assert request(connection, GET).status == 200
            slowest = max(slowest, time.monotonic() - at)
            connection.close()
        print(f"{count} {kind}: {grown:.0f} bytes each; the slowest good client took {slowest * 1000:.1f} ms")
        assert grown <= 4096, f"{grown:.0f} bytes for each connection"
        good.publish("quiet:room", relay.body())
        good.push()
        eventually(lambda: relay.metrics().total("belfry_connections_open", stage="tls") == 0, "all to be closed", 15)
        assert time.monotonic() - began < 12
        assert relay.metrics().total("belfry_tls_handshake_failures_total", reason="timeout") == count
        for raw in raws:
            raw.close()


def raise_descriptor_limit(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def test_a_slow_head_over_tls_ends_in_time(start):
    """The slowloris of HTTP: a byte now and then is no reason to wait."""
    relay = start(tls={"handshake_timeout": "1s"})
    connection = relay.open()
    began = time.monotonic()
    ended = None
    for byte in GET * 100:
        try:
            connection.send(bytes([byte]))
            connection.tls.settimeout(0.1)
            connection.fill(0.1)
            ended = time.monotonic() - began
            break
        except TimeoutError:
            continue
    assert ended and ended < 4
    assert connection.buffer.startswith(b"HTTP/1.1 408")
