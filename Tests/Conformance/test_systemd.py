"""Belfry as a service, as far as it can be seen without systemd running: units, notifications, sockets.

What takes a real first process stands in units.py, and runs in a container (--long).
"""

import array
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from relay import BINARIES, ROOT, Relay
from waiting import PATIENCE, eventually
from wire import read_closes

HERE = os.path.dirname(__file__)
UNITS = sorted((ROOT / "ops/systemd").glob("belfry*.*"))
UNITS = [unit for unit in UNITS if unit.suffix in (".service", ".socket", ".timer")]
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


class Manager:
    """The other end of NOTIFY_SOCKET: every message with the time it came."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(self.path)
        self.messages = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            data, ancillary, _, _ = self.socket.recvmsg(4096, 4096)
            for level, kind, payload in ancillary:
                # BARRIER=1 waits until the descriptor that came with it is closed.
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    for descriptor in array.array("i", payload[: len(payload) // 4 * 4]):
                        os.close(descriptor)
            self.messages.append((time.monotonic(), dict(line.split("=", 1) for line in data.decode().splitlines())))

    def all(self, name):
        return [(at, message[name]) for at, message in list(self.messages) if name in message]

    def first(self, name, after=0.0):
        """When the first message with this assignment came, and its value."""
        return eventually(lambda: next(((at, value) for at, value in self.all(name) if at > after), None), name)


@pytest.fixture
def manager(tmp_path):
    return Manager(tmp_path)


def notifying(tmp_path_factory, certificates, manager, watchdog=2.0, **overrides):
    """A relay that has a manager; its watchdog's interval is in seconds."""
    # The relay is the process that the shell becomes, and WATCHDOG_PID names it.
    class Notifying(Relay):
        def command(self):
            return ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", *super().command()]

    environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(int(watchdog * 1e6))}
    return Notifying(tmp_path_factory.mktemp("relay"), certificates, environment=environment, **overrides)


@pytest.fixture
def start_notifying(tmp_path_factory, certificates, manager):
    started = []

    def start(**options):
        started.append(notifying(tmp_path_factory, certificates, manager, **options).start())
        return started[-1]

    yield start
    for relay in started:
        relay.finish()


# Unit files


def test_units_are_what_systemd_understands():
    """Without a word on standard error: an unknown key alone is a warning and status 0."""
    paths = " ".join(f"'{unit}'" for unit in UNITS)
    # What the units start lies below /usr/local, which this mount namespace has of its own.
    script = (
        "mount -t tmpfs tmpfs /usr/local && mkdir -p /usr/local/bin /usr/local/libexec && "
        "cp /bin/true /usr/local/bin/belfry && cp /bin/true /usr/local/libexec/belfry-selfcheck && "
        f"exec systemd-analyze verify --man=no --recursive-errors=yes {paths}")
    ran = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script], capture_output=True, text=True)
    assert ran.returncode == 0 and not ran.stderr.strip(), ran.stderr
    assert len(UNITS) == 5


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_is_exposed_to_less_than_1_5(unit):
    ran = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", unit], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-400:] + ran.stderr


def test_the_unit_waits_longer_than_the_relay_drains():
    unit = (ROOT / "ops/systemd/belfry.service").read_text()
    stop = int(re.search(r"^TimeoutStopSec=(\d+)s$", unit, re.M)[1])
    for configuration in ("ops/systemd/belfry.yaml", "ops/belfry.yaml"):
        drain = int(re.search(r"^  drain: (\d+)s$", (ROOT / configuration).read_text(), re.M)[1])
        assert stop >= drain + 10, configuration


def test_the_configuration_for_systemd_is_good(tmp_path, certificates):
    """As installed, with a secret and certificates in their places."""
    (tmp_path / "tls").mkdir()
    for name in ("server.pem", "server.key"):
        (tmp_path / "tls" / name).write_bytes((certificates / name).read_bytes())
    (tmp_path / "hmac.key").write_text("k" * 64)
    (tmp_path / "belfry.yaml").write_bytes((ROOT / "ops/systemd/belfry.yaml").read_bytes())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BELFRY_")}
    ran = subprocess.run(
        [BINARIES / "belfry", "check-config", "--config", tmp_path / "belfry.yaml"], capture_output=True, text=True,
        env=environment)
    assert ran.returncode == 0, ran.stderr


def test_the_timer_fires_every_hour():
    ran = subprocess.run(["systemd-analyze", "calendar", "hourly"], capture_output=True, text=True)
    assert ran.returncode == 0 and "OnCalendar=hourly" in (ROOT / "ops/systemd/belfry-selfcheck.timer").read_text()


# Notifications


def test_the_manager_hears_the_life_of_the_relay(start_notifying, manager):
    """READY, signs of life in time, a reload between RELOADING and READY, STOPPING; in that order."""
    relay = start_notifying(watchdog=2.0)
    ready, _ = manager.first("READY")
    assert manager.messages[0][1]["READY"] == "1" and manager.messages[0][1]["STATUS"].startswith("serving ")
    eventually(lambda: len(manager.all("WATCHDOG")) >= 4, "four signs of life")
    times = [at for at, _ in manager.all("WATCHDOG")]
    gaps = [later - earlier for earlier, later in zip([ready, *times], times)]
    assert max(gaps) < 2.0, f"{max(gaps):.2f} s without a sign of life"

    relay.signal(signal.SIGHUP)
    reloading, _ = manager.first("RELOADING")
    message = next(message for _, message in manager.messages if "RELOADING" in message)
    assert abs(int(message["MONOTONIC_USEC"]) / 1e6 - reloading) < 1.0
    again, _ = manager.first("READY", after=reloading)
    assert manager.messages[[at for at, _ in manager.messages].index(again)][1]["STATUS"].startswith("serving ")

    relay.stop()
    stopping, _ = manager.first("STOPPING")
    assert ready < reloading < again < stopping
    last = manager.messages[-1][1]
    assert "STATUS" in last and int(last["EXTEND_TIMEOUT_USEC"]) >= 1_000_000


def test_a_refused_reload_is_told_and_ends(start_notifying, manager):
    relay = start_notifying()
    good = relay.path.read_text()
    relay.path.write_text("servers: {}\n" + good)
    relay.signal(signal.SIGHUP)
    reloading, _ = manager.first("RELOADING")
    again, _ = manager.first("READY", after=reloading)
    status = next(message["STATUS"] for at, message in manager.messages if at == again)
    assert "reload refused" in status
    relay.path.write_text(good)


def test_a_loop_that_stands_still_ends_the_signs_of_life(start_notifying, manager):
    """One loop of two, in a process that otherwise goes on; and they come back with it."""
    relay = start_notifying(watchdog=2.0)
    manager.first("WATCHDOG")
    helper = subprocess.Popen(
        [sys.executable, f"{HERE}/standstill.py", str(relay.process.pid), "loop-1"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    try:
        assert helper.stdout.readline() == "still\n"
        stopped = time.monotonic()
        # The side port answers: it is not the process that stands still.
        eventually(lambda: relay.side("/livez")[0] == 503, "the side port to say so")
        assert relay.side("/healthz")[0] == 503
        lines = relay.side("/livez?verbose")[2].decode().splitlines()
        assert [line[:9] for line in lines[:2]] == ["[+]loop-0", "[-]loop-1"]
        late = [at - stopped for at, _ in manager.all("WATCHDOG") if at > stopped]
        assert all(seconds < 1.0 for seconds in late), f"a sign of life after {max(late):.2f} s"
        assert time.monotonic() - stopped > 3.0, "it was seen too early to tell"
    finally:
        helper.communicate("")
    manager.first("WATCHDOG", after=time.monotonic())
    eventually(lambda: relay.side("/healthz")[0] == 200, "the loop to go on")


def test_a_drain_goes_on_being_alive(start_notifying, manager):
    """Loops that have nobody left have ended, and nobody must be killed for that."""
    relay = start_notifying(watchdog=2.0, server={"drain": "6s"}, client={"ping": "60s"})
    # Of two loops one has this client, and the client does not answer the close.
    client = relay.member("ada")
    relay.signal(signal.SIGTERM)
    assert client.closing() == (3001, "shutdown")
    stopping, _ = manager.first("STOPPING")
    relay.ended()
    times = [stopping, *(at for at, _ in manager.all("WATCHDOG") if at > stopping)]
    assert all(later - earlier < 2.0 for earlier, later in zip(times, times[1:]))


# Sockets


class Activated(Relay):
    """A relay whose two ports systemd-socket-activate has opened; the first connection starts it."""

    names = "wss:side"

    def command(self):
        ports = {"wss": [self.port], "side": [self.side_port]}.get(self.names, [self.port, self.side_port])
        listen = [word for port in ports for word in ("-l", f"127.0.0.1:{port}")]
        return ["systemd-socket-activate", *listen, f"--fdname={self.names}", *super().command()]

    def base(self):
        # On neither of these may it listen: the sockets take their place.
        base = super().base()
        if "wss" in self.names:
            base["server"]["listen"] = ["192.0.2.1:1"]
        if "side" in self.names:
            base["side_port"]["listen"] = "192.0.2.1:2"
        return base

    def knock(self):
        """The first connection, once somebody listens."""
        def connected():
            try:
                return socket.create_connection(("127.0.0.1", self.port if "wss" in self.names else self.side_port))
            except ConnectionRefusedError:
                return None
        return eventually(connected, "the socket")


@pytest.fixture
def start_activated(tmp_path_factory, certificates):
    started = []

    def start(**options):
        started.append(Activated(tmp_path_factory.mktemp("relay"), certificates, **options))
        return started[-1]

    yield start
    for relay in started:
        relay.finish()


def test_sockets_from_systemd_take_the_place_of_addresses(start_activated):
    relay = start_activated().start()
    assert relay.event("service.ready")["activated"] == "yes"
    opened = relay.event("listener.open")
    assert opened["fd_name"] == "wss" and opened["addr"] == f"127.0.0.1:{relay.port}"
    assert int(opened["backlog"]) > 0
    relay.member("ada").leave()
    assert relay.side("/metrics")[1]["Date"]


@pytest.mark.parametrize("names", ["wss", "side"])
def test_one_socket_leaves_the_other_port_to_the_configuration(names, monkeypatch, start_activated):
    monkeypatch.setattr(Activated, "names", names)
    relay = start_activated()
    knocking = threading.Thread(target=lambda: relay.knock().close())
    knocking.start()
    relay.start()
    knocking.join()
    assert relay.event("service.ready")["activated"] == "yes"
    assert relay.event("listener.open")["fd_name"] == ("wss" if names == "wss" else None)
    relay.member("ada").leave()


def test_the_connection_that_starts_it_is_served(start_activated):
    relay = start_activated()
    relay.process = subprocess.Popen(
        relay.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=relay.environment)
    relay.reader = threading.Thread(target=relay.read, daemon=True)
    relay.reader.start()

    def knock():
        try:
            return relay.member("ada", ["chat:room"])
        except ConnectionRefusedError:
            return None  # systemd-socket-activate has not begun to listen

    client = eventually(knock, "the first client to be served")
    client.leave()


def test_both_loops_get_clients_of_one_socket(start_activated):
    """Each connection's id tells nothing of its loop, so the loops' threads tell: both have worked."""
    relay = start_activated(limits={"enabled": False}).start()
    clients = [relay.member(f"user{n}") for n in range(40)]

    def ticks():
        spent = {}
        for task in os.listdir(f"/proc/{relay.process.pid}/task"):
            with open(f"/proc/{relay.process.pid}/task/{task}/comm") as comm:
                name = comm.read().strip()
            with open(f"/proc/{relay.process.pid}/task/{task}/status") as status:
                spent[name] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.M)[1])
        return [spent["loop-0"], spent["loop-1"]]

    slept = ticks()
    assert min(slept) * 4 > max(slept), slept
    for client in clients:
        client.leave()


def test_a_stop_in_the_middle_of_a_drain_ends_well(start_activated):
    relay = start_activated(server={"drain": "60s"}).start()
    clients = [relay.member(f"user{n}") for n in range(20)]
    relay.signal(signal.SIGTERM)
    relay.event("service.stopping")
    relay.signal(signal.SIGTERM)
    relay.ended(10)
    assert len(clients) == 20


def test_clients_that_come_during_a_drain_are_left_to_the_next(start_activated):
    """The socket outlives the relay where systemd holds it; so nobody is taken from its queue and turned away."""
    relay = start_activated(server={"drain": "4s"}, limits={"enabled": False}).start()
    members = [relay.member(f"user{n}") for n in range(20)]
    held = f"/proc/{relay.process.pid}/fd"
    public = os.readlink(f"{held}/3")

    def target(number):
        try:
            return os.readlink(f"{held}/{number}")
        except FileNotFoundError:  # closed since it was listed
            return None

    def watching():
        return [target(number) for number in os.listdir(held)].count(public)

    assert watching() == 1 + 2, "the one that was passed, and one for each loop"
    relay.signal(signal.SIGTERM)
    eventually(lambda: watching() == 1, "the loops to let the socket go")
    waiting = [socket.create_connection(("127.0.0.1", relay.port)) for _ in range(5)]
    assert {code for _, code, _ in read_closes(members)} == {3001}
    relay.ended()
    assert relay.event("service.stopped")["conns_total"] == "20"
    for client in waiting:
        client.close()


@pytest.mark.parametrize("names", ["wss:metrics", "unknown:side", "side:side"])
def test_a_socket_that_belfry_does_not_know_is_an_error(names, monkeypatch, tmp_path_factory, certificates):
    monkeypatch.setattr(Activated, "names", names)
    relay = Activated(tmp_path_factory.mktemp("relay"), certificates)
    process = subprocess.Popen(
        relay.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=relay.environment, text=True)
    connection = relay.knock()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "socket activation: " in output, output
    assert "side" in output and "Fatal" not in output
    connection.close()


def test_a_unix_socket_is_an_error(tmp_path_factory, tmp_path, certificates):
    relay = Relay(tmp_path_factory.mktemp("relay"), certificates)
    path = str(tmp_path / "public.sock")
    process = subprocess.Popen(
        ["systemd-socket-activate", "-l", path, "--fdname=wss", *relay.command()], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=relay.environment, text=True)

    def knock():
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
        except OSError:
            return None
        return connection

    connection = eventually(knock, "the socket")
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "descriptor 3 (wss) from systemd is not a listening TCP socket" in output, output
    connection.close()
