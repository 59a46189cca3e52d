"""Belfry under a real systemd: what the units of ops/systemd promise.

Runs in the container of nspawn.sh, as root, in the order written; test_units.py starts it and tells of each. Everything was
installed by ops/install, as an operator would.
"""

import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from relay import BINARIES, ROOT, Relay
from waiting import eventually
from wire import read_closes

HERE = Path(__file__).parent
DROPINS = Path("/run/systemd/system/belfry.service.d")
SOCKETS = ("belfry.socket", "belfry-side.socket")


def run(*command, check=True, **options):
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **options)
    assert not check or ran.returncode == 0, f"{command}: {ran.returncode}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    return ran


def show(name, unit="belfry.service"):
    return run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()


def drop_in(text):
    """Changes the service until `reset`; empty takes the change back."""
    DROPINS.mkdir(parents=True, exist_ok=True)
    (DROPINS / "test.conf").write_text(text)
    run("systemctl", "daemon-reload")


def entries(*match, namespace="belfry"):
    run("journalctl", f"--namespace={namespace}", "--sync") if namespace else run("journalctl", "--sync")
    words = [f"--namespace={namespace}"] if namespace else []
    output = run("journalctl", *words, "-o", "json", "--no-pager", "--all", *match).stdout
    return [json.loads(line) for line in output.splitlines()]


class Installed(Relay):
    """The service, with the clients and questions of any other relay under test."""

    def __init__(self, certificates):
        self.certificates = certificates
        self.port, self.side_port = 443, 9300
        self.secret = Path("/etc/belfry/hmac.key").read_bytes().rstrip(b"\n")
        self.private, self.closeables, self.output, self.lock = [], [], [], threading.Condition()

    @property
    def pid(self):
        return int(show("MainPID"))

    def start(self):
        run("systemctl", "start", *SOCKETS, "belfry.service")
        return self

    def reset(self):
        """Stopped, and as installed."""
        for closeable in self.closeables:
            closeable.close()
        self.closeables.clear()
        run("systemctl", "stop", *SOCKETS, "belfry.service")
        run("systemctl", "reset-failed", check=False)
        drop_in("")

    def crowd(self, count):
        return [self.member(f"user{n}", ["chat:hall"]) for n in range(count)]

    def certificate(self):
        """What clients are shown."""
        with socket.create_connection(("127.0.0.1", self.port)) as raw:
            context = ssl._create_unverified_context()
            with context.wrap_socket(raw, server_hostname="localhost") as connection:
                return connection.getpeercert(binary_form=True)


def install_certificate(directory):
    for name in ("server.pem", "server.key"):
        run("install", "-m", "0640", "-g", "belfry-tls", directory / name, "/etc/belfry/tls")


@pytest.fixture(scope="session")
def installed(certificates):
    run(ROOT / "ops/install", BINARIES / "belfry")
    install_certificate(certificates)
    relay = Installed(certificates)
    yield relay
    relay.reset()


@pytest.fixture
def service(installed):
    """Running as installed; a test that changes it leaves it for the next to mend."""
    conf = DROPINS / "test.conf"
    if show("ActiveState") == "failed" or conf.exists() and conf.read_text():
        installed.reset()
    return installed.start()


# Start, sockets, sandbox


def test_start_returns_when_the_relay_is_ready(installed):
    began = time.monotonic()
    installed.start()
    print(f"systemctl start took {time.monotonic() - began:.2f} s")
    assert installed.side("/readyz")[0] == 200
    assert show("ActiveState") == "active" and show("SubState") == "running"
    assert show("StatusText").startswith("serving 0 connections on [::]:443")
    ready = entries("BELFRY_EVENT=service.ready", f"_PID={installed.pid}")[0]
    assert ready["BELFRY_ACTIVATED"] == "yes"
    opened = entries("BELFRY_EVENT=listener.open", f"_PID={installed.pid}")
    assert [entry["BELFRY_FD_NAME"] for entry in opened] == ["wss"]
    assert opened[0]["BELFRY_ADDR"] == "[::]:443" and opened[0]["BELFRY_BACKLOG"] == "4096"


def test_ipv4_clients_of_the_common_socket_are_ipv4_clients(service):
    client = service.member("ada")
    opened = eventually(lambda: entries("BELFRY_EVENT=conn.open", f"_PID={service.pid}"), "the connection")
    assert opened[-1]["BELFRY_PEER_ADDR"] == "127.0.0.1"
    client.leave()


def test_a_client_starts_a_relay_that_is_not_there(service):
    run("systemctl", "stop", "belfry.service")
    assert show("ActiveState") == "inactive" and show("ActiveState", "belfry.socket") == "active"
    service.member("ada", ["chat:hall"]).leave()
    assert show("ActiveState") == "active"


def test_it_is_nobody_and_may_do_nothing(service):
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{service.pid}/status").read_text().splitlines()
                  if ":\t" in line)
    assert 61184 <= int(status["Uid"].split()[0]) <= 65519, "no dynamic user"
    for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    started = entries("BELFRY_EVENT=service.start", f"_PID={service.pid}")[0]
    assert started["_UID"] == status["Uid"].split()[0] and started["_CAP_EFFECTIVE"] == "0"
    assert started["_SYSTEMD_UNIT"] == "belfry.service"
    assert started["_SYSTEMD_INVOCATION_ID"] == show("InvocationID")
    ran = run("systemd-analyze", "security", "--threshold=15", "belfry.service")
    print(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", ["/etc/belfry/x", "/usr/local/x", "/var/log/x", "/x"])
def test_its_files_are_not_to_be_written(service, path):
    ran = run("nsenter", "-t", service.pid, "-m", "touch", path, check=False)
    assert "Read-only file system" in ran.stderr


def test_its_histories_lie_in_a_directory_of_its_own(service):
    state = Path("/var/lib/private/belfry")
    assert (state / "history.db").exists()
    assert oct(state.stat().st_mode & 0o777) == "0o700"
    assert oct((state / "history.db").stat().st_mode & 0o777) == "0o600"


def test_secrets_come_as_credentials(service):
    """The file is root's alone; the relay has a copy that only it can read."""
    assert oct(Path("/etc/belfry/hmac.key").stat().st_mode & 0o777) == "0o600"
    credential = Path("/run/credentials/belfry.service/hmac.key")
    assert credential.read_bytes().strip() == service.secret
    assert oct(credential.stat().st_mode & 0o777) == "0o400"
    # It judges tokens by that secret.
    service.member("ada").leave()


def test_a_private_key_can_be_a_credential(service, certificates):
    """It was root's alone; the certificate may stand where it stood."""
    key = Path("/root/vault.key")
    key.write_bytes((certificates / "server.key").read_bytes())
    key.chmod(0o600)
    drop_in("[Service]\nLoadCredential=vault.key:/root/vault.key\nEnvironment=BELFRY_TLS_PRIVATE_KEY=vault.key\n")
    run("systemctl", "restart", "belfry.service")
    service.member("ada").leave()


def test_its_entries_stand_in_a_journal_of_their_own(service):
    service.member("ada").leave()
    eventually(lambda: entries("BELFRY_EVENT=conn.close", f"_PID={service.pid}"), "the entry")
    assert entries("-u", "belfry.service", "BELFRY_EVENT=service.ready")
    assert not entries("BELFRY_EVENT=service.ready", namespace="")
    directories = [path.name for path in Path("/var/log/journal").iterdir()]
    assert any(name.endswith(".belfry") for name in directories), directories
    # The catalogue is installed.
    text = run("journalctl", "--namespace=belfry", "-x", "--no-pager", "BELFRY_EVENT=service.ready", "-n", "1").stdout
    assert "Defined-By: Belfry" in text and "@BELFRY" not in text


def test_an_alert_says_how_to_see_its_entries_in_that_journal(service, tmp_path):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-keyout", tmp_path / "server.key", "-out", tmp_path / "server.pem")
    install_certificate(tmp_path)
    drop_in("[Service]\nEnvironment=BELFRY_ALERTS_TICK=1s\n")
    try:
        run("systemctl", "restart", "belfry.service")
        (alert,) = eventually(lambda: json.loads(service.side("/alerts")[2])["alerts"], "the alert")
    finally:
        install_certificate(service.certificates)
    assert alert["name"] == "ExpiryOrClock" and " --namespace=belfry " in alert["journal"], alert["journal"]
    eventually(lambda: "Certificate localhost" in run(*alert["journal"].split(), "--no-pager").stdout, "its entries")


def test_it_fetches_keys_by_name_from_within_its_sandbox(service):
    asked = threading.Event()

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"keys": []}')

        def log_message(self, *words):
            pass

    issuer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=issuer.serve_forever, daemon=True).start()
    path = Path("/etc/belfry/belfry.yaml")
    good = path.read_text()
    address = f"http://localhost:{issuer.server_port}/jwks"
    path.write_text(good.replace("  hmac_secret_file", f"  jwks: ['{address}']\n  hmac_secret_file"))
    try:
        run("systemctl", "restart", "belfry.service")
        assert asked.wait(10)
    finally:
        path.write_text(good)
        issuer.shutdown()
        run("systemctl", "restart", "belfry.service")


# Reload


def test_a_reload_swaps_the_certificate_and_closes_nobody(service, tmp_path):
    client = service.member("ada", ["chat:hall"])
    before = service.certificate()
    pid = service.pid
    run(ROOT / "certs/make-dev-certs.sh", tmp_path)
    install_certificate(tmp_path)
    run("systemctl", "reload", "belfry.service")
    eventually(lambda: service.certificate() != before, "the new certificate")
    assert service.certificate() == ssl.PEM_cert_to_DER_cert(
        re.search("-----BEGIN CERT.*?-----END CERTIFICATE-----", (tmp_path / "server.pem").read_text(), re.S)[0])
    assert service.pid == pid and show("ActiveState") == "active"
    client.publish("chat:hall", 1)
    client.leave()


def test_a_reload_of_nonsense_changes_nothing_and_says_so(service, certificates):
    before = service.certificate()
    Path("/etc/belfry/tls/server.pem").write_text("nonsense")
    run("systemctl", "reload", "belfry.service")
    eventually(lambda: show("StatusText").startswith("reload refused"), "the status")
    assert service.certificate() == before and show("ActiveState") == "active"
    install_certificate(certificates)
    run("systemctl", "reload", "belfry.service")
    eventually(lambda: show("StatusText").startswith("serving"), "the status")


# Failures


def test_a_loop_that_stands_still_is_killed_and_the_relay_comes_back(service):
    """One thread of two loops, in a process that otherwise goes on: within 3 s of the watchdog's 2."""
    drop_in("[Service]\nWatchdogSec=2s\n")
    run("systemctl", "restart", "belfry.service")
    pid, restarts = service.pid, int(show("NRestarts"))
    helper = subprocess.Popen(
        [sys.executable, HERE / "standstill.py", str(pid), "loop-0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert helper.stdout.readline() == b"still\n"
    stuck = time.monotonic()
    assert service.side("/metrics")[0] == 200, "the process stands still, not its loop"
    eventually(lambda: int(show("NRestarts")) > restarts and show("ActiveState") == "active", "the restart")
    took = time.monotonic() - stuck
    print(f"killed and ready again {took:.2f} s after the loop stopped")
    assert took < 2 + 3
    assert service.pid != pid
    helper.communicate(b"")
    service.member("ada").leave()
    said = [entry["MESSAGE"] for entry in entries("-u", "belfry.service", "_PID=1", namespace="")]
    assert any("Watchdog timeout" in message for message in said), said
    assert any("killed, status=6/ABRT" in message or "dumped, status=6/ABRT" in message for message in said), said


def test_a_wrong_configuration_is_not_tried_again(service):
    run("systemctl", "stop", "belfry.service")
    path = Path("/etc/belfry/belfry.yaml")
    good = path.read_text()
    path.write_text(good + "servers: {}\n")
    try:
        assert run("systemctl", "start", "belfry.service", check=False).returncode != 0
        assert show("ExecMainStatus") == "78" and show("NRestarts") == "0" and show("ActiveState") == "failed"
        said = [entry["MESSAGE"] for entry in entries("-u", "belfry.service", "-n", "5")]
        assert any("/etc/belfry/belfry.yaml:" in message and "servers" in message for message in said), said
    finally:
        path.write_text(good)
    service.start()
    service.member("ada").leave()


def test_a_relay_that_dies_is_started_again_but_not_for_ever(service):
    service.reset()
    service.start()
    deaths = 0
    while show("ActiveState") != "failed":
        pid = service.pid
        os.kill(pid, signal.SIGKILL)
        deaths += 1
        assert deaths <= 6
        eventually(
            lambda: show("ActiveState") == "failed" or service.pid not in (0, pid) and show("ActiveState") == "active",
            "a restart, or the end of restarts")
    assert deaths == 5
    said = [entry["MESSAGE"] for entry in entries("-u", "belfry.service", "_PID=1", "-n", "5", namespace="")]
    assert any("Start request repeated too quickly" in message for message in said), said
    # A client is not left waiting for a relay that will not come.
    with pytest.raises(OSError):
        service.open()
    eventually(lambda: show("ActiveState", "belfry.socket") == "failed", "the socket to give up")
    run("systemctl", "reset-failed", "belfry*")
    service.start().member("ada").leave()


# Stop and restart


def test_everybody_is_told_before_the_end(service):
    clients = service.crowd(50)
    began = time.monotonic()
    run("systemctl", "stop", *SOCKETS, "belfry.service")
    took = time.monotonic() - began
    assert sorted({code for _, code, _ in read_closes(clients)}) == [3001]
    assert show("Result") == "success" and took < 5 + 1, took
    stopped = entries("BELFRY_EVENT=service.stopped")[-1]
    assert stopped["BELFRY_CLEAN"] == "yes"
    service.reset()


def test_a_drain_longer_than_the_units_time_is_waited_for(service):
    """The relay asks for the time that it needs."""
    drop_in("[Service]\nTimeoutStopSec=1s\nEnvironment=BELFRY_SERVER_DRAIN=8s\n")
    run("systemctl", "restart", "belfry.service")
    clients = service.crowd(40)
    began = time.monotonic()
    run("systemctl", "stop", *SOCKETS, "belfry.service")
    took = time.monotonic() - began
    assert took > 2, "too short to tell"
    assert show("Result") == "success", f"{show('Result')} after {took:.1f} s"
    assert sorted({code for _, code, _ in read_closes(clients)}) == [3001]


def test_nobody_is_refused_while_it_restarts(service):
    """Clients come all the time, and it restarts three times: all of them get in, some later."""
    service.crowd(20)
    end, lock = threading.Event(), threading.Lock()
    came, slowest, trouble = [], [0.0], []

    def client(number):
        while not end.is_set():
            began = time.monotonic()
            try:
                visitor = service.member(f"visitor{number}")
                visitor.leave()
                outcome = "admitted"
            except (OSError, AssertionError) as error:
                outcome = f"{type(error).__name__}: {str(error)[:80]}"
            with lock:
                came.append(outcome)
                slowest[0] = max(slowest[0], time.monotonic() - began)

    scrapes = []

    def scraper():
        while not end.wait(0.05):
            try:
                scrapes.append(str(service.side("/metrics")[0]))
            except OSError as error:
                scrapes.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=client, args=(number,)) for number in range(6)]
    scraping = threading.Thread(target=scraper)
    for thread in [*threads, scraping]:
        thread.start()
    for _ in range(3):
        count = len(came)
        eventually(lambda: len(came) > count + 100, "a hundred visitors")
        run("systemctl", "restart", "belfry.service")
    count = len(came)
    eventually(lambda: len(came) > count + 100, "a hundred visitors")
    end.set()
    for thread in [*threads, scraping]:
        thread.join()
    others = [outcome for outcome in came if outcome != "admitted"]
    print(f"{len(came)} visitors, {len(others)} cut: {sorted(set(others))}; the slowest took {slowest[0]:.1f} s")
    print(f"{len(scrapes)} scrapes: {({outcome: scrapes.count(outcome) for outcome in scrapes})}")
    assert not [outcome for outcome in others + scrapes if "refused" in outcome.lower()]
    assert len([outcome for outcome in scrapes if outcome != "200"]) <= 3, scrapes
    # At each restart the old relay may hold one handshake of each visitor.
    assert len(others) <= 3 * len(threads), others
    assert slowest[0] < 10


# The journal, the check


def test_the_journal_keeps_to_its_size(service):
    conf = Path("/etc/systemd/journald@belfry.conf.d/test.conf")
    conf.parent.mkdir()
    conf.write_text("[Journal]\nSystemMaxUse=16M\nSystemMaxFileSize=4M\n")
    run("systemctl", "restart", "systemd-journald@belfry.service")
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect("/run/systemd/journal.belfry/socket")
    for number in range(400):
        # Noise does not shrink.
        sender.send(f"MESSAGE=filler {number}\nFILLER={os.urandom(60_000).hex()}".encode())
    run("journalctl", "--namespace=belfry", "--sync")
    text = run("journalctl", "--namespace=belfry", "--disk-usage").stdout
    size = float(re.search(r"take up ([\d.]+)M", text)[1])
    print(f"48 MB were written, {size} MB are kept")
    assert size <= 16
    assert entries("-n", "1")[0]["MESSAGE"] == "filler 399"
    # The relay goes on writing there.
    service.member("after").leave()
    eventually(lambda: entries("BELFRY_EVENT=conn.close", "-n", "1"), "an entry after it")


def test_the_check_is_content_with_a_relay_that_is_well(service, certificates):
    run("systemctl", "start", "belfry-selfcheck.service")
    assert show("Result", "belfry-selfcheck.service") == "success"


def test_the_check_fails_when_a_certificate_is_about_to_end(service, certificates, tmp_path):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
        "-keyout", tmp_path / "server.key", "-out", tmp_path / "server.pem", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost")
    install_certificate(tmp_path)
    before = service.certificate()
    run("systemctl", "reload", "belfry.service")
    eventually(lambda: service.certificate() != before, "the certificate of three days")
    try:
        assert run("systemctl", "start", "belfry-selfcheck.service", check=False).returncode != 0
        said = [entry["MESSAGE"] for entry in entries("-t", "belfry-selfcheck", "-n", "5")]
        assert any("ends in 2 days" in message for message in said), said
    finally:
        install_certificate(certificates)
        run("systemctl", "reload", "belfry.service")


def test_the_check_starts_nothing_that_was_stopped(service):
    run("systemctl", "stop", "belfry.service")
    assert run("systemctl", "start", "belfry-selfcheck.service", check=False).returncode != 0
    assert show("ActiveState") == "inactive"


def test_an_installation_over_another_keeps_what_was_decided(service):
    path = Path("/etc/belfry/belfry.yaml")
    changed = path.read_text() + "# mine\n"
    path.write_text(changed)
    run(ROOT / "ops/install", BINARIES / "belfry")
    assert path.read_text() == changed
    assert Path("/etc/belfry/hmac.key").read_bytes().strip() == service.secret
    run("systemctl", "restart", "belfry.service")
    service.member("ada").leave()


def test_with_the_shortest_watchdog_it_lives_on_and_finds_its_own_entries(service):
    """The proof that entries arrive: the relay looks every half minute, and may by its group."""
    drop_in("[Service]\nWatchdogSec=2s\n")
    run("systemctl", "restart", "belfry.service")
    pid = service.pid

    def verified():
        return service.metrics().total("belfry_journal_last_verified_timestamp_seconds") > 0
    eventually(verified, "an entry read back", 45)
    assert service.pid == pid and show("NRestarts") == "0"
