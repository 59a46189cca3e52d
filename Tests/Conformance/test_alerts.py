"""Incidents against a real relay, and who hears of them: side port, journal, stream, Alertmanager, webhook, metrics.

A tick of the detectors takes a second here and counts for ten, so what takes minutes in service takes seconds. The relay
has the past of a quiet house (`belfry-anomaly state`), or most detectors would learn for a day before they say a word.
"""

import hashlib
import hmac
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from relay import BINARIES, free_port
from streams import EventStream
from waiting import eventually

PATIENCE = 60.0  # an alert needs some ticks to fire, some to end, and the machine may be busy
SECRET = "webhook-secret-0123456789abcdef"


# Who hears of alerts


class Alertmanager:
    """Debian's own."""

    def __init__(self, directory):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        configuration = directory / "alertmanager.yaml"
        configuration.write_text("route: {receiver: nobody, group_wait: 0s}\nreceivers: [{name: nobody}]\n")
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={configuration}", f"--storage.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.is_ready, "Alertmanager to be ready", PATIENCE)

    def is_ready(self):
        try:
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def alerts(self):
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=20) as answer:
            return {alert["fingerprint"]: alert for alert in json.load(answer)}

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Webhook:
    """Takes what is posted to it, and keeps what is signed as it should be."""

    def __init__(self):
        hook = self
        self.messages, self.refused = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = self.headers["X-Belfry-Timestamp"].encode() + b"." + body
                expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
                good = hmac.compare_digest(self.headers["X-Belfry-Signature"], expected)
                good = good and abs(time.time() - int(self.headers["X-Belfry-Timestamp"])) < 300
                (hook.messages if good else hook.refused).append(json.loads(body))
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret-path"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def told(self, fingerprint, status):
        for message in list(self.messages):
            for alert in message["alerts"]:
                if alert["fingerprint"] == fingerprint and alert["status"] == status:
                    return message
        return None

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Stream(EventStream):
    """A follower of /alerts/stream."""

    def __init__(self, relay, last_id=None):
        super().__init__(relay, "/alerts/stream", last_id=last_id)
        assert self.status == 200

    def told(self, name, fingerprint):
        for number, event, data in list(self.events):
            if event == name and data.get("fingerprint") == fingerprint:
                return number
        return None


# The relay


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """What the detectors of a quiet house have learnt."""
    path = tmp_path_factory.mktemp("past") / "anomaly.state"
    subprocess.run([BINARIES / "belfry-anomaly", "state", path], check=True)
    return path


@pytest.fixture(scope="module")
def receivers(tmp_path_factory):
    for program in ("prometheus-alertmanager", "amtool"):
        assert shutil.which(program), f"{program} is missing: ops/test installs it"
    directory = tmp_path_factory.mktemp("alertmanager")
    manager, hook = Alertmanager(directory), Webhook()
    (directory / "hook.key").write_text(SECRET + "\n")
    yield manager, hook, directory / "hook.key"
    manager.close()
    hook.close()


def configured(past, receivers=None, directory=None, **alerts):
    state = directory / "anomaly.state"
    shutil.copy(past, state)
    settings = {"tick": "1s", "state_file": str(state), "runbook_url": "https://wiki.example/belfry"} | alerts
    if receivers:
        manager, hook, key = receivers
        settings |= {"alertmanager": [manager.url], "webhook": [{"url": hook.url, "secret_file": str(key)}]}
    # Nobody here reads fast, answers pings, or keeps to limits.
    return {
        "alerts": settings, "limits": {"enabled": False}, "server": {"max_connections": 5000},
        "client": {"ping": "10m", "pong": "1m", "max_queue": "64MiB", "write_deadline": "2m"},
    }


@pytest.fixture(scope="module")
def shared(start_shared, past, receivers, tmp_path_factory):
    return start_shared(**configured(past, receivers, tmp_path_factory.mktemp("learnt")))


@pytest.fixture(scope="module")
def stream(shared):
    stream = Stream(shared)
    yield stream
    stream.close()


def alerts(relay, state="all"):
    status, _, body = relay.side(f"/alerts?state={state}")
    assert status == 200
    return json.loads(body)["alerts"]


def find(relay, name, state="all", **key):
    for alert in alerts(relay, state):
        matches = all(alert["labels"].get(label) == value for label, value in key.items())
        if alert["name"] == name and matches:
            return alert
    return None


def detectors(relay):
    """Of /detectors, by name, with their alerts by name."""
    status, headers, body = relay.side("/detectors")
    assert status == 200 and headers["Content-Type"] == "application/json"
    report = json.loads(body)
    for detector in report["detectors"]:
        detector["alerts"] = {alert["name"]: alert for alert in detector["alerts"]}
    report["detectors"] = {detector["detector"]: detector for detector in report["detectors"]}
    return report


# Incidents


def each_tick(ticks, deed):
    """Does something at the pace of the detectors; the pace is part of the incident."""
    began = time.monotonic()
    for tick in range(ticks):
        deed(tick)
        time.sleep(max(0.0, began + tick + 1 - time.monotonic()))


def stuffing(relay):
    """Tokens of fourteen subjects that have run out, from one network."""
    for number in range(14):
        client = relay.client(source=f"127.7.7.{number + 1}")
        client.connect(relay.token(f"victim{number}", ttl=-100))
        client.connection.close()


def flood(relay):
    """Connections from one network that never say a word."""
    def wave(tick):
        for number in range(90):
            with socket.socket() as client:
                client.bind((f"127.9.9.{number + 1}", 0))
                client.connect(("127.0.0.1", relay.port))
    each_tick(4, wave)


def legacy_hello():
    """The first flight of a client that knows nothing newer than TLS 1.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", address, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server.settimeout(20)
        peer, _ = server.accept()
        with peer:
            peer.settimeout(20)
            hello = peer.recv(65536)
        client.wait(20)
    assert hello[0] == 22, hello[:10]
    return hello


def downgrade(relay):
    hello = legacy_hello()

    def wave(tick):
        for number in range(30):
            with socket.socket() as client:
                client.settimeout(20)
                client.bind((f"127.5.5.{number + 1}", 0))
                client.connect(("127.0.0.1", relay.port))
                client.sendall(hello)
                while client.recv(4096):  # its alert, and the end
                    pass
    each_tick(4, wave)


def chatter(relay):
    """One user writes without a pause, in a room of ten."""
    for number in range(9):
        relay.member(f"listener{number}", ["quiet:loud"], source=f"127.3.{number}.1")
    writer = relay.member("chatterbox", ["quiet:loud"], source="127.3.99.1")
    counter = iter(range(100_000, 200_000))

    def wave(tick):
        writer.send(*({"id": next(counter), "publish": {"channel": "quiet:loud", "data": {"n": n}}} for n in range(200)))
    each_tick(5, wave)


def replay(relay):
    """One token in four networks at once."""
    token = relay.token("ada", jti="one-and-only")
    for number in range(4):
        client = relay.client(source=f"127.2.{number}.1")
        assert "connect" in client.connect(token)


def churn(relay):
    """One user from six networks, each time with a token of its own."""
    for number in range(6):
        relay.member("bob", source=f"127.4.{number}.1", jti=f"bob{number}").leave()


def refusals(relay):
    """Commands that are all refused."""
    member = relay.member("carol", source="127.6.6.1")
    counter = iter(range(1_000, 10_000))

    def wave(tick):
        member.send(*({"id": next(counter), "publish": {"channel": "locked:x", "data": {}}} for _ in range(60)))
    each_tick(4, wave)


def burst(relay):
    """Tokens of five subjects that have run out, again and again."""
    def wave(tick):
        for number in range(20):
            client = relay.client(source=f"127.10.{number}.1")
            client.connect(relay.token(f"stale{number % 5}", ttl=-100))
            client.connection.close()
    each_tick(5, wave)


def trickle(relay):
    """One token each from a hundred networks."""
    def wave(tick):
        for number in range(10):
            client = relay.client(source=f"127.11.{tick * 10 + number}.1")
            client.connect(relay.token(f"account{tick * 10 + number}", ttl=-100))
            client.connection.close()
    each_tick(10, wave)


def slowness(relay):
    """Nine receivers among forty do not read."""
    for number in range(31):
        relay.member(f"idle{number}", source="127.8.1.1")
    for number in range(9):
        client = relay.client(source="127.8.8.1", receive_buffer=4096)
        assert "connect" in client.connect(relay.token(f"slow{number}"))
        assert "subscribe" in client.subscribe("news:big")
    # The kernel's buffers of a connection hold up to 4 MiB and a half.
    shout(relay, "news:big", 110)


def shout(relay, channel, count):
    """Messages of 60 KB from one who does not listen."""
    writer = relay.member("writer", source="127.8.9.1")
    for number in range(count):
        writer.send({"id": number + 10, "publish": {"channel": channel, "data": {"text": "x" * 60_000}}})
    writer.reply(count + 9)


def storm(relay):
    """Sixty clients that were here come back together, and once more."""
    for _ in range(3):
        members = [relay.client(source=f"127.12.{number}.1") for number in range(60)]
        for number, member in enumerate(members):
            assert "connect" in member.connect(relay.token(f"returning{number}"))
        for member in members:
            member.connection.close()


def pressure(relay):
    """Twenty users write more than their limit allows."""
    members = [relay.member(f"eager{number}", ["quiet:busy"], source="127.13.1.1") for number in range(20)]

    def wave(tick):
        for member in members:
            first = 1_000 * (tick + 1)
            member.send(*({"id": first + n, "publish": {"channel": "quiet:busy", "data": {"n": n}}} for n in range(30)))
    each_tick(8, wave)


def lag(relay):
    """Four receivers take what they get late, for eight ticks."""
    readers = []
    for number in range(4):
        client = relay.client(source="127.14.1.1", receive_buffer=4096)
        assert "connect" in client.connect(relay.token(f"late{number}"))
        assert "subscribe" in client.subscribe("news:heavy")
        client.connection.tls.settimeout(0.5)
        readers.append(client.connection)
    shout(relay, "news:heavy", 350)

    def wave(tick):
        for reader in readers:
            left = 2_400_000
            while left > 0:
                try:
                    left -= len(reader.tls.recv(min(65_536, left)) or b"x" * left)
                except TimeoutError:
                    break  # there is no more
    each_tick(9, wave)


def silence(relay):
    """Nobody says a word for as long as forty usual gaps: the detectors know a house with three messages a tick."""
    eventually(lambda: find(relay, "TrafficVanished"), "silence to be noticed", PATIENCE)


SHORT = {
    "CredentialStuffing": ("critical", {"client_net": "127.7.7.0/24"}),
    "ConnectionFlood": ("critical", {"client_net": "127.9.9.0/24"}),
    "TlsFailureSpike": ("warning", {}),
    "TlsDowngradeProbe": ("info", {}),
    "MessageRateSpike": ("warning", {}),
    "FanoutAmplification": ("warning", {}),
    "TokenReplay": ("critical", {}),
    "AddressChurn": ("warning", {}),
    "ErrorRatioShift": ("warning", {}),
}
# True besides: who writes much makes many deliveries; who floods is part of what fails.
BESIDES = {"AuthFailureBurst", "ReconnectStorm", "DeliveryLatencyShift", "SlowConsumers", "TrafficVanished"}


@pytest.fixture(scope="module")
def incidents(shared, stream):
    """All at once: each has networks of its own, and the detectors must tell them apart."""
    assert alerts(shared) == [], "a relay that has just begun has nothing to tell"
    failures = []

    def play(deed):
        try:
            deed(shared)
        except BaseException as error:
            failures.append((deed.__name__, repr(error)))

    deeds = [stuffing, replay, churn, chatter, refusals]
    threads = [threading.Thread(target=play, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # These two look at the same counts.
    play(flood)
    play(downgrade)
    assert not failures, failures
    return shared


@pytest.mark.parametrize("name", SHORT)
def test_an_incident_is_told_everywhere(name, incidents, stream, receivers):
    relay, (manager, hook, _) = incidents, receivers
    severity, key = SHORT[name]
    alert = eventually(lambda: find(relay, name, **key), f"{name} on /alerts", PATIENCE)
    mark = alert["fingerprint"]
    assert alert["severity"] == severity and not alert["shadow"]
    assert alert["score"] >= 0.6 * alert["limit"] or alert["state"] == "resolved"
    assert alert["runbook_url"] == f"https://wiki.example/belfry/{name}.md"
    assert alert["summary"] and alert["description"] and alert["action"]
    assert alert["journal"].startswith("journalctl --since @") and "BELFRY_EVENT=" in alert["journal"]
    event = relay.event("alert.firing", alert=name, fingerprint=mark)
    assert event.priority == {"critical": "err", "warning": "warning", "info": "notice"}[severity]
    assert event["documentation"] == alert["runbook_url"] and event["detector"] == alert["detector"]
    assert float(event["observed"]) <= alert["peak"] * 1.01
    eventually(lambda: stream.told("firing", mark), f"{name} on the stream", PATIENCE)
    message = eventually(lambda: hook.told(mark, "firing"), f"{name} at the webhook", PATIENCE)
    assert message["version"] == "4" and message["groupLabels"] == {"alertname": name}
    assert relay.metrics().total("belfry_alert_firings_total", alert=name) >= 1
    one = json.loads(relay.side(f"/alerts/{mark}")[2])
    assert one["fingerprint"] == mark


def test_only_what_happened_is_told(incidents):
    assert {alert["name"] for alert in alerts(incidents)} <= SHORT.keys() | BESIDES


def test_alertmanager_and_the_relay_speak_of_the_same_alerts(incidents, receivers):
    relay, (manager, _, _) = incidents, receivers
    alert = eventually(lambda: find(relay, "AddressChurn", "firing"), "an alert that fires", PATIENCE)
    theirs = eventually(lambda: manager.alerts().get(alert["fingerprint"]), "it in Alertmanager", PATIENCE)
    assert theirs["labels"] == alert["labels"]
    assert theirs["annotations"]["summary"] == alert["summary"]
    ran = subprocess.run(
        ["amtool", f"--alertmanager.url=http://127.0.0.1:{relay.side_port}", "-o", "json", "alert", "query",
         "alertname=AddressChurn"], capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0, ran.stderr
    (ours,) = json.loads(ran.stdout)
    assert ours["fingerprint"] == alert["fingerprint"] and ours["labels"] == alert["labels"]
    none = subprocess.run(
        ["amtool", f"--alertmanager.url=http://127.0.0.1:{relay.side_port}", "-o", "json", "alert", "query",
         "alertname=~Token.*Nothing"], capture_output=True, text=True, timeout=20)
    assert none.returncode == 0 and json.loads(none.stdout) == []


@pytest.mark.parametrize("name", SHORT)
def test_an_incident_that_is_over_is_told_everywhere(name, incidents, stream, receivers):
    relay, (manager, hook, _) = incidents, receivers
    for closeable in relay.closeables:
        closeable.close()
    relay.closeables.clear()
    _, key = SHORT[name]
    alert = eventually(lambda: find(relay, name, "resolved", **key), f"{name} to be over", 2 * PATIENCE)
    mark = alert["fingerprint"]
    assert alert["resolved"] > alert["since"]
    relay.event("alert.resolved", alert=name, fingerprint=mark)
    eventually(lambda: stream.told("resolved", mark), "its end on the stream", PATIENCE)
    eventually(lambda: hook.told(mark, "resolved"), "its end at the webhook", PATIENCE)
    eventually(lambda: mark not in manager.alerts(), "its end in Alertmanager", PATIENCE)
    eventually(lambda: find(relay, name, "firing", **key) is None, "nothing of it to fire")
    eventually(lambda: relay.metrics().total("belfry_alert_active", alert=name) == 0, "the gauge to be 0", PATIENCE)


def test_deliveries_are_counted_and_nothing_was_refused(incidents, receivers):
    now = incidents.metrics()
    assert not receivers[1].refused, "a message with a wrong signature"
    for receiver in ("alertmanager", "webhook"):
        assert now.total("belfry_alert_deliveries_total", receiver=receiver, result="success") > 0
        assert now.total("belfry_alert_deliveries_total", receiver=receiver, result="failure") == 0


def test_a_follower_that_comes_back_hears_what_it_missed(incidents, stream):
    number = next(number for number, event, _ in stream.events if event == "firing")
    later = Stream(incidents, last_id=number)
    try:
        position = [known for known, _, _ in stream.events].index(number)
        expected = [known for known, _, _ in stream.events][position + 1:][:5]
        eventually(lambda: [known for known, _, _ in later.events][:5] == expected, "what it missed")
    finally:
        later.close()


def test_detectors_show_what_they_see(incidents):
    now = incidents.metrics()
    for detector in ("auth_failures", "silence", "limits", "connection_flood"):
        assert now.total("belfry_anomaly_learning", detector=detector) == 0
    assert now.total("belfry_unique_sources_estimate", window="24h") > 50
    assert now.total("belfry_unique_subjects_estimate", window="24h") > 5
    assert now.total("belfry_detector_tick_seconds_count") > 10
    report = detectors(incidents)
    assert report["enabled"] and report["tick_seconds"] == 1 and report["ticks"] > 10
    shown = report["detectors"]
    assert len(shown) == 16 and sum(len(one["alerts"]) for one in shown.values()) == 18
    assert shown["auth_failures"]["learning"] in ("on", "frozen") and shown["token_replay"]["learning"] == "never"
    for one in shown.values():
        assert one["state"] in ("quiet", "pending", "firing") and one["reason"] and one["seen"]["unit"]


# Limits that need no past, receivers that are gone, modes


def short_lived(directory):
    """A server certificate with two days to live."""
    key, certificate = directory / "short.key", directory / "short.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return {"certificate": str(certificate), "private_key": str(key)}


def test_a_certificate_that_ends_is_told_at_once_and_a_lost_receiver_does_not_matter(start, tmp_path):
    """Nothing is learnt yet, and nobody answers at Alertmanager's address."""
    nobody = free_port()
    relay = start(
        tls=short_lived(tmp_path),
        alerts={"tick": "1s", "alertmanager": [f"http://127.0.0.1:{nobody}/a-secret-path/"]})
    alert = eventually(lambda: find(relay, "ExpiryOrClock", item="certificate"), "the alert", PATIENCE)
    assert alert["severity"] == "critical" and alert["unit"] == "seconds" and alert["observed"] < 3 * 86_400
    shown = detectors(relay)["detectors"]
    limits = shown["limits"]
    assert (limits["state"], limits["learning"]) == ("firing", "never")
    assert limits["seen"]["unit"] == "seconds" and limits["seen"]["score"] >= limits["seen"]["limit"]
    assert limits["alerts"]["ExpiryOrClock"]["firing"] == 1 and limits["alerts"]["AuditLoss"]["firing"] == 0
    assert (shown["auth_failures"]["state"], shown["auth_failures"]["learning"]) == ("warming_up", "warming_up")
    failed = eventually(lambda: relay.events("alert.delivery_failed"), "the outage in the journal", PATIENCE)
    assert failed[0]["receiver"] == f"alertmanager http://127.0.0.1:{nobody}" and failed[0]["attempts"] == "3"
    assert not any("a-secret-path" in line for line in relay.lines())
    assert relay.metrics().total("belfry_alert_deliveries_total", receiver="alertmanager", result="failure") >= 3
    assert len(relay.events("alert.delivery_failed")) == 1
    relay.stop()
    assert oct(os.stat(relay.directory / "anomaly.state").st_mode & 0o777) == "0o600"


def test_a_damaged_state_is_refused_and_learnt_anew(start, tmp_path):
    state = tmp_path / "anomaly.state"
    state.write_bytes(b"BFAN" + os.urandom(1000))
    relay = start(alerts={"tick": "1s", "state_file": str(state)})
    assert any("learn anew" in line for line in relay.lines())
    eventually(lambda: relay.metrics().total("belfry_anomaly_learning", detector="auth_failures") == 1, "learning")
    relay.stop()
    again = start(alerts={"tick": "1s", "state_file": str(state)})
    assert not any("learn anew" in line for line in again.lines())


def test_a_switched_off_detector_says_nothing_and_one_in_the_shadow_wakes_nobody(start, tmp_path, past):
    settings = configured(past, directory=tmp_path, detectors={"CredentialStuffing": "shadow", "TokenReplay": "off"})
    relay = start(**settings)
    replay(relay)
    stuffing(relay)
    alert = eventually(lambda: find(relay, "CredentialStuffing"), "the shadow", PATIENCE)
    assert alert["shadow"] and relay.event("alert.firing").priority == "info"
    assert find(relay, "TokenReplay") is None
    shown = detectors(relay)["detectors"]
    assert shown["token_replay"]["state"] == "off" and shown["token_replay"]["alerts"]["TokenReplay"]["mode"] == "off"
    stuffed = shown["failing_subjects"]
    assert stuffed["state"] == "firing" and "nobody is told" in stuffed["reason"]
    assert stuffed["alerts"]["CredentialStuffing"]["mode"] == "shadow"
    assert relay.metrics().total("belfry_alert_active") == 0
    assert relay.metrics().total("belfry_alert_firings_total") == 0
    assert json.loads(relay.side("/api/v2/alerts")[2]) == []


def test_alerts_that_are_off_cost_and_tell_nothing(start):
    relay = start(alerts={"enabled": False})
    assert alerts(relay) == []
    assert relay.metrics().total("belfry_detector_tick_seconds_count") == 0
    report = detectors(relay)
    assert not report["enabled"] and report["judged"] is None and report["detectors"] == {}


def reload(relay, **changes):
    known = len(relay.events("config.loaded"))
    relay.configuration["alerts"] |= changes
    relay.path.write_text(json.dumps(relay.configuration))
    relay.signal(signal.SIGHUP)
    eventually(lambda: len(relay.events("config.loaded")) > known, "the reload")
    return relay.events("config.loaded")[-1]


def test_a_reload_changes_receivers_and_modes_and_forgets_nothing(start, tmp_path, past, receivers):
    relay = start(**configured(past, directory=tmp_path))
    stuffing(relay)
    mark = eventually(lambda: find(relay, "CredentialStuffing"), "the alert", PATIENCE)["fingerprint"]
    # A receiver that is new hears of what fires.
    _, hook, key = receivers
    already = len(hook.messages)
    told = lambda status: any(
        alert["status"] == status and alert["fingerprint"] == mark
        for message in hook.messages[already:] for alert in message["alerts"])
    loaded = reload(relay, webhook=[{"url": hook.url, "secret_file": str(key)}])
    assert (loaded["changed_keys"], loaded["restart_keys"]) == ("alerts.webhook", None)
    eventually(lambda: told("firing"), "the alert at the new receiver", PATIENCE)
    # One that shall wake nobody is over for those it has woken.
    reload(relay, detectors={"CredentialStuffing": "shadow"})
    eventually(lambda: told("resolved"), "its end at the receiver", PATIENCE)
    assert find(relay, "CredentialStuffing", "firing")["shadow"]
    loaded = reload(relay, tick="2s", state_file="")
    assert loaded["changed_keys"] == loaded["restart_keys"] == "alerts.state_file,alerts.tick"
    # Off and on again: nothing fires, nothing is learnt anew.
    reload(relay, enabled=False)
    eventually(lambda: find(relay, "CredentialStuffing", "firing") is None, "nothing to fire")
    reload(relay, enabled=True, detectors={})
    ticks = relay.metrics().total("belfry_detector_tick_seconds_count")
    eventually(lambda: relay.metrics().total("belfry_detector_tick_seconds_count") > ticks + 1, "some ticks", PATIENCE)
    assert relay.metrics().total("belfry_anomaly_learning", detector="connection_flood") == 0
    stuffing(relay)
    eventually(lambda: (find(relay, "CredentialStuffing", "firing") or {"shadow": True})["shadow"] is False, "it again",
               PATIENCE)


def test_detectors_that_were_off_at_the_start_are_switched_on_by_a_reload(start, tmp_path):
    relay = start(tls=short_lived(tmp_path), alerts={"tick": "1s", "enabled": False})
    assert alerts(relay) == [] and not detectors(relay)["enabled"]
    reload(relay, enabled=True)
    eventually(lambda: find(relay, "ExpiryOrClock"), "the alert", PATIENCE)
    assert detectors(relay)["enabled"] and "limits" in detectors(relay)["detectors"]
    # What is off shows nothing of what it saw before.
    reload(relay, enabled=False)
    eventually(lambda: not detectors(relay)["enabled"] and not detectors(relay)["detectors"], "/detectors to say so")
    reload(relay, enabled=False)
    eventually(lambda: not alerts(relay, "firing"), "nothing to fire")


def test_an_alert_is_an_entry_of_the_journal(start, tmp_path):
    relay = start(tls=short_lived(tmp_path), alerts={"tick": "1s"}, journal={"mode": "required"})
    alert = eventually(lambda: find(relay, "ExpiryOrClock"), "the alert", PATIENCE)

    def entries():
        ran = subprocess.run(
            ["journalctl", "-o", "json", "--no-pager", f"BELFRY_FINGERPRINT={alert['fingerprint']}",
             f"_PID={relay.process.pid}"], capture_output=True, text=True, timeout=20)
        return [json.loads(line) for line in ran.stdout.splitlines()]

    (entry,) = eventually(entries, "the entry")
    assert entry["PRIORITY"] == "3" and entry["BELFRY_EVENT"] == "alert.firing"
    assert entry["MESSAGE_ID"] == "54eb484ad0aa4f0ea56d15db0a166eee" and entry["SYSLOG_FACILITY"] == "10"
    assert entry["BELFRY_KEY"] == "item=certificate" and entry["BELFRY_UNIT"] == "seconds"
    assert entry["BELFRY_DOCUMENTATION"].endswith("ExpiryOrClock.md")
    text = subprocess.run(
        ["journalctl", "-x", "--no-pager", f"_PID={relay.process.pid}", "BELFRY_EVENT=alert.firing"],
        capture_output=True, text=True, timeout=20).stdout
    assert "ExpiryOrClock fires" in text and "@BELFRY_" not in text


# The other incidents, and what only looks like one


PUBLISHING = {"namespaces": {"news": {"allow_subscribe_for_client": True, "allow_publish_for_client": True}}}
LONG = {
    "AuthFailureBurst": (burst, {}), "DistributedStuffing": (trickle, {}), "ReconnectStorm": (storm, {}),
    "SlowConsumers": (slowness, {"client_net": "127.8.8.0/24"}), "DeliveryLatencyShift": (lag, {}),
    "LimiterSaturation": (pressure, {}), "TrafficVanished": (silence, {}),
}


@pytest.mark.long
@pytest.mark.parametrize("name", LONG)
def test_each_other_incident_begins_and_ends(name, start, tmp_path, past):
    deed, key = LONG[name]
    settings = configured(past, directory=tmp_path) | {"channels": PUBLISHING}
    if name == "LimiterSaturation":
        settings["limits"] = {"enabled": True, "refusals_before_disconnect": 0, "address": {"handshakes": {"rate": "off"}}}
    relay = start(**settings)
    deed(relay)
    alert = eventually(lambda: find(relay, name, **key), f"{name} on /alerts", PATIENCE)
    relay.event("alert.firing", alert=name, fingerprint=alert["fingerprint"])
    for closeable in relay.closeables:
        closeable.close()
    relay.closeables.clear()
    if name == "TrafficVanished":
        talker = relay.member("back", ["quiet:again"])

    def is_over():
        if name == "TrafficVanished":
            talker.publish("quiet:again", {})
        return find(relay, name, "resolved", **key)
    eventually(is_over, f"{name} to be over", 3 * PATIENCE)
    relay.event("alert.resolved", alert=name, fingerprint=alert["fingerprint"])


def office(relay):
    """Twenty-five people behind one address begin their day."""
    for number in range(25):
        relay.member(f"colleague{number}", ["quiet:office"], source="127.20.1.1")


def deploy(relay):
    """Forty clients are sent away a few at a time, and come back."""
    members = {number: relay.member(f"client{number}", source=f"127.21.{number}.1") for number in range(40)}

    def wave(tick):
        for number in range(4 * tick, 4 * tick + 4):
            members[number].leave()
            members[number] = relay.member(f"client{number}", source=f"127.21.{number}.1")
    each_tick(10, wave)


def refresh(relay):
    """Everybody's token ends at the same hour."""
    members = [relay.member(f"guest{number}", source=f"127.22.{number}.1") for number in range(30)]
    for number, member in enumerate(members):
        assert "refresh" in member.ask("refresh", token=relay.token(f"guest{number}"))


def ramp(relay):
    """Three times the messages within half an hour of the detectors."""
    members = [relay.member(f"talker{number}", ["quiet:hall"], source=f"127.23.{number}.1") for number in range(5)]

    def wave(tick):
        for number in range(3 + tick // 5):
            members[number % 5].publish("quiet:hall", {"n": tick})
    each_tick(30, wave)


@pytest.mark.long
@pytest.mark.parametrize("deed", [office, deploy, refresh, ramp])
def test_what_only_looks_like_an_incident_is_none(deed, start, tmp_path, past):
    relay = start(**configured(past, directory=tmp_path))
    chatter = relay.member("chatter", ["quiet:lobby"])
    running = threading.Event()

    def talk():  # a house is never quite still
        while not running.wait(0.5):
            chatter.publish("quiet:lobby", {})
    thread = threading.Thread(target=talk)
    thread.start()
    try:
        deed(relay)
        before = relay.metrics().total("belfry_detector_tick_seconds_count")
        eventually(lambda: relay.metrics().total("belfry_detector_tick_seconds_count") >= before + 4, "four ticks")
    finally:
        running.set()
        thread.join()
    assert alerts(relay) == []


@pytest.mark.long
def test_lost_audit_entries_are_an_alert(start, past, tmp_path):
    journald = int(os.environ["BELFRY_JOURNALD_PID"])
    settings = configured(past, directory=tmp_path)
    relay = start(**settings | {"journal": {"mode": "required", "audit_queue": 64, "info_queue": 64}})
    os.kill(journald, signal.SIGSTOP)
    try:
        for number in range(100):
            relay.member(f"passer-by{number}").leave()
        alert = eventually(lambda: find(relay, "AuditLoss"), "the alert", PATIENCE)
        assert alert["severity"] == "critical" and alert["unit"] == "entries"
    finally:
        os.kill(journald, signal.SIGCONT)
    eventually(lambda: find(relay, "AuditLoss", "resolved"), "its end", 2 * PATIENCE)
