"""Hostile input as tables. Each row costs its sender one connection at most; a bystander never notices."""

import json
import os
import random
import socket
import struct
import time

import pytest

import tokens
from waiting import PATIENCE
from wire import BINARY, CLOSE, CONTINUATION, PATH, PING, PONG, TEXT, Client, Closed, Connection, close_payload, frame


@pytest.fixture(scope="module")
def shared(start_shared):
    return start_shared(limits={"enabled": False})


@pytest.fixture(scope="module")
def bystanders(shared):
    """Two who talk to each other while others attack; on different loops, with luck."""
    return [shared.member(f"bystander{n}", ["quiet:bystanders"]) for n in range(4)]


@pytest.fixture
def victim(shared, bystanders):
    """The connection a row is allowed to lose. Afterwards the bystanders still talk."""
    client = shared.member("mallory", ["quiet:room"])
    yield client
    client.close()
    check(shared, bystanders)


def check(shared, bystanders):
    assert shared.process.poll() is None, shared.tail()
    assert bystanders[0].publish("quiet:bystanders", shared.body()).get("publish") == {}
    for member in bystanders:
        assert member.push()["channel"] == "quiet:bystanders"


RPC = b'{"id":9,"rpc":{}}'

FRAMES = {
    "unmasked": (frame(TEXT, RPC, masked=False), 1002),
    "RSV1": (frame(TEXT, RPC, rsv=4), 1002),
    "RSV2": (frame(TEXT, RPC, rsv=2), 1002),
    "RSV3": (frame(TEXT, RPC, rsv=1), 1002),
    "RSV on a ping": (frame(PING, b"", rsv=4), 1002),
    **{f"opcode {code}": (frame(code, RPC), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "ping over 125": (frame(PING, b"x" * 126), 1002),
    "fragmented ping": (frame(PING, b"x", fin=False), 1002),
    "fragmented close": (frame(CLOSE, close_payload(1000), fin=False), 1002),
    "continuation of nothing": (frame(CONTINUATION, RPC), 1002),
    "text inside a message": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "length 5 in 2 bytes": (frame(TEXT, b"12345", length_bytes=2), 1002),
    "length 5 in 8 bytes": (frame(TEXT, b"12345", length_bytes=8), 1002),
    "length 300 in 8 bytes": (frame(TEXT, b"x" * 300, length_bytes=8), 1002),
    "length with the top bit": (b"\x81\xff" + struct.pack(">Q", 1 << 63) + b"mask", 1002),
    "length of 64 bits": (b"\x81\xff" + b"\xff" * 8 + b"mask", 1002),
    "length of 63 bits": (b"\x81\xff\x7f" + b"\xff" * 7 + b"mask", 1009),
    "length of 4 GiB": (b"\x81\xff" + struct.pack(">Q", 1 << 32) + b"mask", 1009),
    "length over the limit": (b"\x81\xff" + struct.pack(">Q", 65537) + b"mask", 1009),
    "fragments over the limit": (frame(TEXT, b"x" * 60000, fin=False) + frame(CONTINUATION, b"x" * 6000), 1009),
    "too many fragments": (
        frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"", fin=False, mask=b"0000") * 1100, 1009),
    "bad UTF-8": (frame(TEXT, b"\xff"), 1007),
    "overlong UTF-8": (frame(TEXT, b"\xc0\xaf"), 1007),
    "surrogate in UTF-8": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "UTF-8 cut at the end": (frame(TEXT, b"\xe2\x82"), 1007),
    "UTF-8 wrong in a fragment": (frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x28"), 1007),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    **{f"close code {code}": (frame(CLOSE, close_payload(code)), 1002)
       for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)},
    "close reason in bad UTF-8": (frame(CLOSE, close_payload(1000) + b"\xff"), 1007),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name, victim):
    data, code = FRAMES[name]
    victim.connection.send(data)
    assert victim.closing()[0] == code


def test_frames_after_a_violation_are_not_read(victim):
    victim.connection.send(frame(TEXT, RPC) + frame(3, b"") + frame(TEXT, RPC) * 10)
    assert victim.closing()[0] == 1002
    assert len(victim.lines) == 1


def deep(count):
    return "[" * count + "]" * count


COMMANDS = {
    "1,000 deep": ('{"id":5,"rpc":{"data":%s}}' % deep(1000), 3501),
    "30,000 deep, never closed": ('{"id":5,"rpc":{"data":' + "[" * 30000, 3501),
    "65 deep": ('{"id":5,"rpc":{"data":%s}}' % deep(65), 3501),
    "unknown fields, deep": ('{"id":5,"zzz":%s,"rpc":{}}' % ('{"a":' * 500 + "1" + "}" * 500), 3501),
    "257 commands": ("\n".join(['{"id":5,"unsubscribe":{"channel":"x"}}'] * 257), 3501),
    "NUL in a name": ('{"id":5,"subscribe":{"channel":"a\x00b"}}', 3501),
    "raw newline in a string": ('{"id":5,"subscribe":{"channel":"a\nb"}}', 3501),
    "lone surrogate": ('{"id":5,"subscribe":{"channel":"\\ud800"}}', None),
    "bad escape": ('{"id":5,"subscribe":{"channel":"\\x41"}}', 3501),
    "number like 01": ('{"id":01,"rpc":{}}', 3501),
    "number like +1": ('{"id":+1,"rpc":{}}', 3501),
    "number like 1.": ('{"id":1.,"rpc":{}}', 3501),
    "number with a million digits' exponent": ('{"id":1e999999999,"rpc":{}}', 3501),
    "id with a fraction": ('{"id":1.5,"rpc":{}}', 3501),
    "trailing comma": ('{"id":5,"rpc":{},}', 3501),
    "comment": ('{"id":5,/**/"rpc":{}}', 3501),
    "NaN": ('{"id":NaN,"rpc":{}}', 3501),
    "single quotes": ("{'id':5,'rpc':{}}", 3501),
    "BOM": ("\ufeff" + '{"id":5,"rpc":{}}', 3501),
    "offset of 65 bits": ('{"id":5,"subscribe":{"channel":"x","offset":18446744073709551616}}', 3501),
    "negative offset": ('{"id":5,"subscribe":{"channel":"x","offset":-1}}', 3501),
    "flag of 65 bits": ('{"id":5,"subscribe":{"channel":"x","flag":9223372036854775808}}', 3501),
    "filter nested 1,000 deep": (
        '{"id":5,"subscribe":{"channel":"x","tf":' + '{"op":"not","nodes":[' * 1000 + "{}" + "]}" * 1000 + "}}", 3501),
    "token of 60 KB": ('{"id":5,"subscribe":{"channel":"$x","token":"%s"}}' % ("a" * 60000), None),
    "channel of 60 KB": ('{"id":5,"subscribe":{"channel":"%s"}}' % ("a" * 60000), None),
    "60,000 users in a name": ('{"id":5,"subscribe":{"channel":"x#%s"}}' % ("," * 60000), None),
    "duplicate ids": ('{"id":5,"id":6,"rpc":{}}', None),
    "two requests": ('{"id":5,"rpc":{},"subscribe":{"channel":"x"}}', None),
    "map and poll types": ('{"id":5,"subscribe":{"channel":"x","type":2147483647}}', None),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands(name, victim):
    """A code says how the connection ends; None that it may also be answered and live on."""
    text, code = COMMANDS[name]
    victim.send_text(text.encode("utf-8", "surrogatepass"))
    if code:
        assert victim.closing()[0] == code
        return
    victim.send_text(RPC)
    try:
        assert victim.reply(9)["error"]["code"] == 108
    except Closed as closed:
        assert str(closed).startswith(("close 3500", "close 3501"))


def parts(header, claims, signature="x"):
    return f"{tokens.part(header)}.{tokens.part(claims)}.{signature}"


FINE = {"sub": "ada", "exp": tokens.expiry(3600)}

TOKENS = {
    "empty signature": lambda secret: tokens.sign(secret, FINE).rsplit(".", 1)[0] + ".",
    "no signature": lambda secret: tokens.sign(secret, FINE).rsplit(".", 1)[0],
    "alg none": lambda secret: parts({"alg": "none"}, FINE, ""),
    "alg None": lambda secret: parts({"alg": "None"}, FINE, ""),
    "alg missing": lambda secret: tokens.sign(secret, FINE, {"typ": "JWT"}),
    "alg a number": lambda secret: tokens.sign(secret, FINE, {"alg": 256}),
    "alg of another family": lambda secret: tokens.sign(secret, FINE, {"alg": "RS256"}),
    "crit": lambda secret: tokens.sign(secret, FINE, {"alg": "HS256", "crit": ["exp"]}),
    "crit empty": lambda secret: tokens.sign(secret, FINE, {"alg": "HS256", "crit": []}),
    "b64 false": lambda secret: tokens.sign(secret, FINE, {"alg": "HS256", "b64": False, "crit": ["b64"]}),
    "own key in the header": lambda secret: tokens.sign(
        b"mine", FINE, {"alg": "HS256", "jwk": {"kty": "oct", "k": tokens.part(b"mine")}}),
    "jku": lambda secret: tokens.sign(b"mine", FINE, {"alg": "HS256", "jku": "https://evil.test/keys"}),
    "another secret": lambda secret: tokens.sign(b"other" * 8, FINE),
    "empty secret": lambda secret: tokens.sign(b"", FINE),
    "signature cut": lambda secret: tokens.sign(secret, FINE)[:-2],
    "signature longer": lambda secret: tokens.sign(secret, FINE) + "AA",
    "one bit wrong": lambda secret: flip(tokens.sign(secret, FINE)),
    "padding": lambda secret: tokens.sign(secret, FINE) + "=",
    "standard base64": lambda secret: tokens.sign(secret, FINE).replace("-", "+").replace("_", "/") + "+",
    "blank inside": lambda secret: tokens.sign(secret, FINE).replace(".", ". ", 1),
    "four parts": lambda secret: tokens.sign(secret, FINE) + ".x",
    "five parts": lambda secret: "a.b.c.d.e",
    "only dots": lambda secret: "..",
    "claims an array": lambda secret: tokens.sign(secret, [1]),
    "claims broken": lambda secret: tokens.sign(secret, b'{"sub":"ada","exp":'),
    "claims with a NUL": lambda secret: tokens.sign(secret, b'{"sub":"ada","exp":9999999999}\x00'),
    "claims not UTF-8": lambda secret: tokens.sign(secret, b'{"sub":"\xff","exp":9999999999}'),
    "claims very deep": lambda secret: tokens.sign(
        secret, b'{"exp":9999999999,"info":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "sub twice": lambda secret: tokens.sign(secret, b'{"sub":"ada","exp":9999999999,"sub":"root"}'),
    "sub a number": lambda secret: tokens.sign(secret, FINE | {"sub": 7}),
    "sub an object": lambda secret: tokens.sign(secret, FINE | {"sub": {}}),
    "exp a string": lambda secret: tokens.sign(secret, FINE | {"exp": "tomorrow"}),
    "exp huge": lambda secret: tokens.sign(secret, b'{"sub":"ada","exp":1e400}'),
    "exp over 64 bits": lambda secret: tokens.sign(secret, b'{"sub":"ada","exp":99999999999999999999}'),
    "exp negative": lambda secret: tokens.sign(secret, FINE | {"exp": -1}),
    "exp null": lambda secret: tokens.sign(secret, FINE | {"exp": None}),
    "16 KB": lambda secret: tokens.sign(secret, FINE | {"info": "x" * 16000}),
    "a subscription token": lambda secret: tokens.sign(secret, FINE | {"channel": "room"}),
    "emoji": lambda secret: "\U0001f514.\U0001f514.\U0001f514",
    "newline": lambda secret: "a\n.b.c",
}


def flip(token):
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


@pytest.mark.parametrize("how", ["connect", "upgrade", "subscribe"])
@pytest.mark.parametrize("name", TOKENS)
def test_tokens(name, how, shared, bystanders):
    token = TOKENS[name](shared.secret)
    if how == "connect":
        client = shared.client()
        client.send({"id": 1, "connect": {"token": token}})
        received = client.next_frame()
        expired = received.opcode == TEXT and json.loads(received.payload)["error"]["code"] == 109
        refused = received.opcode == CLOSE and received.close_code == 3500
        assert refused or (expired and "exp" in name), received.payload
    elif how == "upgrade":
        try:
            client = shared.client([("Authorization", f"Bearer {token}")])
        except UnicodeEncodeError:
            return
        assert client.response.status in (400, 401, 431), client.response.status
    else:
        client = shared.member("ada")
        client.send({"id": 2, "subscribe": {"channel": "$room", "token": token}})
        try:
            assert client.reply(2)["error"]["code"] in (103, 109)
        except Closed as closed:
            assert str(closed).startswith("close 3500")
    client.close()
    check(shared, bystanders)


def test_a_mind_that_changes_connects_nobody_twice(shared, bystanders):
    """Several connects in one frame while the first token is being verified."""
    client = shared.client()
    token = shared.token("ada")
    client.send(*({"id": n, "connect": {"token": token}} for n in range(1, 6)))
    assert client.closing() == (3501, "bad request")
    assert len(client.lines) == 1
    check(shared, bystanders)


def test_leaving_while_the_token_is_verified(shared, bystanders):
    for n in range(100):
        client = shared.client()
        client.send({"id": 1, "connect": {"token": shared.token("ada")}}, {"id": 2, "subscribe": {"channel": "room"}})
        client.close()
    check(shared, bystanders)


def test_an_end_while_the_token_is_verified_is_noticed(shared, bystanders):
    """More frames and the end of the stream arrive while the relay does not listen: no event tells of them again."""
    # What earlier tests left to a deadline is theirs.
    shared.metric_becomes("belfry_connections_open", len(bystanders))
    for n in range(60):
        client = shared.client()
        client.send({"id": 1, "connect": {"token": shared.token(f"user{n}")}})
        for m in range(3):
            client.send({"id": 2 + m, "unsubscribe": {"channel": "x"}})
        client.connection.tls.shutdown(socket.SHUT_WR)
    began = time.monotonic()
    shared.metric_becomes("belfry_connections_open", len(bystanders))
    assert time.monotonic() - began < 5, "only a timeout ended it"
    check(shared, bystanders)


def test_a_flood_of_pings_is_answered_in_order(victim):
    for n in range(500):
        victim.connection.send(frame(PING, b"%d" % n))
    for n in range(500):
        received = victim.next_frame()
        assert (received.opcode, received.payload) == (PONG, b"%d" % n)


def test_one_byte_at_a_time(victim):
    for byte in frame(TEXT, RPC) + frame(BINARY, RPC):
        victim.connection.send(bytes([byte]))
    assert victim.reply(9)["error"]["code"] == 108
    assert victim.reply(9)["error"]["code"] == 108


def test_random_frames_never_hurt(shared, bystanders):
    seed = int(os.environ.get("BELFRY_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(60):
        client = shared.member("mallory")
        good = [frame(TEXT, RPC), frame(PING, b"p"), frame(TEXT, b'{"id":3,"subscribe":{"channel":"room"}}')]
        data = bytearray(b"".join(chance.choices(good, k=8)))
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        client.connection.send(bytes(data) + frame(CLOSE, close_payload(1000)))
        try:
            client.connection.tls.shutdown(1)  # no more from us: the relay must not wait for it
            while client.connection.fill(PATIENCE):
                pass
        except (Closed, OSError):
            pass
        client.close()
    check(shared, bystanders)


def test_random_commands_never_hurt(shared, bystanders):
    seed = int(os.environ.get("BELFRY_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    good = [
        b'{"id":3,"subscribe":{"channel":"chat:x","flag":1,"token":"a.b.c","join_leave":true}}',
        b'{"id":4,"publish":{"channel":"quiet:room","data":{"a":[1,2.5e3,"\\u00e9",null,true]}}}',
        b'{"id":5,"presence":{"channel":"room"}}', b'{"id":6,"refresh":{"token":"x"}}',
        b'{"id":7,"history":{"channel":"room","limit":10,"since":{"offset":5,"epoch":"e"},"reverse":true}}',
    ]
    for _ in range(150):
        client = shared.member("mallory")
        text = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            where = chance.randrange(len(text))
            end = where + chance.randint(0, 2)
            text[where:end] = bytes(chance.randrange(32, 127) for _ in range(chance.randint(0, 2)))
        client.send_text(bytes(text))
        client.send_text(RPC)
        try:
            client.reply(9)
        except Closed as closed:
            assert str(closed).startswith(("close 3500", "close 3501", "close 3005", "close 3508")), closed
        client.close()
    check(shared, bystanders)


def test_a_thousand_connections_that_do_nothing_but_come_and_go(shared, bystanders):
    for _ in range(300):
        connection = Connection(shared.port, shared.tls_context())
        connection.close()
    for _ in range(100):
        Client(Connection(shared.port, shared.tls_context()), path=PATH).close()
    check(shared, bystanders)
