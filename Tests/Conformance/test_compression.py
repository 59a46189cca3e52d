"""permessage-deflate (RFC 7692): who agrees on it, what is compressed, and what hostile senders get."""

import asyncio
import json
import random
import zlib

import pytest
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from test_sdk import Person, run
from waiting import PATIENCE, eventually
from wire import BINARY, CLOSE, CONTINUATION, PING, TEXT, Closed, close_payload, deflated, frame, inflated

ON = {"compression": {"enabled": True}}
OFFER = (("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),)
AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.fixture(scope="module")
def shared(start_shared):
    return start_shared(client=ON, limits={"enabled": False})


def offering(relay, offer="permessage-deflate; client_max_window_bits", user="ada", channels=(), **options):
    """A client that offers compression, connected and subscribed."""
    client = relay.client((("Sec-WebSocket-Extensions", offer),), **options)
    assert client.response.status == 101
    assert "connect" in client.connect(relay.token(user))
    for channel in channels:
        assert "subscribe" in client.subscribe(channel)
    return client


def say(client, command, **form):
    """Sends one command compressed."""
    client.send_frame(TEXT, deflated(json.dumps(command).encode()), rsv=4, **form)


def pushed(client, channel, data):
    """Publishes, and reads on to the frame with the publication."""
    client.command_id += 1
    client.send({"id": client.command_id, "publish": {"channel": channel, "data": data}})
    while True:
        received = client.next_frame()
        if b'"pub"' in received.payload:
            return received


def talk(seed, length):
    """Words, as people write them; not twice the same."""
    words = random.Random(seed)
    text = ""
    while len(text) < length:
        text += words.choice(("the bell", "rings", "over", "the town", "at", "noon", "and", "nobody", "hears it")) + " "
    return {"text": text[:length]}


def compressed(relay, direction="sent"):
    """How many messages were compressed, or inflated, until now: metrics are as old as the last tick."""
    return relay.metrics().total("belfry_ws_deflate_messages_total", direction=direction)


# Agreement


def test_nothing_is_agreed_on_by_default(relay):
    client = relay.client(OFFER)
    assert client.response.status == 101 and client.extensions is None
    assert "connect" in client.connect(relay.token())
    client.send_frame(TEXT, deflated(b'{"id":2,"rpc":{}}'), rsv=4)
    assert client.closing()[0] == 1002
    assert relay.metrics().total("belfry_ws_deflate_connections_total") == 0


@pytest.mark.parametrize("offer, answer", [
    ("permessage-deflate", AGREED),
    ("permessage-deflate; client_max_window_bits", AGREED),
    ("permessage-deflate; server_max_window_bits=9", AGREED + "; server_max_window_bits=9"),
    ('permessage-deflate; server_max_window_bits="8"', AGREED + "; server_max_window_bits=8"),
    ("permessage-deflate; server_max_window_bits=7", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; server_max_window_bits=08", None),
    ("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", None),
    ("permessage-deflate; level=9", None),
    ("permessage-deflate; level=9, permessage-deflate", AGREED),
    ("x-webkit-deflate-frame", None),
    ("permessage-deflate; client_max_window_bits=", None),
])
def test_the_first_good_offer_is_taken_and_bad_ones_turn_nobody_away(shared, offer, answer):
    client = offering(shared, offer)
    assert client.extensions == answer
    assert client.leave() == 1000


def test_an_agreement_is_counted(start):
    relay = start(client=ON)
    offering(relay)
    relay.member()
    relay.metric_becomes("belfry_ws_deflate_connections_total", 1)


# What is compressed


def test_commands_and_replies_travel_compressed(shared):
    client = offering(shared, channels=["talk"])
    command = {"id": 7, "publish": {"channel": "talk", "data": talk(1, 3000)}}
    say(client, command)
    assert client.reply(7)["publish"] == {}
    assert client.push()["pub"]["data"] == command["publish"]["data"]
    assert client.connection.compressed_frames == 1, "the push; replies are too short"


def test_a_message_in_fragments_with_a_ping_between_is_inflated(shared):
    client = offering(shared, channels=["talk"])
    data = talk(2, 2000)
    message = deflated(json.dumps({"id": 9, "publish": {"channel": "talk", "data": data}}).encode())
    client.send_frame(TEXT, message[:1], fin=False, rsv=4)
    client.send_frame(PING, b"between")
    for byte in message[1:-1]:
        client.send_frame(CONTINUATION, bytes([byte]), fin=False)
    client.send_frame(CONTINUATION, message[-1:])
    assert client.next_frame().payload == b"between"
    assert client.reply(9)["publish"] == {}
    assert client.push()["pub"]["data"] == data


def test_only_messages_within_the_bounds_are_compressed(start):
    relay = start(client={"compression": {"enabled": True, "min_size": "1KiB", "max_size": "4KiB"}})
    client = offering(relay, channels=["talk"])
    for length, is_compressed in ((500, False), (2000, True), (5000, False)):
        before = client.connection.compressed_frames
        data = talk(length, length)
        client.publish("talk", data)
        assert client.push()["pub"]["data"] == data
        assert client.connection.compressed_frames - before == is_compressed, length


def test_each_message_stands_alone(shared):
    """The same push twice is the same bytes: nothing of the first is referred to."""
    client = offering(shared, channels=["talk"])
    data = talk(5, 1000)
    first, second = (pushed(client, "talk", data).compressed for _ in range(2))
    assert first == second


@pytest.mark.parametrize("bits", range(8, 16))
def test_a_client_with_a_small_window_can_read_everything(shared, bits):
    client = offering(shared, f"permessage-deflate; server_max_window_bits={bits}", channels=["talk"])
    for length in (300, 500, 1000, 5000, 40_000):
        data = talk(bits, length)
        received = pushed(client, "talk", data)
        assert json.loads(received.payload)["push"]["pub"]["data"] == data
        is_short = len(received.payload) + 4 <= 1 << bits or bits == 15
        assert (received.rsv == 4) == is_short
        if is_short and bits > 8:  # zlib inflates with no window of 256 bytes
            assert inflated(received.compressed, bits) == received.payload


def test_a_publication_is_compressed_once_for_all_its_receivers(start):
    relay = start(client=ON, limits={"enabled": False}, server={"loops": 2})
    members = [offering(relay, user=f"u{number}", channels=["quiet:talk"]) for number in range(12)]
    plain = [relay.member(f"p{number}", ["quiet:talk"]) for number in range(4)]
    rounds = 20
    for number in range(rounds):
        data = talk(number, 1500)
        assert plain[0].publish("quiet:talk", data)["publish"] == {}
        frames = set()
        for member in members:
            received = member.next_frame()
            assert json.loads(received.payload)["push"]["pub"]["data"] == data and received.rsv == 4
            frames.add(received.compressed)
        assert len(frames) == 1, "all get the same bytes"
        for member in plain:
            assert member.push()["pub"]["data"] == data
    # Twelve receivers on two loops, and twenty compressions.
    relay.metric_becomes("belfry_ws_deflate_messages_total", rounds, direction="sent")
    now = relay.metrics()
    before = now.total("belfry_ws_deflate_bytes_total", direction="sent", form="plain")
    after = now.total("belfry_ws_deflate_bytes_total", direction="sent", form="compressed")
    assert before > rounds * 1500 and after < before / 2


def test_nothing_is_compressed_for_a_room_where_nobody_wants_it(start):
    relay = start(client=ON, limits={"enabled": False})
    members = [relay.member(f"u{number}", ["quiet:talk"]) for number in range(3)]
    gone = offering(relay, user="gone", channels=["quiet:talk"])
    gone.leave()
    relay.metric_becomes("belfry_connections_open", 3)
    for number in range(5):
        members[0].publish("quiet:talk", talk(number, 1500))
        for member in members:
            member.push()
    assert compressed(relay) == 0


def test_a_json_and_a_protobuf_member_cost_one_compression_each(start):
    relay = start(client=ON, limits={"enabled": False})
    json_members = [offering(relay, user=f"j{number}", channels=["quiet:talk"]) for number in range(3)]

    async def scenario():
        people = [Person(relay, relay.token(f"p{number}"), use_protobuf=True) for number in range(3)]
        for person in people:
            await person.client.connect()
        events = [(await person.enter("quiet:talk"))[1] for person in people]
        for each in events:
            await each.wait("subscribed")
        data = talk(7, 1500)
        await asyncio.to_thread(json_members[0].publish, "quiet:talk", data)
        for each in events:
            assert json.loads((await each.wait("publication")).pub.data) == data
        for person in people:
            await person.client.disconnect()

    run(scenario)
    relay.metric_becomes("belfry_ws_deflate_messages_total", 2, direction="sent")


# Other people's clients


def test_websockets_talks_compressed(start):
    relay = start(client=ON)

    async def scenario(**options):
        async with connect(relay.url, ssl=relay.tls_context(), proxy=None, **options) as socket:
            assert [extension.name for extension in socket.protocol.extensions] == ["permessage-deflate"]
            for command in (
                {"id": 1, "connect": {"token": relay.token()}}, {"id": 2, "subscribe": {"channel": "talk"}},
                {"id": 3, "publish": {"channel": "talk", "data": talk(8, 20_000)}},
            ):
                await socket.send(json.dumps(command))
            seen = []
            while not any("push" in line and "pub" in line["push"] for line in seen):
                seen += [json.loads(line) for line in (await socket.recv()).split("\n")]
            publication = next(line["push"]["pub"] for line in seen if "pub" in line.get("push", {}))
            assert publication["data"] == talk(8, 20_000)

    for options in (
        {}, {"extensions": [ClientPerMessageDeflateFactory(server_max_window_bits=10, client_max_window_bits=9)]},
        {"extensions": [ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)]},
    ):
        asyncio.run(asyncio.wait_for(scenario(**options), 2 * PATIENCE))
    now = relay.metrics()
    assert now.total("belfry_ws_deflate_connections_total") == 3
    assert now.total("belfry_ws_deflate_messages_total", direction="received") >= 3


def test_the_sdk_talks_compressed_and_in_order(start):
    relay = start(client=ON, limits={"enabled": False})

    async def scenario():
        async with Person(relay, relay.token("ada")) as ada, Person(relay, relay.token("bob")) as bob:
            hers, _ = await ada.enter("quiet:flow")
            _, his_events = await bob.enter("quiet:flow")
            await hers.ready(PATIENCE)
            await his_events.wait("subscribed")
            for number in range(50):
                await hers.publish(data=talk(number, 1000))
            await his_events.wait("publication", 50)
            got = [context.pub.data for name, context in his_events.seen if name == "publication"]
            assert got == [talk(number, 1000) for number in range(50)]
    run(scenario)
    now = relay.metrics()
    assert now.total("belfry_ws_deflate_connections_total") == 2
    assert now.total("belfry_ws_deflate_messages_total", direction="received") >= 50
    assert now.total("belfry_ws_deflate_messages_total", direction="sent") >= 50


# Hostile input


def bomb(size):
    """Zeros: more than a thousand to one."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(size >> 20))
    return (data + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


BOMB = bomb(64 << 20)
RPC = deflated(b'{"id":9,"rpc":{}}')

VIOLATIONS = {
    "a bomb": (frame(TEXT, BOMB, rsv=4), 1009, "too_big"),
    "a bomb in binary": (frame(BINARY, BOMB, rsv=4), 1009, "too_big"),
    "a bomb in fragments": (
        b"".join(frame(TEXT if not place else CONTINUATION, BOMB[place:place + 100], rsv=0 if place else 4,
                       fin=place + 100 >= len(BOMB)) for place in range(0, len(BOMB), 100)), 1009, "too_big"),
    "a bomb in fragments of a byte": (
        frame(TEXT, BOMB[:1], fin=False, rsv=4)
        + b"".join(frame(CONTINUATION, BOMB[place:place + 1], fin=False) for place in range(1, 1100)), 1009, "too_big"),
    "a stream without end": (
        frame(TEXT, b"\0\0\0\xff\xff" * 800, fin=False, rsv=4)
        + frame(CONTINUATION, b"\0\0\0\xff\xff" * 800, fin=False) * 30, 1009, "too_big"),
    "one byte over the limit": (frame(TEXT, deflated(b" " * 65_537), rsv=4), 1009, "too_big"),
    "RSV1 on a continuation": (
        frame(TEXT, RPC[:3], fin=False, rsv=4) + frame(CONTINUATION, RPC[3:], rsv=4), 1002, "reserved"),
    "RSV1 on a ping": (frame(PING, b"", rsv=4), 1002, "reserved"),
    "RSV1 on a close": (frame(CLOSE, close_payload(1000), rsv=4), 1002, "reserved"),
    "RSV1 and RSV2": (frame(TEXT, RPC, rsv=6), 1002, "reserved"),
    "RSV2": (frame(TEXT, RPC, rsv=2), 1002, "reserved"),
    "no DEFLATE": (frame(TEXT, b"\xff" * 20, rsv=4), 1007, "deflate"),
    "a block that does not end": (frame(TEXT, RPC[:-3], rsv=4), 1007, "deflate"),
    "a reference before the beginning": (frame(TEXT, b"\xf2\x00\x11\x00\x00", rsv=4), 1007, "deflate"),
    "bad UTF-8 inside": (frame(TEXT, deflated(b'{"id":1,"rpc":{"data":"\xff"}}'), rsv=4), 1007, "utf8"),
    "UTF-8 cut at the end": (frame(TEXT, deflated(b"\xe2\x82"), rsv=4), 1007, "utf8"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_costs_its_sender_the_connection(shared, name):
    data, code, kind = VIOLATIONS[name]
    bystander = offering(shared, user="bystander", channels=["quiet:room"])
    mallory = offering(shared, user="mallory")
    before = shared.metrics().total("belfry_ws_protocol_errors_total", kind=kind)
    try:
        mallory.connection.send(data)
    except OSError:
        pass  # the relay may have heard enough
    assert mallory.closing()[0] == code
    shared.metric_becomes("belfry_ws_protocol_errors_total", before + 1, kind=kind)
    shared.event("ws.protocol_error", kind=kind)
    data = talk(9, 1000)
    bystander.publish("quiet:room", data)
    assert bystander.push()["pub"]["data"] == data
    bystander.leave()


def test_a_message_at_the_limit_passes(shared):
    client = offering(shared)
    text = b'{"id":9,"presence":{"channel":"talk"}}'
    client.send_frame(TEXT, deflated(text + b" " * (65_536 - len(text))), rsv=4)
    assert client.reply(9)["error"]["code"] == 103


def test_bombs_by_the_hundred_cost_no_memory(start):
    relay = start(client=ON, limits={"enabled": False})
    relay.member().leave()
    before = relay.memory()
    for number in range(100):
        mallory = offering(relay, user=f"m{number}")
        mallory.connection.send(frame(TEXT, BOMB, rsv=4))
        assert mallory.closing()[0] == 1009
        mallory.close()
    growth = relay.memory() - before
    assert growth < 4 << 20, f"{growth >> 10} KiB"


def test_unfinished_compressed_messages_hold_what_was_sent_and_no_more(start):
    relay = start(client=ON, limits={"enabled": False})
    relay.member().leave()
    senders = [offering(relay, user=f"m{number}") for number in range(50)]
    before = relay.memory()
    for sender in senders:
        sender.send_frame(TEXT, BOMB[:30_000], fin=False, rsv=4)
        sender.send_frame(PING, b"")
    for sender in senders:
        assert sender.next_frame().opcode == 10
    growth = relay.memory() - before
    assert growth < 50 * 2 * 65_536, f"{growth >> 10} KiB"


def test_one_sender_of_long_messages_does_not_hold_up_the_others(start):
    """Four hundred small frames in one read that inflate to 26 MB: others have their turn between them."""
    relay = start(client=ON, limits={"enabled": False}, server={"loops": 1})
    bystander = offering(relay, user="bystander", channels=["quiet:room"])
    mallory = offering(relay, user="mallory", channels=["quiet:room"])
    command = b'{"id":%d,"publish":{"channel":"quiet:room","data":"m"}}'
    count = 400
    flood = b"".join(
        frame(TEXT, deflated((command % (number + 100)).ljust(65_000), 9), rsv=4) for number in range(count))
    assert len(flood) < 65_536
    places = []
    # Whoever is late to speak, on a busy machine, comes last in any case; once in five times is proof.
    while len(places) < 5 and not any(place < count for place in places):
        mallory.connection.send(flood)
        bystander.send({"id": 1000 + len(places), "publish": {"channel": "quiet:room", "data": "b"}})
        order = [bystander.push()["pub"]["data"] for _ in range(count + 1)]
        places.append(order.index("b"))
    assert any(place < count for place in places), f"after {places} messages of the flood"


def test_an_orderly_end_with_compression(shared):
    client = offering(shared)
    client.send_frame(TEXT, deflated(b'{"id":5,"rpc":{}}'), rsv=4)
    client.send_frame(CLOSE, close_payload(1000))
    assert client.reply(5)["error"]["code"] == 108
    with pytest.raises(Closed):
        client.next()


def test_a_refused_token_in_a_compressed_connect_is_refused_as_ever(shared):
    client = shared.client(OFFER)
    say(client, {"id": 1, "connect": {"token": "garbage"}})
    assert client.closing()[0] == 3500


def test_what_waits_for_a_token_is_inflated_afterwards(shared):
    client = shared.client(OFFER)
    data = talk(11, 2000)
    client.connection.send(b"".join(
        frame(TEXT, deflated(json.dumps(command).encode()), rsv=4) for command in (
            {"id": 1, "connect": {"token": shared.token("ada")}}, {"id": 2, "subscribe": {"channel": "quiet:p"}},
            {"id": 3, "publish": {"channel": "quiet:p", "data": data}})))
    assert "connect" in client.reply(1) and "subscribe" in client.reply(2) and "publish" in client.reply(3)
    assert client.push()["pub"]["data"] == data


def test_patches_reach_compressing_members(start):
    relay = start(client=ON, limits={"enabled": False}, channels={"namespaces": {"delta": {
        "allow_subscribe_for_client": True, "allow_publish_for_subscriber": True, "history_size": 10, "history_ttl": "10m",
        "allow_positioning": True, "allow_recovery": True, "allowed_delta_types": ["fossil"], "delta_publish": True}}})
    client = offering(relay)
    assert client.ask("subscribe", channel="delta:x", recoverable=True, delta="fossil")["subscribe"]["delta"] is True
    base = talk(12, 2000)
    assert client.publish("delta:x", base)["publish"] == {}
    assert json.loads(client.push()["pub"]["data"]) == base
    assert client.connection.compressed_frames == 1
    base["text"] += "!"
    assert client.publish("delta:x", base)["publish"] == {}
    patch = client.push()["pub"]
    assert patch["delta"] is True and len(patch["data"]) < 100
    assert eventually(lambda: compressed(relay) == 1, "the patch to go plain: it is short")
