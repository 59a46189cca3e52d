"""Server-sent events of the side port (HTML Living Standard, section 9.2), as a follower reads them."""

import http.client
import json
import socket
import threading
import urllib.parse

from waiting import PATIENCE, eventually


class EventStream:
    """One follower; what it is told comes in on a thread, as (id, event, object).

    An answer that is no stream is in `body`, with its `status`.
    """

    def __init__(self, relay, path, query=(), headers=None, last_id=None):
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True, quote_via=urllib.parse.quote)
        self.connection = http.client.HTTPConnection("127.0.0.1", relay.side_port, timeout=3 * PATIENCE)
        self.connection.connect()
        self.socket = self.connection.sock
        self.connection.request("GET", path, headers=(headers or {}) | ({"Last-Event-ID": last_id} if last_id else {}))
        self.answer = self.connection.getresponse()
        self.status, self.events, self.is_over, self.taken = self.answer.status, [], False, 0
        if self.status != 200:
            self.body = self.answer.read().decode()
            return
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event = {}
        try:
            for line in self.answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name in ("id", "event", "data"):
                    event[name] = value
                elif not line.strip() and "data" in event:
                    self.events.append((event.get("id"), event.get("event"), json.loads(event["data"])))
                    event = {}
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed while it was read: http.client stumbles over it in any of these ways
        self.is_over = True

    def next(self):
        """The next one that was not asked for yet, as id, event and object."""
        eventually(lambda: len(self.events) > self.taken, "another event")
        self.taken += 1
        return self.events[self.taken - 1]

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()
