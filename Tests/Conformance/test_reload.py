"""New certificates under load: no handshake fails, no connection closes."""

import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from relay import ROOT, merged
from waiting import eventually


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Two sets of certificates, each with a CA of its own."""
    directories = [tmp_path_factory.mktemp("pair") for _ in range(2)]
    for directory in directories:
        subprocess.run([ROOT / "certs/make-dev-certs.sh", directory], check=True)
    return directories


def install(pair, directory):
    """Both files, each replaced whole, the way an ACME client does it."""
    for name in ("server.key", "server.pem"):
        shutil.copy(pair / name, directory / f"new-{name}")
        os.replace(directory / f"new-{name}", directory / name)


def fingerprint(connection):
    return hashlib.sha256(connection.tls.getpeercert(binary_form=True)).hexdigest()


def leaf(pair):
    pem = (pair / "server.pem").read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@pytest.fixture
def relay(start, pairs, tmp_path):
    install(pairs[0], tmp_path)
    relay = start(
        tls={"certificate": str(tmp_path / "server.pem"), "private_key": str(tmp_path / "server.key")},
        limits={"enabled": False})
    relay.directory = tmp_path
    trust = (pairs[0] / "ca.pem").read_text() + (pairs[1] / "ca.pem").read_text()
    relay.tls_context = lambda: ssl.create_default_context(cadata=trust)
    return relay


def reloads(relay, result):
    return relay.metrics().total("belfry_tls_certificate_reloads_total", result=result)


def test_six_swaps_under_load(relay, pairs):
    members = [relay.member(f"user{n}", ["quiet:room"]) for n in range(50)]
    failures, handshakes, stop = [], [0], threading.Event()

    def hammer():
        while not stop.is_set():
            try:
                connection = relay.open()
                connection.close()
                handshakes[0] += 1
            except OSError as error:
                failures.append(error)

    threads = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for round in range(1, 7):
            pair = pairs[round % 2]
            install(pair, relay.directory)
            relay.signal(signal.SIGHUP)
            eventually(lambda: reloads(relay, "success") == round, f"reload {round}")
            eventually(lambda: fingerprint(relay.open()) == leaf(pair), "the new certificate")
            # Every loop has it: connections are spread over them.
            assert {fingerprint(relay.open()) for _ in range(8)} == {leaf(pair)}
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures and handshakes[0] > 50, (handshakes, failures[:3])
    sender = members[0]
    sender.publish("quiet:room", relay.body())
    for member in members:
        assert member.push()["channel"] == "quiet:room"
    assert reloads(relay, "failure") == 0
    assert len(relay.events("tls.cert_loaded")) == 7
    assert relay.metrics().total("belfry_tls_handshake_failures_total") == 0


BROKEN = {
    "no certificate": lambda directory: (directory / "server.pem").unlink(),
    "no key": lambda directory: (directory / "server.key").unlink(),
    "half a certificate": lambda directory: (directory / "server.pem").write_bytes(
        (directory / "server.pem").read_bytes()[:300]),
    "not PEM": lambda directory: (directory / "server.pem").write_text("hello\n"),
    "empty key": lambda directory: (directory / "server.key").write_text(""),
}


def test_the_first_load_of_a_configuration_counts(relay):
    now = relay.metrics()
    assert now.total("belfry_config_last_reload_successful") == 1
    assert abs(now.total("belfry_config_last_reload_success_timestamp_seconds") - time.time()) < 60


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_keeps_the_old(name, relay, pairs):
    member = relay.member("ada")
    BROKEN[name](relay.directory)
    relay.signal(signal.SIGHUP)
    eventually(lambda: reloads(relay, "failure") == 1, "the failed reload to be counted")
    rejected = relay.event("config.rejected")
    assert "server.pem" in rejected["error"] or "server.key" in rejected["error"], rejected
    assert relay.metrics().total("belfry_config_last_reload_successful") == 0
    assert fingerprint(relay.open()) == leaf(pairs[0])
    # A repaired file is taken.
    install(pairs[1], relay.directory)
    relay.signal(signal.SIGHUP)
    eventually(lambda: fingerprint(relay.open()) == leaf(pairs[1]), "the repaired certificate")
    # Loops may be faster than who tells of them.
    relay.metric_becomes("belfry_config_last_reload_successful", 1)
    assert member.ask("unsubscribe", channel="x").get("unsubscribe") == {}


def test_a_key_of_another_certificate_keeps_the_old(relay, pairs):
    shutil.copy(pairs[1] / "server.key", relay.directory / "server.key")
    relay.signal(signal.SIGHUP)
    eventually(lambda: reloads(relay, "failure") == 1, "the failed reload to be counted")
    assert fingerprint(relay.open()) == leaf(pairs[0])


def test_a_broken_configuration_keeps_the_old(relay, pairs):
    good = relay.path.read_text()
    relay.path.write_text(good.replace('"loops"', '"lopps"'))
    relay.signal(signal.SIGHUP)
    rejected = relay.event("config.rejected")
    assert "lopps" in rejected["error"]
    relay.member("ada").leave()
    relay.path.write_text(good)
    relay.signal(signal.SIGHUP)
    eventually(lambda: relay.metrics().total("belfry_config_last_reload_successful") == 1, "the good one to be taken")


def reload(relay, **overrides):
    """The configuration with these changes, and the event that says it is loaded."""
    known = len(relay.events("config.loaded"))
    relay.configuration = merged(relay.configuration, overrides)
    relay.path.write_text(json.dumps(relay.configuration))
    relay.signal(signal.SIGHUP)
    eventually(lambda: len(relay.events("config.loaded")) > known, "the reload")
    return relay.events("config.loaded")[-1]


def test_a_reload_says_what_has_changed_and_what_waits_for_a_restart(relay):
    first = relay.event("config.loaded")
    assert first["changed_keys"] is None and first["restart_keys"] is None
    both = reload(relay, auth={"leeway": "5s"}, client={"ping": "20s"})
    assert both["changed_keys"] == "auth.leeway,client.ping"
    assert both["restart_keys"] == "client.ping"
    assert both["config_hash"] != first["config_hash"]
    # What waits goes on waiting; what has not changed since is not told again.
    again = reload(relay, auth={"leeway": "6s"})
    assert (again["changed_keys"], again["restart_keys"]) == ("auth.leeway", "client.ping")
    back = reload(relay, client={"ping": "25s"})
    assert (back["changed_keys"], back["restart_keys"]) == ("client.ping", None)


def test_a_certificate_with_another_name_has_its_expiry_at_once(relay, tmp_path):
    def expiries():
        metric = "belfry_tls_certificate_expiry_timestamp_seconds"
        series = relay.metrics().series
        return {dict(labels)["name"]: value - time.time() for (name, labels), value in series.items() if name == metric}

    assert list(expiries()) == ["localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "20",
         "-subj", "/CN=chat.example", "-addext", "subjectAltName=DNS:chat.example", "-keyout",
         relay.directory / "server.key", "-out", relay.directory / "server.pem"], check=True, capture_output=True)
    relay.signal(signal.SIGHUP)
    eventually(lambda: reloads(relay, "success") == 1, "the reload")
    now = expiries()
    assert list(now) == ["chat.example"] and abs(now["chat.example"] - 20 * 86400) < 600


def test_new_token_keys_are_taken_and_the_old_end(relay):
    member = relay.member("ada")
    old = relay.token("ada")
    relay.secret = b"k" * 64
    (relay.path.parent / "hmac.key").write_bytes(relay.secret)
    relay.signal(signal.SIGHUP)
    eventually(lambda: reloads(relay, "success") == 1, "the reload")
    relay.member("bob").leave()
    client = relay.client()
    client.send({"id": 1, "connect": {"token": old}})
    assert client.closing() == (3500, "invalid token")
    assert member.ask("unsubscribe", channel="x").get("unsubscribe") == {}


def test_tickets_survive_a_swap(relay, pairs):
    """Clients that come back resume, whatever certificate is now in force; or begin anew, but never fail."""
    context = relay.tls_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    first = relay.open(context)
    session = first.tls.session
    install(pairs[1], relay.directory)
    relay.signal(signal.SIGHUP)
    eventually(lambda: reloads(relay, "success") == 1, "the reload")
    with socket.create_connection(("127.0.0.1", relay.port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
            again.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert again.recv(100).startswith(b"HTTP/1.1 200")
