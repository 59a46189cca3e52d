"""Who published what, what was acknowledged, and what every observer saw: the invariants of cluster.md D.7.

Publishers and subscribers are threads of their own, at full speed. A relay that goes away ends a publisher; a subscriber
comes back and recovers.
"""

import collections
import itertools
import json
import socket
import threading

from waiting import PATIENCE, eventually
from wire import Closed

ACKED, FAILED, UNKNOWN = "acked", "failed", "unknown"


class Ledger:
    def __init__(self, relay, channels):
        self.relay, self.channels = relay, channels
        self.uids = itertools.count(1)
        self.published = {}  # uid: channel
        self.state = {}  # uid: ACKED, FAILED or UNKNOWN
        self.subscribers = []
        self.lock = threading.Lock()

    def subscribe(self, count):
        self.subscribers += [Subscriber(self) for _ in range(count)]

    def publish(self, count, window=16):
        """Publishers at work, each with so many publications under way."""
        return [Publisher(self, self.channels[index % len(self.channels)], window) for index in range(count)]

    def next_uid(self, channel):
        with self.lock:
            uid = next(self.uids)
            self.published[uid] = channel
            self.state[uid] = UNKNOWN
            return uid

    def uids_of(self, channel, state):
        with self.lock:
            return {uid for uid, name in self.published.items() if name == channel and self.state[uid] == state}

    def acked(self):
        with self.lock:
            return sum(1 for state in self.state.values() if state == ACKED)

    def resume(self):
        """Every subscriber is back; nobody publishes meanwhile."""
        for subscriber in self.subscribers:
            subscriber.resume()

    def close(self):
        for subscriber in self.subscribers:
            subscriber.close()

    def check(self):
        """Waits until everybody has everything that was acknowledged, then looks at the rest."""
        for subscriber in self.subscribers:
            for channel in self.channels:
                want = self.uids_of(channel, ACKED)
                eventually(
                    lambda: not (subscriber.problem or want - subscriber.uids(channel)) or subscriber.problem,
                    f"I1: all that was acknowledged in {channel}")
                assert not subscriber.problem, subscriber.problem
        places = {}  # (channel, epoch, offset): uid
        for subscriber in self.subscribers:
            for channel in self.channels:
                seen = subscriber.seen(channel)
                offsets = [offset for _, offset, _ in seen]
                assert offsets == list(range(1, len(seen) + 1)), f"I2: {channel} is not dense"
                assert len({epoch for epoch, _, _ in seen}) <= 1, f"I4: {channel} has more than one epoch"
                uids = [uid for _, _, uid in seen]
                assert len(set(uids)) == len(uids), f"I3: a publication came twice in {channel}"
                for epoch, offset, uid in seen:
                    assert places.setdefault((channel, epoch, offset), uid) == uid, f"I5: two at {offset} of {channel}"
                assert not self.uids_of(channel, FAILED) & set(uids), f"I6: a refused publication appears in {channel}"
        return len(places)


class Publisher(threading.Thread):
    def __init__(self, ledger, channel, window):
        super().__init__(daemon=True)
        self.ledger, self.channel, self.window = ledger, channel, window
        self.client = ledger.relay.client()
        self.client.connect(ledger.relay.token(f"publisher-{id(self)}"))
        self.waiting = {}  # command: uid
        self.stopping = False
        self.start()

    def run(self):
        try:
            while not self.stopping:
                self.fill()
                self.read()
            while self.waiting:
                self.read()
        except (Closed, OSError):
            pass  # the relay was killed: what waits stays unknown

    def fill(self):
        commands = []
        while len(self.waiting) < self.window:
            self.client.command_id += 1
            uid = self.ledger.next_uid(self.channel)
            self.waiting[self.client.command_id] = uid
            commands.append({"id": self.client.command_id, "publish": {"channel": self.channel, "data": {"uid": uid}}})
        if commands:
            self.client.send(*commands)

    def read(self):
        if not self.client.lines:
            self.client.read_lines()
        while self.client.lines:
            reply = json.loads(self.client.lines.pop(0))
            uid = self.waiting.pop(reply["id"])
            self.ledger.state[uid] = FAILED if "error" in reply else ACKED

    def stop(self):
        """Ends when everything has its answer."""
        self.stopping = True
        self.join(PATIENCE)
        assert not self.is_alive(), "publications without an answer"
        self.client.close()


class Subscriber:
    """One client in every channel, over any number of connections."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.positions = {}  # channel: (epoch, offset)
        self.log = collections.defaultdict(list)  # channel: (epoch, offset, uid)
        self.lock = threading.Lock()
        self.problem = None
        self.thread = None
        self.resume()

    def resume(self):
        if self.thread:
            self.thread.join(PATIENCE)
            assert not self.thread.is_alive(), "a connection to a killed relay goes on"
            assert not self.problem, self.problem
        self.client = self.ledger.relay.client()
        assert "connect" in self.client.connect(self.ledger.relay.token(f"subscriber-{id(self)}"))
        for channel in self.ledger.channels:
            self.enter(channel)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def enter(self, channel):
        position = self.positions.get(channel)
        request = {"recover": True, "epoch": position[0], "offset": position[1]} if position else {}
        reply = self.client.subscribe(channel, **request)
        assert "subscribe" in reply, reply
        result = reply["subscribe"]
        if position:
            assert result.get("recovered"), f"not recovered: {channel} from {position}, {result}"
            assert result["epoch"] == position[0], f"another epoch: {result}"
        self.positions[channel] = (result["epoch"], result.get("offset", 0))
        for publication in result.get("publications", []):
            self.take(channel, publication)

    def take(self, channel, publication):
        epoch, offset = self.positions[channel]
        if publication["offset"] <= offset:
            self.problem = f"{channel}: {publication['offset']} came behind {offset}"
        self.positions[channel] = (epoch, publication["offset"])
        with self.lock:
            self.log[channel].append((epoch, publication["offset"], publication["data"]["uid"]))

    def run(self):
        try:
            while True:
                message = self.client.next()
                push = message.get("push", {})
                if "pub" in push:
                    self.take(push["channel"], push["pub"])
                elif "unsubscribe" in push:
                    self.problem = f"thrown out: {push}"
        except (Closed, OSError):
            pass

    def seen(self, channel):
        with self.lock:
            return list(self.log[channel])

    def uids(self, channel):
        return {uid for _, _, uid in self.seen(channel)}

    def close(self):
        # Closing alone would leave the thread in its read.
        self.client.connection.tls.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE)
        self.client.close()
