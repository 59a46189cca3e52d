"""A relay of its own for a test: configuration, process, journal lines, metrics, and what must hold at its end."""

import json
import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import tokens
from waiting import PATIENCE, eventually
from wire import Client, Connection

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("BELFRY_BIN", ROOT / ".build/release"))

# Everything on that a test may need; namespaces for what must be off.
OPEN = {
    "presence": True,
    "join_leave": True,
    "allow_subscribe_for_client": True,
    "allow_publish_for_subscriber": True,
    "allow_presence_for_subscriber": True,
}
CHANNELS = {
    "default": OPEN,
    "namespaces": {
        "chat": OPEN | {"force_push_join_leave": True, "allow_user_limited_channels": True},
        "quiet": {"allow_subscribe_for_client": True, "allow_publish_for_subscriber": True},
        "free": OPEN
        | {"allow_publish_for_client": True, "allow_presence_for_client": True}
        | {f"allow_{what}_for_anonymous": True for what in ("subscribe", "publish", "presence")},
        "news": {"allow_subscribe_for_client": True},
        "object": OPEN | {"publication_data_format": "json_object"},
        "locked": {},
    },
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def merged(base, changes):
    """`base` with `changes` laid over it, tables within tables."""
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


class Event:
    """A journal entry as `journal.mode: stderr` writes it: priority, event, "message", key=value…"""

    LINE = re.compile(r'^(\w+) ([a-z]+\.[a-z_]+) "((?:\\.|[^"\\])*)"(.*)$')
    FIELD = re.compile(r' ([a-z0-9_]+)=(?:"((?:\\.|[^"\\])*)"|(\S*))')

    def __init__(self, match):
        self.priority, self.name, self.message = match[1], match[2], match[3]
        self.fields = {name: quoted or bare for name, quoted, bare in self.FIELD.findall(match[4])}

    def __getitem__(self, name):
        return self.fields.get(name)

    def __repr__(self):
        return f"{self.name}{self.fields}"


class Relay:
    def __init__(self, directory, certificates, program="belfry", environment=None, **overrides):
        self.directory = Path(directory)
        self.certificates = Path(certificates)
        self.program = program
        self.port, self.side_port = free_port(), free_port()
        self.secret = secrets.token_hex(32).encode()
        self.private = [self.secret.decode()]
        self.closeables = []
        self.output, self.lock = [], threading.Condition()
        self.process = None
        (self.directory / "hmac.key").write_bytes(self.secret + b"\n")
        self.configuration = merged(self.base(), overrides)
        self.path = self.directory / "belfry.yaml"
        # JSON is YAML.
        self.path.write_text(json.dumps(self.configuration, indent=1))
        # The tests' own variables begin like the relay's, which knows all of its own and refuses others.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BELFRY_")}
        self.environment = inherited | (environment or {})

    def base(self):
        files = self.certificates
        return {
            "server": {"listen": [f"127.0.0.1:{self.port}"], "loops": 2, "drain": "1s"},
            "tls": {"certificate": str(files / "server.pem"), "private_key": str(files / "server.key")},
            "auth": {"hmac_secret_file": "hmac.key"},
            "client": {"origins": ["https://chat.example.com", "https://*.example.org"]},
            "channels": CHANNELS,
            # All tests come from one address.
            "limits": {"address": {"handshakes": {"rate": "off", "burst": 1000}}},
            "history": {"path": "history.db"},
            "side_port": {"listen": f"127.0.0.1:{self.side_port}"},
            "journal": {"mode": "stderr"},
            # One client more, where tests count them.
            "probe": {"interval": "0s"},
        }

    # Life

    def start(self):
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            eventually(self.is_ready, "the relay to be ready")
        except BaseException:
            self.process.kill()
            raise
        return self

    def command(self):
        command = [str(BINARIES / self.program)]
        return command + (["serve"] if self.program == "belfry" else []) + ["--config", str(self.path)]

    def read(self):
        for line in self.process.stdout:
            with self.lock:
                self.output.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.lock.notify_all()

    def is_ready(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n" + self.tail()
        try:
            return self.side("/readyz")[0] == 200
        except OSError:
            return False

    def tail(self, lines=60):
        return "\n".join(self.output[-lines:])

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, patience=PATIENCE):
        """SIGTERM and a clean exit; then nothing secret may stand in anything that was written."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.ended(patience)

    def ended(self, patience=PATIENCE):
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no end within {patience} s:\n" + self.tail()) from None
        self.reader.join(PATIENCE)
        assert code == 0, f"exit code {code}:\n" + self.tail()
        self.check_output()
        return code

    def check_output(self):
        text = "\n".join(self.output)
        for secret in self.private:
            assert secret not in text, "a secret, a token or a message stands in the output"
        for bad in ("Fatal error", "Sanitizer", "eyJhbGci"):
            assert bad not in text, f"{bad!r} in the output:\n" + self.tail()

    def finish(self):
        """What every test ends with: everybody leaves, nothing is left over, and the process ends well."""
        if self.process is None:
            return
        try:
            if self.process.poll() is None:
                for closeable in self.closeables:
                    closeable.close()
                self.check_rest()
            self.stop()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def check_rest(self):
        """With no client left, every gauge is back at 0 and the conservation laws hold to the unit."""
        eventually(lambda: not self.leftovers(), "every connection to be gone", PATIENCE)
        self.check_conservation(self.metrics())

    def leftovers(self):
        now = self.metrics()
        names = (
            "belfry_connections_open", "belfry_tls_handshakes_in_progress", "belfry_rooms",
            "belfry_room_memberships", "belfry_users", "belfry_outbound_queue_messages", "belfry_outbound_queue_bytes",
        )
        return {name: now.total(name) for name in names if now.total(name)}

    @staticmethod
    def check_conservation(now):
        """The laws of ops/metrics.md, at rest."""
        accepts = now.total("belfry_listener_accepts_total")
        rejects = now.total("belfry_listener_rejects_total")
        closed = now.total("belfry_connections_closed_total")
        assert accepts == rejects + now.total("belfry_connections_open") + closed
        assert now.total("belfry_fanout_recipients_sum") == (
            now.total("belfry_messages_delivered_total") + now.total("belfry_messages_dropped_total")
            + now.total("belfry_outbound_queue_messages"))
        assert accepts - rejects == (
            now.total("belfry_tls_handshakes_total") + now.total("belfry_tls_handshake_failures_total")
            + now.total("belfry_tls_handshakes_in_progress"))
        assert now.total("belfry_connection_duration_seconds_count") == closed

    # Clients

    def tls_context(self, **versions):
        context = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        for name, version in versions.items():
            setattr(context, name, version)
        return context

    def open(self, context=None, **options):
        """A TLS connection."""
        connection = Connection(self.port, context or self.tls_context(), **options)
        self.closeables.append(connection)
        return connection

    def client(self, fields=(), path="/connection/websocket", early=b"", **options):
        """A WebSocket connection; look at `response` whether it is one."""
        return Client(self.open(**options), fields, path, early)

    def member(self, user="ada", channels=(), fields=(), source=None, **claims):
        """A client that is connected by token, and subscribed; `fields` are added to its handshake."""
        client = self.client(fields, source=source)
        assert client.response.status == 101, client.response.status
        reply = client.connect(self.token(user, **claims))
        assert "connect" in reply, reply
        for channel in channels:
            reply = client.subscribe(channel)
            assert "subscribe" in reply, reply
        return client

    def token(self, user="ada", ttl=3600, **claims):
        claims = {"sub": user, "exp": tokens.expiry(ttl)} | claims
        return self.hide(tokens.sign(self.secret, {key: value for key, value in claims.items() if value is not None}))

    def subscription_token(self, channel, user="ada", ttl=3600, **claims):
        return self.token(user, ttl, channel=channel, **claims)

    def hide(self, text):
        """Remembers what must never be written anywhere."""
        self.private.append(text)
        return text

    def body(self, label="text"):
        """A message body that must never be written anywhere."""
        return {label: self.hide("body-" + secrets.token_hex(8))}

    # What it says

    def lines(self):
        with self.lock:
            return list(self.output)

    def events(self, name=None):
        matches = (Event.LINE.match(line) for line in self.lines())
        events = [Event(match) for match in matches if match]
        return [event for event in events if name in (None, event.name)]

    def event(self, name, **fields):
        """The first event of a name with these fields, once it is written."""
        def find():
            for event in self.events(name):
                if all(event[key] == str(value) for key, value in fields.items()):
                    return event
            return None
        return eventually(find, f"the event {name} {fields}")

    def side(self, path, method="GET", **headers):
        """Status, headers and body of an answer of the side port."""
        address = f"http://127.0.0.1:{self.side_port}{path}"
        request = urllib.request.Request(address, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def metrics(self):
        status, _, page = self.side("/metrics")
        assert status == 200, status
        return Metrics(page.decode())

    def metric_becomes(self, name, value, **labels):
        return eventually(lambda: self.metrics().total(name, **labels) == value, f"{name}{labels} to be {value}")

    @property
    def url(self):
        return f"wss://localhost:{self.port}/connection/websocket"

    def memory(self):
        """Private memory in bytes."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(value) for value in re.findall(r"^Private_\w+: +(\d+) kB", text, re.M)) * 1024


class Metrics:
    """One scrape in the text format."""

    SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')

    def __init__(self, page):
        self.page = page
        self.series = {}
        for line in page.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = self.SAMPLE.match(line).groups()
            labels = tuple(sorted(re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', labels or "")))
            self.series[name, labels] = float(value)

    def total(self, name, **labels):
        """The sum over all series of a name with these labels; a name that is not there fails."""
        found = [
            value for (other, pairs), value in self.series.items()
            if other == name and labels.items() <= dict(pairs).items()
        ]
        assert found, f"no series {name}{labels}"
        return sum(found)

    def changes(self, earlier):
        """Every series that changed, with the difference."""
        return {
            key: value - earlier.series.get(key, 0.0)
            for key, value in self.series.items() if value != earlier.series.get(key, 0.0)
        }
