"""The example exchanges of the protocol, E1 to E25, and its vectors, replayed against the running relay.

Every line is compared as it came, byte for byte. What a relay chooses stands as `<name>` and is the same wherever the
name occurs again in the exchange. Publications of clients carry their publisher's `info`, which examples of publications
from the server API do not.
"""

import re

import pytest

import tokens
from wire import BINARY, TEXT

HISTORY = {"history_size": 100, "history_ttl": "1m", "force_recovery": True, "allow_history_for_client": True}
OPEN = {
    "presence": True, "join_leave": True, "allow_subscribe_for_client": True, "allow_publish_for_client": True,
    "allow_presence_for_client": True,
}
NAMESPACES = {
    "chat": OPEN | {"allow_subscribe_for_anonymous": True, "force_push_join_leave": False},
    "loud": OPEN | {"force_push_join_leave": True},
    "recovery": OPEN | HISTORY,
    "smallhistory": OPEN | HISTORY | {"history_size": 2},
    "ticker": OPEN | HISTORY | {"force_recovery_mode": "cache"},
    "delta": OPEN | HISTORY | {"allowed_delta_types": ["fossil"], "delta_publish": True},
    "tagged": OPEN | {"allow_tags_filter": True},
    "brief": OPEN | HISTORY | {"history_ttl": "3s", "history_meta_ttl": "3s"},
}
WRITER = '"info":{"user":"7","client":"<writer>"}'


class Exchange:
    """Lines as the examples show them, and what the relay has chosen in their places."""

    def __init__(self, **known):
        self.known = known

    def fits(self, template, line):
        pattern, names = "", []
        for text, name in re.findall(r"([^<]+)|<(\w+)>", template):
            if text:
                pattern += re.escape(text)
            elif name in self.known:
                pattern += re.escape(self.known[name])
            elif name in names:
                pattern += f"(?P={name})"
            else:
                names.append(name)
                pattern += f'(?P<{name}>[^"<>{{}},]+)'
        found = re.fullmatch(pattern, line)
        if found:
            self.known |= found.groupdict()
        return found is not None

    def hears(self, client, *templates):
        for template in templates:
            line = client.next_line()
            assert self.fits(template, line), f"\n{line}\nis not\n{template}\nwith {self.known}"

    def hears_in_any_order(self, client, *templates):
        left = list(templates)
        while left:
            line = client.next_line()
            fitting = [template for template in left if self.fits(template, line)]
            assert fitting, f"{line} is none of {left} with {self.known}"
            left.remove(fitting[0])

    def says(self, client, *templates):
        lines = [re.sub(r"<(\w+)>", lambda name: self.known[name[1]], template) for template in templates]
        client.send_text("\n".join(lines))


@pytest.fixture(scope="module")
def relay(start_shared):
    return next_relay(start_shared)


def next_relay(start, **changes):
    return start(
        channels={
            "default": {"presence": True, "join_leave": True, "force_push_join_leave": True} | HISTORY,
            "namespaces": NAMESPACES},
        client={"allow_anonymous": True} | changes.pop("client", {}), limits=changes.pop("limits", {"enabled": False}),
        **changes)


@pytest.fixture(scope="module")
def insecure(start_shared):
    return start_shared(
        client={"insecure": True}, limits={"enabled": False}, channels={"default": {}, "namespaces": NAMESPACES})


def connected(relay, user="42", **claims):
    client = relay.client()
    client.connect(relay.token(user, **claims) if user is not None else None)
    return client


def write(relay, channel, *texts):
    """Publishes from client 7 and returns its id."""
    writer = connected(relay, "7")
    for number, data in enumerate(texts):
        writer.send_text('{"id":%d,"publish":{"channel":"%s","data":%s}}' % (number + 2, channel, data))
        assert writer.next_line() == '{"id":%d,"publish":{}}' % (number + 2)
    return writer.id


def texts(*names):
    return ['{"text":"%s"}' % name for name in names]


def publication(text, offset):
    return '{"data":{"text":"%s"},%s,"offset":%d}' % (text, WRITER, offset)


def subscribe_to(client, channel):
    """Subscribes and returns the exchange that knows the epoch."""
    exchange = Exchange(client=client.id)
    client.send_text('{"id":4,"subscribe":{"channel":"%s","flag":1}}' % channel)
    exchange.known["epoch"] = client.reply(4)["subscribe"].get("epoch", "")
    return exchange


def test_e1_anonymous_connect(insecure):
    client = insecure.client()
    client.send_text('{"id":1,"connect":{"name":"js"}}')
    exchange = Exchange()
    exchange.hears(client, '{"id":1,"connect":{"client":"<client>","version":"<version>","ping":25,"pong":true}}')
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", exchange.known["client"])


def test_e2_connect_with_a_token_and_a_server_side_subscription(start):
    relay = next_relay(start, client={"personal_channel": {"enabled": True}})
    exchange = Exchange(token=relay.token("42"))
    client = relay.client()
    exchange.says(client, '{"id":1,"connect":{"token":"<token>","name":"python","version":"1.4"}}')
    exchange.hears(
        client,
        '{"id":1,"connect":{"client":"<client>","version":"<version>","expires":true,"ttl":<ttl>,"subs":{"#42":'
        '{"recoverable":true,"epoch":"<epoch>","positioned":true}},"ping":25,"pong":true}}',
        '{"push":{"channel":"#42","join":{"info":{"user":"42","client":"<client>"}}}}')
    assert int(exchange.known["ttl"]) in (3599, 3600)


def test_e3_expired_connection_token(relay):
    client = relay.client()
    client.send_text('{"id":1,"connect":{"token":"%s"}}' % relay.token("42", ttl=-60))
    assert client.next_line() == '{"id":1,"error":{"code":109,"message":"token expired"}}'
    again = relay.client()
    again.send_text('{"id":1,"connect":{"token":"%s"}}' % relay.token("42"))
    assert again.next_line().startswith('{"id":1,"connect":{"client":"')


def test_e4_invalid_connection_token(relay):
    client = relay.client()
    client.send_text('{"id":1,"connect":{"token":"garbage"}}')
    assert client.closing() == (3500, "invalid token") and client.lines == []


def test_e5_the_first_frame_of_the_javascript_sdk(insecure):
    client = insecure.client()
    client.send_text(
        '{"id":1,"connect":{"name":"js"}}\n{"id":2,"subscribe":{"channel":"chat:lobby","flag":1}}\n'
        '{"id":3,"subscribe":{"channel":"$secret","flag":1}}')
    exchange = Exchange()
    exchange.hears(client, '{"id":1,"connect":{"client":"<client>","version":"<version>","ping":25,"pong":true}}')
    # A refusal does not wait for the channel before it: SDKs match replies by id.
    exchange.hears_in_any_order(
        client, '{"id":2,"subscribe":{}}', '{"id":3,"error":{"code":103,"message":"permission denied"}}')


def test_e6_ping_and_pong(start):
    relay = next_relay(start, client={"ping": "1s", "pong": "900ms"})
    client = connected(relay)
    for _ in range(2):
        ping = client.next_frame()
        assert (ping.opcode, ping.payload) == (TEXT, b"{}")
        client.send_text("{}")


def test_e7_to_e9_and_e15_a_stream_from_its_beginning(relay):
    client = connected(relay)
    exchange = Exchange()
    client.send_text('{"id":4,"subscribe":{"channel":"recovery:r1","flag":1}}')
    exchange.hears(client, '{"id":4,"subscribe":{"recoverable":true,"epoch":"<epoch>","positioned":true}}')
    exchange.known["writer"] = write(relay, "recovery:r1", *texts("one", "two"))
    exchange.hears(
        client,
        '{"push":{"channel":"recovery:r1","pub":{"data":{"text":"one"},%s,"offset":1,"epoch":"<epoch>"}}}' % WRITER,
        '{"push":{"channel":"recovery:r1","pub":{"data":{"text":"two"},%s,"offset":2}}}' % WRITER)
    first = exchange.known["writer"]

    again = connected(relay)
    exchange.known["writer"] = write(relay, "recovery:r1", *texts("three", "four"))
    exchange.says(
        again, '{"id":2,"subscribe":{"channel":"recovery:r1","recover":true,"offset":2,"epoch":"<epoch>","flag":1}}')
    exchange.hears(
        again,
        '{"id":2,"subscribe":{"recoverable":true,"epoch":"<epoch>","publications":[%s,%s],"recovered":true,"offset":2,'
        '"positioned":true,"was_recovering":true}}' % (publication("three", 3), publication("four", 4)))

    nothing = connected(relay)
    exchange.says(
        nothing, '{"id":2,"subscribe":{"channel":"recovery:r1","recover":true,"offset":4,"epoch":"<epoch>","flag":1}}')
    exchange.hears(
        nothing,
        '{"id":2,"subscribe":{"recoverable":true,"epoch":"<epoch>","recovered":true,"offset":4,"positioned":true,'
        '"was_recovering":true}}')

    reader = connected(relay)
    second = exchange.known["writer"]
    reader.send_text('{"id":8,"history":{"channel":"recovery:r1"}}')
    exchange.hears(reader, '{"id":8,"history":{"publications":[],"epoch":"<epoch>","offset":4}}')
    exchange.says(reader, '{"id":9,"history":{"channel":"recovery:r1","limit":2,"since":{"offset":1,"epoch":"<epoch>"}}}')
    exchange.hears(
        reader,
        '{"id":9,"history":{"publications":[%s,%s],"epoch":"<epoch>","offset":4}}' % (
            publication("two", 2).replace("<writer>", first), publication("three", 3).replace("<writer>", second)))
    reader.send_text('{"id":10,"history":{"channel":"recovery:r1","limit":2,"reverse":true}}')
    exchange.hears(
        reader,
        '{"id":10,"history":{"publications":[%s,%s],"epoch":"<epoch>","offset":4}}' % (
            publication("four", 4), publication("three", 3)))
    reader.send_text('{"id":11,"history":{"channel":"recovery:r1","limit":1,"since":{"offset":1,"epoch":"OTHERONE"}}}')
    exchange.hears(reader, '{"id":11,"error":{"code":112,"message":"unrecoverable position"}}')


def test_e10_and_e11_recovery_of_what_is_trimmed(relay):
    exchange = subscribe_to(connected(relay), "smallhistory:r1")
    write(relay, "smallhistory:r1", *texts(*range(50)))
    client = connected(relay)
    exchange.says(
        client, '{"id":2,"subscribe":{"channel":"smallhistory:r1","recover":true,"offset":4,"epoch":"<epoch>","flag":1}}')
    exchange.hears(
        client,
        '{"id":2,"subscribe":{"recoverable":true,"epoch":"<epoch>","offset":50,"positioned":true,"was_recovering":true}}')
    other = connected(relay)
    exchange.says(
        other, '{"id":2,"subscribe":{"channel":"smallhistory:r1","recover":true,"offset":4,"epoch":"<epoch>","flag":3}}')
    exchange.hears(other, '{"id":2,"error":{"code":112,"message":"unrecoverable position"}}')
    assert exchange.known["epoch"]


def test_e12_cache_mode(relay):
    prices = ['{"price":%s}' % price for price in (1, 2, 3, 61023.5)]
    exchange = Exchange(writer=write(relay, "ticker:btc", *prices))
    client = connected(relay)
    client.send_text('{"id":2,"subscribe":{"channel":"ticker:btc","recover":true,"flag":1}}')
    exchange.hears(
        client,
        '{"id":2,"subscribe":{"recoverable":true,"epoch":"<epoch>","publications":[{"data":{"price":61023.5},%s,'
        '"offset":4}],"recovered":true,"positioned":true,"was_recovering":true}}' % WRITER)


def test_e13_publish_own_echo_and_reply(relay):
    client = connected(relay, info={"name": "Ada"})
    exchange = subscribe_to(client, "chat:lobby")
    client.send_text('{"id":5,"publish":{"channel":"chat:lobby","data":{"text":"hello"}}}')
    exchange.hears_in_any_order(
        client,
        '{"push":{"channel":"chat:lobby","pub":{"data":{"text":"hello"},"info":{"user":"42","client":"<client>",'
        '"conn_info":{"name":"Ada"}}}}}',
        '{"id":5,"publish":{}}')


def test_e14_presence_and_stats(relay):
    ada, guest = connected(relay, info={"name": "Ada"}), connected(relay, None)
    for client in (ada, guest):
        subscribe_to(client, "chat:e14")
    exchange = Exchange(c1=ada.id, c2=guest.id)
    ada.send_text('{"id":6,"presence":{"channel":"chat:e14"}}\n{"id":7,"presence_stats":{"channel":"chat:e14"}}')
    entries = ['"<c1>":{"user":"42","client":"<c1>","conn_info":{"name":"Ada"}}', '"<c2>":{"user":"","client":"<c2>"}']
    line = ada.next_line()
    orders = (entries, entries[::-1])
    assert any(exchange.fits('{"id":6,"presence":{"presence":{%s,%s}}}' % tuple(order), line) for order in orders), line
    assert ada.next_line() == '{"id":7,"presence_stats":{"num_clients":2,"num_users":2}}'


def test_e16_rpc_without_a_handler_and_send(relay):
    """There are no handlers, so the example with one has no place here, and `send` ends the connection."""
    client = connected(relay)
    client.send_text('{"id":12,"rpc":{"method":"typing","data":{"room":"lobby"}}}')
    assert client.next_line() == '{"id":12,"error":{"code":108,"message":"not available"}}'
    client.send_text('{"send":{"data":{"seen":17}}}')
    assert client.closing() == (3508, "not available") and client.lines == []


def test_e17_unsubscribe(relay):
    client = connected(relay)
    subscribe_to(client, "chat:lobby")
    client.send_text('{"id":14,"unsubscribe":{"channel":"chat:lobby"}}\n{"id":15,"unsubscribe":{"channel":"never"}}')
    assert client.next_line() == '{"id":14,"unsubscribe":{}}'
    assert client.next_line() == '{"id":15,"unsubscribe":{}}'


def test_e18_join_and_leave_of_another(relay):
    client, other = connected(relay), connected(relay, "7")
    exchange = subscribe_to(client, "loud:lobby")
    exchange.known["other"] = other.id
    exchange.hears(client, '{"push":{"channel":"loud:lobby","join":{"info":{"user":"42","client":"<client>"}}}}')
    other.subscribe("loud:lobby", token=relay.subscription_token("loud:lobby", "7", info={"role": "mod"}))
    other.leave()
    info = '{"info":{"user":"7","client":"<other>","chan_info":{"role":"mod"}}}'
    exchange.hears(
        client, '{"push":{"channel":"loud:lobby","join":%s}}' % info, '{"push":{"channel":"loud:lobby","leave":%s}}' % info)


def test_e19_refreshes(relay):
    client = connected(relay)
    assert "subscribe" in client.subscribe("$loud:secret", token=relay.subscription_token("$loud:secret", "42", ttl=60))
    client.push("join")
    exchange = Exchange(token=relay.token("42"), subscription=relay.subscription_token("$loud:secret", "42", ttl=600))
    exchange.says(client, '{"id":20,"refresh":{"token":"<token>"}}')
    exchange.hears(client, '{"id":20,"refresh":{"expires":true,"ttl":<ttl>}}')
    exchange.says(client, '{"id":21,"sub_refresh":{"channel":"$loud:secret","token":"<subscription>"}}')
    exchange.hears(client, '{"id":21,"sub_refresh":{"expires":true,"ttl":<subttl>}}')
    assert int(exchange.known["ttl"]) in (3599, 3600) and int(exchange.known["subttl"]) in (599, 600)


def test_e20_lost_continuity(start):
    """The stream is forgotten and begins anew; the other push of the example, code 2000, is the server API's."""
    relay = next_relay(start)
    client = connected(relay)
    subscribe_to(client, "brief:r1")
    write(relay, "brief:r1", '{"text":"one"}')
    assert client.push("pub")["pub"]["offset"] == 1
    client.lines.clear()
    relay.metric_becomes("belfry_history_streams", 1)
    relay.metric_becomes("belfry_history_streams", 0)
    write(relay, "brief:r1", '{"text":"two"}')
    assert client.next_line() == (
        '{"push":{"channel":"brief:r1","unsubscribe":{"code":2500,"reason":"insufficient state"}}}')
    event = relay.event("position.lost")
    assert (event["reason"], event["count"]) == ("gap", "1") and event["room_hash"]


def test_e21_a_reconnect_recovers_a_server_side_subscription(relay):
    """The push that makes one on a live connection is the server API's."""
    first = relay.client()
    reply = first.connect(relay.token("42", channels=["recovery:news"]))
    exchange = Exchange(epoch=reply["connect"]["subs"]["recovery:news"]["epoch"])
    write(relay, "recovery:news", *['{"h":"%d"}' % number for number in range(9)])
    first.close()
    exchange.known["writer"] = write(relay, "recovery:news", '{"h":"x"}')
    exchange.known["token"] = relay.token("42", channels=["recovery:news"])
    client = relay.client()
    exchange.says(
        client,
        '{"id":1,"connect":{"token":"<token>","subs":{"recovery:news":{"recover":true,"offset":9,"epoch":"<epoch>"}}}}')
    exchange.hears(
        client,
        '{"id":1,"connect":{"client":"<client>","version":"<version>","expires":true,"ttl":<ttl>,"subs":{"recovery:news":'
        '{"recoverable":true,"epoch":"<epoch>","publications":[{"data":{"h":"x"},%s,"offset":10}],"recovered":true,'
        '"offset":9,"positioned":true,"was_recovering":true}},"ping":25,"pong":true}}' % WRITER)


def test_e22_and_a3_delta(relay):
    client = connected(relay)
    exchange = Exchange()
    client.send_text('{"id":3,"subscribe":{"channel":"delta:d","delta":"fossil","flag":1}}')
    exchange.hears(client, '{"id":3,"subscribe":{"recoverable":true,"epoch":"<epoch>","positioned":true,"delta":true}}')
    documents = ['{"room":"lobby","text":"good morning everyone","seq":%d}' % number for number in (1, 2)]
    exchange.known["writer"] = write(relay, "delta:d", *documents)
    exchange.hears(
        client,
        r'{"push":{"channel":"delta:d","pub":{"data":"{\"room\":\"lobby\",\"text\":\"good morning everyone\",\"seq\":1}",'
        '%s,"offset":1,"epoch":"<epoch>"}}}' % WRITER,
        r'{"push":{"channel":"delta:d","pub":{"data":"s\nq@0,2:2}2XvmCa;",%s,"offset":2,"delta":true}}}' % WRITER)


def test_e23_tags_filter(relay):
    """A publication has tags by the server API only: from clients nothing passes the filter."""
    client, other = connected(relay), connected(relay)
    client.send_text(
        '{"id":3,"subscribe":{"channel":"tagged:t","tf":{"op":"and","nodes":[{"key":"lang","cmp":"eq","val":"de"},'
        '{"key":"prio","cmp":"gte","val":"3"}]},"flag":1}}')
    assert client.next_line() == '{"id":3,"subscribe":{}}'
    subscribe_to(other, "tagged:t")
    write(relay, "tagged:t", '{"n":1}')
    assert other.push("pub")["pub"]["data"] == {"n": 1}
    assert "presence_stats" in client.ask("presence_stats", channel="tagged:t") and client.lines == []


def test_e24_limited_publish(start):
    relay = next_relay(start, limits={"user": {"publish": {"rate": "1/h", "burst": 1}}})
    client = connected(relay)
    client.publish("chat:lobby", {"text": "spam"})
    client.send_text('{"id":30,"publish":{"channel":"chat:lobby","data":{"text":"spam"}}}')
    assert client.next_line() == '{"id":30,"error":{"code":111,"message":"too many requests","temporary":true}}'


@pytest.mark.parametrize("line", [
    '{"id":2,"subscribe":{"channel":"x"}}', '{"id":0,"publish":{"channel":"x","data":{}}}', '{"id":5,"ping":{}}',
    '{"id":6,"subscribe":{"channel":""}}'])
def test_e25_protocol_violations(relay, line):
    client = relay.client() if '"x"}}' in line else connected(relay)
    client.send_text(line)
    assert client.closing() == (3501, "bad request") and client.lines == []


# Appendix A

JWT = {
    '{"sub":"42"}':
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9.79CVgMIG_JB921dVUeJDWNJubJojFodH3-XtC_1C408",
    '{"sub":"42","exp":2524608000}':
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImV4cCI6MjUyNDYwODAwMH0."
        "CctpwP3JL5lWb9gbh6hiCTYiorcaoJ01k0Yq5Vc3GGE",
    '{"sub":"42","channel":"chat:lobby"}':
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImNoYW5uZWwiOiJjaGF0OmxvYmJ5In0."
        "FmhU_wl_qBOq3gDw5-jfHzbjSrIEsdinnUWxdvcMWFM",
}


def test_a1_tokens(start):
    plain, expiring, subscription = JWT.values()
    assert [tokens.sign(b"secret", payload.encode()) for payload in JWT] == list(JWT.values())
    relay = next_relay(start, auth={"hmac_secret": "secret", "hmac_secret_file": "", "require_exp": False})
    relay.private += JWT.values()
    client = relay.client()
    assert "expires" not in client.connect(plain)["connect"]
    assert client.subscribe("chat:lobby", token=subscription)["subscribe"] == {}
    # A year at most.
    assert relay.client().connect(expiring)["connect"]["ttl"] in (365 * 86_400 - 1, 365 * 86_400)
    other = relay.client()
    other.send({"id": 1, "connect": {"token": subscription}})
    assert other.closing() == (3500, "invalid token")


def test_a2_protobuf(insecure):
    client = insecure.client([("Sec-WebSocket-Protocol", "centrifuge-protobuf")])

    def says(text):
        client.send_frame(BINARY, bytes.fromhex(text))

    def hears():
        frame = client.next_frame()
        assert frame.opcode == BINARY
        return frame.payload.hex()

    says("080801220422026a73")
    # A reply with id 1 and a connect result, whose client id is a UUID.
    assert re.fullmatch(r"..08012a..0a24([0-9a-f]{2})+", hears())
    says("0a08022a060a04726f6f6d")
    assert hears().startswith("0408023200")
    says("1308033a0f0a04726f6f6d12077b2261223a317d")
    heard = hears()
    while "0408034200" not in heard:
        heard += hears()
    # An offset it has not, since the channel has no history, and the publisher's info beside the data.
    assert "120472 6f6f6d".replace(" ", "") in heard and "22077b2261223a317d" in heard


def test_a2_protobuf_refusal_and_ping(start):
    relay = next_relay(start, client={"ping": "1s", "pong": "900ms"})
    client = relay.client([("Sec-WebSocket-Protocol", "centrifuge-protobuf")])
    client.send_frame(BINARY, bytes.fromhex("080801220422026a73"))
    assert client.next_frame().payload[1:3] == b"\x08\x01"
    client.send_frame(BINARY, bytes.fromhex("0a08022a060a04726f6f6d"))
    assert client.next_frame().payload.hex() == "1908021215086712117065726d697373696f6e2064656e696564"
    for _ in range(2):
        assert client.next_frame().payload.hex() == "00"
        client.send_frame(BINARY, b"\x00")
