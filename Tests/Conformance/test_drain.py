"""The end of a relay: everybody is told, nobody is forgotten, and it is over in time."""

import json
import signal
import socket
import time

from relay import Event, Relay
from waiting import eventually
from wire import read_closes


def crowd(relay, count):
    token = relay.token("crowd")
    clients = []
    for _ in range(count):
        client = relay.client()
        client.send({"id": 1, "connect": {"token": token}}, {"id": 2, "subscribe": {"channel": "quiet:hall"}})
        clients.append(client)
    for client in clients:
        client.reply(1), client.reply(2)
    return clients


def test_500_clients_are_sent_away_in_waves(start):
    relay = start(server={"drain": "4s"}, limits={"enabled": False})
    clients = crowd(relay, 500)
    began = time.monotonic()
    relay.signal(signal.SIGTERM)
    closes = read_closes(clients)
    assert [code for _, code, _ in closes] == [3001] * 500
    times = sorted(at for _, _, at in closes)
    # Half of the time is for the waves; nobody goes before the first, and they are spread.
    assert times[-1] - times[0] > 1.0, "all at once"
    assert times[-1] < 4.0, f"the last one waited {times[-1]} s"
    quarter = (times[-1] - times[0]) / 4
    middle = sum(times[0] + quarter < at < times[-1] - quarter for at in times)
    assert 150 <= middle <= 350, f"{middle} of 500 in the middle half"
    relay.ended()
    assert time.monotonic() - began < 6
    stopped = relay.event("service.stopped")
    assert stopped["clean"] == "yes"
    assert relay.event("service.stopping")["open_conns"] == "500"
    assert sum(event["reason"] == "shutdown" for event in relay.events("conn.close")) == 500


def test_a_second_signal_hurries(start):
    relay = start(server={"drain": "60s"}, limits={"enabled": False})
    clients = crowd(relay, 100)
    relay.signal(signal.SIGTERM)
    relay.event("service.stopping")
    began = time.monotonic()
    relay.signal(signal.SIGTERM)
    relay.ended()
    assert time.monotonic() - began < 5
    closes = read_closes(clients, 5)
    assert len(closes) == 100 and not any(code == "no close" for _, code, _ in closes)


def test_a_relay_without_clients_ends_at_once(start):
    relay = start(server={"drain": "60s"})
    began = time.monotonic()
    relay.stop()
    assert time.monotonic() - began < 3


def test_sigint_ends_it_too(start):
    relay = start()
    relay.member("ada", ["room"])
    relay.signal(signal.SIGINT)
    relay.ended()
    assert relay.event("service.stopping")["signal"] == "SIGINT"


def test_connections_in_every_stage_end(start):
    """Silent, half a hello, a head begun, no connect yet, a slow close: none of them holds the relay up."""
    relay = start(server={"drain": "2s"})
    silent = socket.create_connection(("127.0.0.1", relay.port))
    half = socket.create_connection(("127.0.0.1", relay.port))
    half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100)
    begun = relay.open()
    begun.send(b"GET / HTTP/1.1\r\n")
    greeting = relay.client()
    member = relay.member("ada", ["room"])
    closing = relay.client()
    closing.send_text('{"id":1,"connect":{"token":"garbage"}}')
    assert closing.next_frame().close_code == 3500
    eventually(lambda: relay.metrics().total("belfry_listener_accepts_total") == 6, "six connections")
    began = time.monotonic()
    relay.signal(signal.SIGTERM)
    codes = {client: code for client, code, _ in read_closes([greeting, member])}
    assert codes == {greeting: 3001, member: 3001}
    relay.ended()
    assert time.monotonic() - began < 4
    silent.close(), half.close()


def test_handshakes_during_the_drain_are_turned_away(start):
    relay = start(server={"drain": "3s"}, limits={"enabled": False})
    clients = crowd(relay, 50)
    relay.signal(signal.SIGTERM)
    relay.event("service.stopping")
    status, _, body = relay.side("/readyz")
    assert status == 503 and b"draining" in body
    refused = 0
    for _ in range(20):
        try:
            relay.open()
        except OSError:
            refused += 1
    assert refused == 20
    assert sorted({code for _, code, _ in read_closes(clients)}) == [3001]
    relay.ended()


def test_publications_before_the_end_are_delivered(start):
    relay = start(limits={"enabled": False})
    sender, reader = relay.member("ada", ["quiet:room"]), relay.member("bob", ["quiet:room"])
    for number in range(200):
        sender.send({"id": 10 + number, "publish": {"channel": "quiet:room", "data": number}})
    for number in range(200):
        sender.reply(10 + number)
    relay.signal(signal.SIGTERM)
    assert reader.closing() == (3001, "shutdown")
    assert sum('"pub"' in line for line in reader.lines) == 200
    relay.ended()


def test_the_port_is_free_again_at_once(start, tmp_path_factory, certificates):
    relay = start()
    client = relay.member("ada")
    relay.stop()
    client.close()
    again = Relay(tmp_path_factory.mktemp("again"), certificates)
    again.port = relay.port
    again.configuration["server"]["listen"] = [f"127.0.0.1:{relay.port}"]
    again.path.write_text(json.dumps(again.configuration))
    again.start()
    again.member("ada").leave()
    again.finish()


def test_a_stop_writes_events_and_nothing_else(start):
    relay = start()
    relay.member("ada", ["room"]).leave()
    relay.stop()
    known = ("warning: ", f"belfry {relay.events('service.start')[0]['version']} listens on ")
    odd = [line for line in relay.lines() if not line.startswith(known) and not Event.LINE.match(line)]
    assert not odd, odd
