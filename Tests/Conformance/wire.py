"""A WebSocket client that says exactly what a test tells it to: any byte, any frame, in any order.

Blocking sockets with a deadline on every read. A library would not send what is wrong, nor show what came in which
frame.
"""

import base64
import collections
import hashlib
import json
import os
import select
import socket
import ssl
import struct
import time
import zlib

from waiting import PATIENCE

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PATH = "/connection/websocket"


class Closed(AssertionError):
    """The peer ended the connection where a test expected more from it."""


class Connection:
    """A TLS connection to the relay."""

    def __init__(self, port, context, alpn=("http/1.1",), server_name="localhost", receive_buffer=None, source=None):
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.raw.settimeout(PATIENCE)
        if source:
            # Any address of 127.0.0.0/8 is ours: other clients, other networks.
            self.raw.bind((source, 0))
        if receive_buffer:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.raw.connect(("127.0.0.1", port))
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        try:
            self.tls = context.wrap_socket(
                self.raw, server_hostname=server_name, suppress_ragged_eofs=False
            )
        except (OSError, ssl.SSLError):
            self.raw.close()
            raise
        self.buffer = b""
        self.sent_bytes = 0
        self.received_bytes = 0
        self.frames_sent = collections.Counter()
        self.frames_received = collections.Counter()
        self.takes_compressed = False
        self.compressed_frames = 0

    def send(self, data):
        self.sent_bytes += len(data)
        self.tls.sendall(data)

    def fill(self, patience=PATIENCE):
        """Reads once; returns False at an end with close_notify."""
        self.tls.settimeout(patience)
        try:
            data = self.tls.recv(65536)
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Closed(f"reset: {error}") from error
        except ssl.SSLEOFError as error:
            raise Closed("the stream ended without close_notify") from error
        self.received_bytes += len(data)
        self.buffer += data
        return bool(data)

    def take(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Closed(f"the end, after {self.buffer[:200]!r}")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_until(self, mark):
        while mark not in self.buffer:
            if not self.fill():
                raise Closed(f"the end, after {self.buffer[:200]!r}")
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def is_ended(self, patience=PATIENCE):
        """Whether the peer ends the connection without another byte."""
        try:
            return not self.buffer and not self.fill(patience)
        except Closed:
            return True

    def close(self):
        try:
            self.tls.close()
        except OSError:
            pass


class Response:
    """An HTTP answer."""

    def __init__(self, connection):
        head = connection.take_until(b"\r\n\r\n").decode("latin-1")
        lines = head.split("\r\n")
        self.version, status, *reason = lines[0].split(" ", 2)
        self.status, self.reason = int(status), "".join(reason)
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())
        self.body = b""

    def __getitem__(self, name):
        values = self.headers.get(name.lower(), [])
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return values[0] if values else None

    def read_body(self, connection):
        self.body = connection.take(int(self["Content-Length"] or 0))
        return self


def request(connection, text, method="GET"):
    """Sends a request head, given whole, and reads the answer."""
    connection.send(text.encode("latin-1") if isinstance(text, str) else text)
    response = Response(connection)
    if method != "HEAD" and response.status != 101:
        response.read_body(connection)
    return response


def head(path=PATH, fields=(), method="GET", key=None, host="localhost", leave_out=()):
    """The head of an opening handshake. `fields` are added, or replace those of the same name."""
    standard = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key or base64.b64encode(os.urandom(16)).decode(),
    }
    replaced = {name.lower() for name, _ in fields} | {name.lower() for name in leave_out}
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in standard.items() if name.lower() not in replaced]
    lines += [f"{name}: {value}" for name, value in fields]
    return "\r\n".join(lines) + "\r\n\r\n"


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, mask=None, length_bytes=None):
    """One frame. `length_bytes` forces the long forms of the length."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    count = len(payload)
    if length_bytes is None:
        length_bytes = 0 if count < 126 else 2 if count < 65536 else 8
    head = bytes([first]) + {
        0: lambda: bytes([count | (0x80 if masked else 0)]),
        2: lambda: bytes([126 | (0x80 if masked else 0)]) + struct.pack(">H", count),
        8: lambda: bytes([127 | (0x80 if masked else 0)]) + struct.pack(">Q", count),
    }[length_bytes]()
    if not masked:
        return head + payload
    mask = os.urandom(4) if mask is None else mask
    return head + mask + masking(payload, mask)


def masking(payload, mask):
    if not payload:
        return payload
    key = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(len(payload), "big")


def deflated(payload, level=6, window=15):
    """A message as permessage-deflate writes it, without context."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -window)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


def inflated(payload, window=15):
    """What such a message holds; nothing may be left over."""
    inflater = zlib.decompressobj(-window)
    text = inflater.decompress(payload + b"\0\0\xff\xff")
    assert not inflater.unconsumed_tail and not inflater.unused_data
    return text


def close_payload(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


class Frame:
    def __init__(self, connection):
        first, second = connection.take(2)
        self.fin, self.rsv, self.opcode = bool(first & 0x80), first >> 4 & 7, first & 15
        assert not second & 0x80, "the relay masked a frame"
        count = second & 127
        if count == 126:
            (count,) = struct.unpack(">H", connection.take(2))
            assert count >= 126, "length not minimal"
        elif count == 127:
            (count,) = struct.unpack(">Q", connection.take(8))
            assert count >= 65536, "length not minimal"
        self.payload = connection.take(count)
        connection.frames_received[self.opcode] += 1
        assert self.fin, "the relay sends whole frames"
        if self.rsv == 4 and connection.takes_compressed and self.opcode in (TEXT, BINARY):
            connection.compressed_frames += 1
            self.compressed, self.payload = self.payload, inflated(self.payload)
        else:
            assert not self.rsv, "a reserved bit that nobody asked for"

    @property
    def close_code(self):
        return struct.unpack(">H", self.payload[:2])[0] if self.payload else None


class Client:
    """One WebSocket client, speaking the Centrifuge protocol in JSON."""

    def __init__(self, connection, fields=(), path=PATH, early=b""):
        self.connection = connection
        self.lines = []
        self.frames = []
        self.command_id = 0
        key = base64.b64encode(os.urandom(16)).decode()
        connection.send(head(path, fields, key=key).encode("latin-1") + early)
        self.response = Response(connection)
        if self.response.status != 101:
            self.response.read_body(connection)
            return
        proof = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        assert self.response["Sec-WebSocket-Accept"] == proof
        assert self.response["Upgrade"].lower() == "websocket"
        self.extensions = self.response["Sec-WebSocket-Extensions"]
        connection.takes_compressed = self.extensions is not None

    # What goes out

    def send_frame(self, opcode, payload=b"", **form):
        self.connection.frames_sent[opcode] += 1
        self.connection.send(frame(opcode, payload, **form))

    def send_text(self, text):
        self.send_frame(TEXT, text if isinstance(text, bytes) else text.encode())

    def send(self, *commands):
        """Commands as one frame."""
        self.send_text("\n".join(json.dumps(command, separators=(",", ":")) for command in commands))

    def ask(self, kind, **request):
        """Sends one command and returns its reply; pushes that come first wait in `lines`."""
        self.command_id += 1
        self.send({"id": self.command_id, kind: request})
        return self.reply(self.command_id)

    def connect(self, token=None, **request):
        if token is not None:
            request["token"] = token
        reply = self.ask("connect", **request)
        self.id = reply.get("connect", {}).get("client")
        return reply

    def subscribe(self, channel, **request):
        return self.ask("subscribe", channel=channel, flag=1, **request)

    def publish(self, channel, data):
        return self.ask("publish", channel=channel, data=data)

    # What comes in

    def next_frame(self):
        return Frame(self.connection)

    def next_line(self):
        """The next line of the protocol, as it came; pings are answered and left out."""
        while True:
            if self.lines:
                return self.lines.pop(0)
            self.read_lines()

    def read_lines(self):
        received = self.next_frame()
        if received.opcode == CLOSE:
            raise Closed(f"close {received.close_code} {received.payload[2:].decode()}")
        if received.opcode == PING:
            return self.send_frame(PONG, received.payload)
        assert received.opcode == TEXT, f"opcode {received.opcode}"
        for line in received.payload.decode().split("\n"):
            if line == "{}":
                self.send_text("{}")
            else:
                assert line, f"an empty line in {received.payload[:200]!r}"
                self.lines.append(line)

    def next(self):
        return json.loads(self.next_line())

    def reply(self, command_id):
        """The reply to a command; pushes stay where they are."""
        seen = 0
        while True:
            for index in range(seen, len(self.lines)):
                message = json.loads(self.lines[index])
                if message.get("id") == command_id:
                    del self.lines[index]
                    return message
            seen = len(self.lines)
            self.read_lines()

    def push(self, kind="pub"):
        """The next push of a kind; others before it are dropped."""
        while True:
            message = self.next()
            if kind in message.get("push", {}):
                return message["push"]

    def closing(self):
        """Reads to the relay's close frame, answers it, reads to the end; returns code and reason."""
        while True:
            received = self.next_frame()
            if received.opcode == CLOSE:
                break
            if received.opcode == TEXT:
                self.lines += [line for line in received.payload.decode().split("\n") if line != "{}"]
        code, reason = received.close_code, received.payload[2:].decode()
        try:
            self.send_frame(CLOSE, received.payload[:2])
            assert self.connection.is_ended(), "bytes behind the close frame"
        except (OSError, ssl.SSLError):
            pass  # the relay may have shut its side already
        return code, reason

    def leave(self):
        """An orderly goodbye."""
        self.send_frame(CLOSE, close_payload(1000))
        while True:
            received = self.next_frame()
            if received.opcode == CLOSE:
                break
        assert self.connection.is_ended()
        self.close()
        return received.close_code

    def close(self):
        self.connection.close()


def readable(clients, patience):
    """Those of many clients that have something to read."""
    ready = [client for client in clients if client.connection.buffer or client.connection.tls.pending()]
    if ready:
        return ready
    poll = select.poll()
    by_descriptor = {client.connection.tls.fileno(): client for client in clients}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    return [by_descriptor[descriptor] for descriptor, _ in poll.poll(patience * 1000)]


def read_closes(clients, patience=PATIENCE):
    """Reads many clients to their close frames; returns (client, code, seconds since the call) of each."""
    waiting, closes, began = set(clients), [], time.monotonic()
    while waiting and time.monotonic() < began + patience:
        for client in readable(list(waiting), 0.2):
            try:
                received = client.next_frame()
            except (Closed, OSError, ssl.SSLError) as error:
                closes.append((client, f"cut: {error}", time.monotonic() - began))
                waiting.discard(client)
                continue
            if received.opcode == CLOSE:
                closes.append((client, received.close_code, time.monotonic() - began))
                waiting.discard(client)
                try:
                    client.connection.send(frame(CLOSE, received.payload[:2]))
                except OSError:
                    pass
    closes += [(client, "no close", None) for client in waiting]
    return closes
