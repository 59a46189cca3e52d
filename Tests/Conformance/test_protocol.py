"""The Centrifuge protocol in JSON, byte for byte: its exchanges, its errors, its close codes."""

import json
import re
import time

import pytest

import tokens
from waiting import eventually
from wire import BINARY, CLOSE, PATH, PING, PONG, TEXT, Closed, close_payload, frame

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
VERSION = re.compile(r'"version":"([^"]+)"')


def anonymous(line):
    """A line with what differs from run to run replaced."""
    return VERSION.sub('"version":"V"', UUID.sub("C", line))


@pytest.fixture(scope="module")
def shared(start_shared):
    return start_shared(limits={"enabled": False})


@pytest.fixture
def ada(shared):
    """A client of user ada, connected."""
    client = shared.member("ada", info={"name": "Ada"})
    yield client
    client.close()


def greeting(client, line):
    client.send_text(line)
    return anonymous(client.next_line())


class TestExchanges:
    """The examples of the protocol, byte for byte. Only ids and the version differ."""

    def test_an_anonymous_connect(self, start):
        relay = start(client={"allow_anonymous": True})
        client = relay.client()
        assert greeting(client, '{"id":1,"connect":{"name":"js"}}') == (
            '{"id":1,"connect":{"client":"C","version":"V","ping":25,"pong":true}}')

    def test_a_token_that_expires_gives_a_ttl(self, shared):
        client = shared.client()
        token = shared.token("ada", ttl=3600)
        line = greeting(client, f'{{"id":1,"connect":{{"token":"{token}","name":"python"}}}}')
        ttl = int(re.search(r'"ttl":(\d+)', line)[1])
        assert 3590 <= ttl <= 3600
        assert line.replace(str(ttl), "T") == (
            '{"id":1,"connect":{"client":"C","version":"V","expires":true,"ttl":T,"ping":25,"pong":true}}')

    def test_an_expired_token_is_an_error_and_the_connection_waits_for_the_client(self, shared):
        client = shared.client()
        token = shared.token("ada", ttl=-10)
        line = greeting(client, f'{{"id":1,"connect":{{"token":"{token}"}}}}')
        assert line == '{"id":1,"error":{"code":109,"message":"token expired"}}'
        client.send_text('{"id":2,"subscribe":{"channel":"room"}}')
        assert client.closing() == (3501, "bad request")

    def test_commands_behind_a_refused_connect_are_dropped_within_its_frame(self, shared):
        client = shared.client()
        token = shared.token("ada", ttl=-10)
        client.send_text(
            f'{{"id":1,"connect":{{"token":"{token}"}}}}\n'
            '{"id":2,"subscribe":{"channel":"room"}}')
        assert client.next_line() == '{"id":1,"error":{"code":109,"message":"token expired"}}'
        assert client.leave() == 1000

    def test_garbage_for_a_token_closes_without_a_reply(self, shared):
        client = shared.client()
        client.send_text('{"id":1,"connect":{"token":"garbage"}}')
        assert client.closing() == (3500, "invalid token")
        assert client.lines == []

    def test_the_first_frame_of_the_js_client(self, start):
        relay = start(client={"allow_anonymous": True}, channels={"default": {"allow_subscribe_for_anonymous": True}})
        client = relay.client()
        client.send_text(
            '{"id":1,"connect":{"name":"js"}}\n'
            '{"id":2,"subscribe":{"channel":"lobby","flag":1}}\n'
            '{"id":3,"subscribe":{"channel":"$secret","flag":1}}')
        lines = [client.next_line() for _ in range(3)]
        assert anonymous(lines[0]) == '{"id":1,"connect":{"client":"C","version":"V","ping":25,"pong":true}}'
        # The second answer waits for the channel's home, the third does not: SDKs match replies by id.
        assert sorted(lines[1:]) == [
            '{"id":2,"subscribe":{}}', '{"id":3,"error":{"code":103,"message":"permission denied"}}']

    def test_the_first_frame_waits_for_the_token(self, shared):
        client = shared.client()
        token = shared.token("ada")
        client.send_text(
            f'{{"id":1,"connect":{{"token":"{token}"}}}}\n{{"id":2,"subscribe":{{"channel":"room"}}}}\n'
            '{"id":3,"presence_stats":{"channel":"room"}}')
        assert anonymous(client.next_line()).startswith('{"id":1,"connect":')
        assert {"id": 2, "subscribe": {}} in (client.next(), client.next())

    def test_ping_and_pong_are_each_a_whole_frame(self, start):
        relay = start(client={"ping": "1s", "pong": "500ms"})
        client = relay.member()
        for _ in range(3):
            received = client.next_frame()
            assert (received.opcode, received.payload) == (TEXT, b"{}")
            client.send_text("{}")
        eventually(lambda: relay.metrics().total("belfry_ws_ping_rtt_seconds_count") == 3, "three round trips")

    def test_publish_with_own_echo_and_reply(self, shared, ada):
        ada.subscribe("chat:lobby")
        assert anonymous(ada.next_line()) == (
            '{"push":{"channel":"chat:lobby","join":{"info":{"user":"ada","client":"C",'
            '"conn_info":{"name":"Ada"}}}}}')
        ada.send_text('{"id":5,"publish":{"channel":"chat:lobby","data":{"text":"hello"}}}')
        assert sorted(anonymous(ada.next_line()) for _ in range(2)) == [
            '{"id":5,"publish":{}}',
            '{"push":{"channel":"chat:lobby","pub":{"data":{"text":"hello"},"info":{"user":"ada","client":"C",'
            '"conn_info":{"name":"Ada"}}}}}']

    def test_presence_and_its_statistics(self, shared):
        ada = shared.member("ada", ["presence-room"], info={"name": "Ada"})
        bob = shared.member("bob", ["presence-room"])
        again = shared.member("bob", ["presence-room"])
        ada.send_text('{"id":6,"presence":{"channel":"presence-room"}}')
        line = ada.next_line()
        people = json.loads(line)["presence"]["presence"]
        assert people == {
            ada.id: {"user": "ada", "client": ada.id, "conn_info": {"name": "Ada"}},
            bob.id: {"user": "bob", "client": bob.id},
            again.id: {"user": "bob", "client": again.id},
        }
        assert f'"{ada.id}":{{"user":"ada","client":"{ada.id}","conn_info":{{"name":"Ada"}}}}' in line
        ada.send_text('{"id":7,"presence_stats":{"channel":"presence-room"}}')
        assert ada.next_line() == '{"id":7,"presence_stats":{"num_clients":3,"num_users":2}}'
        for client in (ada, bob, again):
            client.close()

    def test_presence_of_an_empty_channel_is_an_empty_object(self, shared, ada):
        ada.subscribe("free:empty")
        ada.ask("unsubscribe", channel="free:empty")
        ada.send_text(
            '{"id":6,"presence":{"channel":"free:empty"}}\n'
            '{"id":7,"presence_stats":{"channel":"free:empty"}}')
        assert ada.next_line() == '{"id":6,"presence":{"presence":{}}}'
        assert ada.next_line() == '{"id":7,"presence_stats":{"num_clients":0,"num_users":0}}'

    def test_rpc_without_a_handler(self, ada):
        ada.send_text('{"id":12,"rpc":{"method":"typing","data":{"room":"lobby"}}}')
        assert ada.next_line() == '{"id":12,"error":{"code":108,"message":"not available"}}'

    def test_send_without_a_handler_closes(self, ada):
        ada.send_text('{"send":{"data":{"seen":17}}}')
        assert ada.closing() == (3508, "not available")
        assert ada.lines == []

    def test_unsubscribe_always_succeeds(self, ada):
        ada.subscribe("room")
        ada.send_text('{"id":14,"unsubscribe":{"channel":"room"}}\n{"id":15,"unsubscribe":{"channel":"never"}}')
        assert ada.next_line() == '{"id":14,"unsubscribe":{}}'
        assert ada.next_line() == '{"id":15,"unsubscribe":{}}'

    def test_join_and_leave_of_another_client(self, shared, ada):
        ada.subscribe("chat:hall")
        ada.push("join")
        other = shared.member("7")
        token = shared.subscription_token("chat:hall", "7", info={"role": "mod"})
        assert other.subscribe("chat:hall", token=token)["subscribe"]["expires"] is True
        info = '{"info":{"user":"7","client":"C","chan_info":{"role":"mod"}}}'
        assert anonymous(ada.next_line()) == '{"push":{"channel":"chat:hall","join":' + info + "}}"
        other.close()
        assert anonymous(ada.next_line()) == '{"push":{"channel":"chat:hall","leave":' + info + "}}"

    def test_a_limited_publish_is_a_temporary_error(self, start):
        relay = start(limits={"user": {"publish": {"rate": "1/h", "burst": 1}}})
        client = relay.member("ada", ["quiet:lobby"])
        client.publish("quiet:lobby", relay.body())
        client.push()
        client.send_text('{"id":30,"publish":{"channel":"quiet:lobby","data":{"text":"spam"}}}')
        assert client.next_line() == '{"id":30,"error":{"code":111,"message":"too many requests","temporary":true}}'

    def test_connection_and_subscription_refresh(self, shared, ada):
        ada.subscribe("$secret", token=shared.subscription_token("$secret"))
        fresh, channel = shared.token("ada", ttl=3600), shared.subscription_token("$secret", ttl=600)
        ada.send_text(f'{{"id":20,"refresh":{{"token":"{fresh}"}}}}')
        assert re.fullmatch(r'\{"id":20,"refresh":\{"expires":true,"ttl":(3600|3599)\}\}', ada.next_line())
        ada.send_text(f'{{"id":21,"sub_refresh":{{"channel":"$secret","token":"{channel}"}}}}')
        assert re.fullmatch(r'\{"id":21,"sub_refresh":\{"expires":true,"ttl":(600|599)\}\}', ada.next_line())


# The violations of the protocol: one line before connect, the others after.
VIOLATIONS = {
    "id 0 publish": '{"id":0,"publish":{"channel":"x","data":{}}}',
    "publish without id": '{"publish":{"channel":"x","data":{}}}',
    "lone ping request": '{"id":5,"ping":{}}',
    "subscribe without channel": '{"id":6,"subscribe":{"channel":""}}',
    "subscribe, channel absent": '{"id":6,"subscribe":{}}',
    "unsubscribe without channel": '{"id":6,"unsubscribe":{"channel":""}}',
    "publish without channel": '{"id":6,"publish":{"channel":"","data":{}}}',
    "presence without channel": '{"id":6,"presence":{"channel":""}}',
    "presence_stats without channel": '{"id":6,"presence_stats":{}}',
    "history without channel": '{"id":6,"history":{}}',
    "sub_refresh without channel and token": '{"id":6,"sub_refresh":{}}',
    "refresh without token": '{"id":6,"refresh":{}}',
    "second connect": '{"id":6,"connect":{}}',
    "id without request": '{"id":6}',
    "pong without ping": "{}",
    "unknown delta": '{"id":6,"subscribe":{"channel":"x","delta":"bsdiff"}}',
    "not JSON": "hello",
    "half an object": '{"id":6,"publish":',
    "an array": "[]",
    "wrong type of id": '{"id":"6","unsubscribe":{"channel":"x"}}',
    "id over 32 bits": '{"id":4294967296,"unsubscribe":{"channel":"x"}}',
    "negative id": '{"id":-1,"unsubscribe":{"channel":"x"}}',
    "wrong type of channel": '{"id":6,"subscribe":{"channel":7}}',
    "trailing garbage": '{"id":6,"unsubscribe":{"channel":"x"}} x',
    "empty line": '{"id":6,"unsubscribe":{"channel":"x"}}\n\n{"id":7,"unsubscribe":{"channel":"x"}}',
    "empty frame": "",
    "only a newline": "\n",
    "two newlines at the end": '{"id":6,"unsubscribe":{"channel":"x"}}\n\n',
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_closes_with_3501(name, ada):
    ada.send_text(VIOLATIONS[name])
    assert ada.closing() == (3501, "bad request")


@pytest.mark.parametrize("line", [
    '{"id":2,"subscribe":{"channel":"x"}}', '{"id":0,"connect":{}}', '{"connect":{}}', "{}", '{"id":1,"rpc":{}}'])
def test_nothing_comes_before_connect(line, shared):
    client = shared.client()
    client.send_text(line)
    assert client.closing() == (3501, "bad request")


def test_no_credentials_close_with_3501(shared):
    client = shared.client()
    client.send_text('{"id":1,"connect":{}}')
    assert client.closing() == (3501, "bad request")


def test_one_trailing_newline_is_allowed(ada):
    ada.send_text('{"id":6,"unsubscribe":{"channel":"x"}}\n')
    assert ada.next_line() == '{"id":6,"unsubscribe":{}}'


def test_binary_frames_are_read_like_text_and_answered_in_text(ada):
    ada.connection.send(frame(BINARY, b'{"id":6,"unsubscribe":{"channel":"x"}}'))
    received = ada.next_frame()
    assert (received.opcode, received.payload) == (TEXT, b'{"id":6,"unsubscribe":{}}')


def test_unknown_fields_and_flags_are_ignored(ada):
    ada.send_text('{"id":6,"zzz":[1,{"a":null}],"subscribe":{"channel":"room","flag":65535,"zzz":{}}}')
    assert ada.next_line() == '{"id":6,"subscribe":{}}'


def test_fragments_of_a_message_are_one_message(ada):
    text = b'{"id":6,"unsubscribe":{"channel":"x"}}'
    for index in range(len(text)):
        opcode, last = (TEXT if index == 0 else 0), index == len(text) - 1
        ada.connection.send(frame(opcode, text[index:index + 1], fin=last))
        if index == 10:
            ada.connection.send(frame(PING, b"in between"))
    received = ada.next_frame()
    assert (received.opcode, received.payload) == (PONG, b"in between")
    assert ada.next_line() == '{"id":6,"unsubscribe":{}}'


def test_a_batch_is_answered_in_order(ada):
    ada.send_text("\n".join(f'{{"id":{n},"unsubscribe":{{"channel":"x{n}"}}}}' for n in range(2, 202)))
    assert [ada.next()["id"] for _ in range(200)] == list(range(2, 202))


def test_a_frame_holds_as_many_commands_as_configured(start):
    relay = start(client={"commands_per_frame": 5})
    client = relay.member()
    line = '{"id":%d,"unsubscribe":{"channel":"x"}}'
    client.send_text("\n".join(line % n for n in range(2, 7)))
    assert [client.next()["id"] for _ in range(5)] == [2, 3, 4, 5, 6]
    client.send_text("\n".join(line % n for n in range(7, 13)))
    assert client.closing() == (3501, "bad request")
    assert [json.loads(line)["id"] for line in client.lines] == [7, 8, 9, 10, 11]


# What must come out as it went in.
PAYLOADS = {
    "big numbers": '{"n":12345678901234567890123456789,"e":1.0e+400,"z":-0.0,"t":1.10}',
    "key order and duplicates": '{"z":1,"a":2,"z":3}',
    "blanks": '{ "a" :\t[ 1 , 2 ] }',
    "escapes": '"\\u00e9\\ud83d\\ude00 \\/ \\" \\\\ \\u0000"',
    "text beyond the first plane": '"\U0001f514 naïve ﷽"',
    "null": "null", "false": "false", "number": "0", "empty string": '""', "empty array": "[]",
    "deep": "[" * 60 + "]" * 60,
    "3 KiB": '"' + "x" * 3000 + '"',
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_payload_bytes_pass_unchanged(name, ada):
    payload = PAYLOADS[name]
    ada.subscribe("quiet:room")
    ada.send_text(f'{{"id":9,"publish":{{"channel":"quiet:room","data":{payload}}}}}')
    lines = [ada.next_line(), ada.next_line()]
    publication = next(line for line in lines if line.startswith('{"push"'))
    assert publication.startswith('{"push":{"channel":"quiet:room","pub":{"data":' + payload + ',"info":{')


def test_raw_newlines_of_pretty_printed_json_can_not_occur_in_a_line_but_other_blanks_pass(ada):
    ada.subscribe("quiet:room")
    ada.send_text('{"id":9,"publish":{"channel":"quiet:room","data":{\r\t"a": 1\r}}}')
    lines = [ada.next_line(), ada.next_line()]
    publication = next(line for line in lines if line.startswith('{"push"'))
    assert '"data":{\t"a": 1}' in publication or '"data":{\r\t"a": 1\r}' in publication


def test_conn_info_passes_unchanged(shared):
    claims = b'{"sub":"ada","exp":%d,"info":{"z":1.50,"a":[ ],"u":"\\u00e9"}}' % tokens.expiry(600)
    client = shared.client()
    client.connect(shared.hide(tokens.sign(shared.secret, claims)))
    client.subscribe("quiet:room")
    client.publish("quiet:room", shared.body())
    assert '"conn_info":{"z":1.50,"a":[ ],"u":"\\u00e9"}' in client.next_line()
    client.close()


class TestErrors:
    """Every error code that can happen now."""

    def error(self, reply):
        return reply["error"]["code"]

    def test_102_unknown_namespace(self, ada):
        assert self.error(ada.subscribe("nowhere:room")) == 102
        assert self.error(ada.publish("nowhere:room", {})) == 102
        assert self.error(ada.ask("presence", channel="nowhere:room")) == 102
        assert self.error(ada.ask("history", channel="nowhere:room")) == 102

    def test_103_permission(self, shared, ada):
        assert self.error(ada.subscribe("locked:room")) == 103
        assert self.error(ada.subscribe("$room")) == 103
        assert self.error(ada.publish("quiet:not-subscribed", {"a": 1})) == 103
        ada.subscribe("news:today")
        assert self.error(ada.publish("news:today", {"a": 1})) == 103
        assert self.error(ada.ask("presence", channel="room-i-am-not-in")) == 103

    def test_103_for_a_bad_subscription_token(self, ada):
        assert self.error(ada.subscribe("$room", token="garbage")) == 103

    def test_105_subscribed_already(self, ada):
        ada.subscribe("room")
        assert self.error(ada.subscribe("room")) == 105

    def test_105_while_the_first_is_under_way(self, ada):
        ada.send({"id": 2, "subscribe": {"channel": "r"}}, {"id": 3, "subscribe": {"channel": "r"}})
        assert self.error(ada.reply(3)) == 105
        assert ada.reply(2) == {"id": 2, "subscribe": {}}

    def test_106_channels_of_a_connection(self, start):
        relay = start(client={"channels": 3})
        client = relay.member("ada", ["a", "b", "c"])
        assert self.error(client.subscribe("d")) == 106
        client.ask("unsubscribe", channel="a")
        assert client.subscribe("d") == {"id": client.command_id, "subscribe": {}}

    @pytest.mark.parametrize("channel", ["x" * 256, "naïve", "tab\tin", "line\nin", "\x7f"])
    def test_107_bad_channel_names(self, channel, ada):
        assert self.error(ada.subscribe(channel)) == 107

    def test_a_name_of_255_bytes_is_good(self, ada):
        assert "subscribe" in ada.subscribe("x" * 255)

    def test_107_payloads(self, ada):
        ada.subscribe("object:room")
        ada.subscribe("room")
        assert self.error(ada.publish("object:room", [1])) == 107
        assert self.error(ada.ask("publish", channel="room")) == 107
        assert ada.publish("object:room", {"a": 1}).get("publish") == {}

    def test_107_tags_filter(self, ada):
        assert self.error(ada.subscribe("room", tf={"key": "a", "cmp": "ex"})) == 107

    def test_108_what_is_not_there(self, ada):
        ada.subscribe("quiet:room")
        assert self.error(ada.ask("presence", channel="quiet:room")) == 108
        assert self.error(ada.ask("presence_stats", channel="quiet:room")) == 108
        assert self.error(ada.ask("history", channel="room")) == 108
        assert self.error(ada.ask("rpc", method="x")) == 108
        assert self.error(ada.subscribe("map", type=1)) == 108

    def test_109_an_expired_subscription_token(self, shared, ada):
        assert self.error(ada.subscribe("$room", token=shared.subscription_token("$room", ttl=-5))) == 109
        ada.subscribe("$room", token=shared.subscription_token("$room"))
        expired = shared.subscription_token("$room", ttl=-5)
        assert self.error(ada.ask("sub_refresh", channel="$room", token=expired)) == 109

    def test_109_a_token_that_is_not_valid_yet(self, shared):
        client = shared.client()
        assert self.error(client.connect(shared.token("ada", nbf=tokens.expiry(100)))) == 109

    def test_110_an_expiry_in_the_past(self, shared):
        client = shared.client()
        assert self.error(client.connect(shared.token("ada", expire_at=tokens.expiry(-5)))) == 110

    def test_sub_refresh_of_what_is_not_subscribed(self, shared, ada):
        token = shared.subscription_token("$other")
        assert self.error(ada.ask("sub_refresh", channel="$other", token=token)) == 103

    def test_sub_refresh_without_a_token(self, shared, ada):
        ada.subscribe("$room", token=shared.subscription_token("$room"))
        assert self.error(ada.ask("sub_refresh", channel="$room")) == 107


class TestPermissions:
    """Who may do what where."""

    def test_user_limited_channels(self, shared):
        ada, bob = shared.member("ada"), shared.member("bob")
        assert "subscribe" in ada.subscribe("chat:pair#ada,bob")
        assert "subscribe" in bob.subscribe("chat:pair#ada,bob")
        assert "subscribe" in ada.subscribe("chat:x#ada")
        assert bob.subscribe("chat:x#ada")["error"]["code"] == 103
        assert ada.subscribe("chat:x#adab,xada")["error"]["code"] == 103
        # The namespace must allow such channels.
        assert ada.subscribe("quiet:x#ada")["error"]["code"] == 103
        ada.close(), bob.close()

    def test_anonymous_clients_need_switches_of_their_own(self, start):
        relay = start(client={"allow_anonymous": True})
        client = relay.client()
        client.connect()
        assert client.subscribe("room")["error"]["code"] == 103
        assert "subscribe" in client.subscribe("free:room")
        assert client.publish("free:room", relay.body()).get("publish") == {}
        assert client.push()["pub"]["info"] == {"user": "", "client": client.id}
        assert client.subscribe("chat:x#")["error"]["code"] == 103
        stats = client.ask("presence_stats", channel="free:room")["presence_stats"]
        assert stats == {"num_clients": 1, "num_users": 1}

    def test_a_token_without_a_subject_is_an_anonymous_user(self, shared):
        client = shared.client()
        assert "connect" in client.connect(shared.token("", sub=None))
        assert client.subscribe("room")["error"]["code"] == 103
        assert "subscribe" in client.subscribe("free:room")
        client.close()

    def test_insecure_mode_opens_everything_but_unknown_namespaces(self, start):
        relay = start(client={"insecure": True})
        client = relay.client()
        assert "connect" in client.connect()
        assert "subscribe" in client.subscribe("locked:room")
        assert client.publish("locked:room", relay.body()).get("publish") == {}
        assert client.subscribe("nowhere:room")["error"]["code"] == 102
        bad = relay.client()
        bad.send_text('{"id":1,"connect":{"token":"garbage"}}')
        assert bad.closing()[0] == 3500

    @pytest.mark.parametrize("claim, value", [("channel", "$other"), ("sub", "bob"), ("client", "somebody")])
    def test_a_subscription_token_for_somebody_else_closes(self, claim, value, shared, ada):
        claims = {"user": "ada", "channel": "$room"} | {"user" if claim == "sub" else claim: value}
        token = shared.token(**claims)
        ada.send({"id": 2, "subscribe": {"channel": "$room", "token": token}})
        assert ada.closing() == (3500, "invalid token")

    def test_a_subscription_token_opens_what_rules_do_not(self, shared, ada):
        assert "subscribe" in ada.subscribe("locked:room", token=shared.subscription_token("locked:room"))
        assert "subscribe" in ada.subscribe("$locked:room", token=shared.subscription_token("$locked:room"))

    def test_a_subscription_token_is_no_connection_token(self, shared):
        client = shared.client()
        client.send({"id": 1, "connect": {"token": shared.subscription_token("room")}})
        assert client.closing() == (3500, "invalid token")

    def test_a_refresh_for_another_user_closes(self, shared, ada):
        ada.send({"id": 2, "refresh": {"token": shared.token("bob")}})
        assert ada.closing() == (3500, "invalid token")

    def test_a_refresh_with_an_expired_token_closes(self, shared, ada):
        ada.send({"id": 2, "refresh": {"token": shared.token("ada", ttl=-5)}})
        assert ada.closing() == (3005, "connection expired")


class TestTime:
    """What happens when a client says nothing."""

    def test_no_connect_within_the_deadline(self, start):
        relay = start(client={"connect_deadline": "1s"})
        began = time.monotonic()
        assert relay.client().closing() == (3502, "stale")
        assert time.monotonic() - began > 0.9

    def test_no_pong(self, start):
        relay = start(client={"ping": "1s", "pong": "500ms"})
        client = relay.member()
        assert client.closing() == (3012, "no pong")

    def test_data_is_no_pong(self, start):
        relay = start(client={"ping": "1s", "pong": "500ms"})
        client = relay.member()
        assert client.next_frame().payload == b"{}"
        client.send({"id": 5, "unsubscribe": {"channel": "x"}})
        assert client.closing() == (3012, "no pong")

    def test_one_pong_a_ping(self, start):
        relay = start(client={"ping": "1s", "pong": "500ms"})
        client = relay.member()
        assert client.next_frame().payload == b"{}"
        client.send_text("{}")
        client.send_text("{}")
        assert client.closing() == (3501, "bad request")

    def test_native_pings(self, start):
        relay = start(client={"ping": "1s", "pong": "500ms"})
        client = relay.client(path=PATH + "?cf_ws_frame_ping_pong=true")
        reply = client.connect(relay.token())
        assert "ping" not in reply["connect"] and "pong" not in reply["connect"]
        received = client.next_frame()
        assert received.opcode == PING
        client.connection.send(frame(PONG, received.payload))
        assert client.next_frame().opcode == PING
        assert client.closing() == (3012, "no pong")

    def test_an_expired_connection(self, start):
        relay = start(client={"expired_grace": "0s"})
        client = relay.member(ttl=2)
        assert client.closing() == (3005, "connection expired")

    def test_a_refresh_keeps_the_connection(self, start):
        relay = start(client={"expired_grace": "0s"})
        client = relay.member(ttl=2)
        assert "refresh" in client.ask("refresh", token=relay.token(ttl=600))
        other = relay.member(ttl=2)
        assert other.closing()[0] == 3005
        assert client.ask("unsubscribe", channel="x") == {"id": client.command_id, "unsubscribe": {}}

    def test_an_expired_subscription(self, start):
        relay = start(client={"expired_grace": "0s"})
        client = relay.member()
        client.subscribe("$room", token=relay.subscription_token("$room", ttl=2))
        assert client.next_line() == (
            '{"push":{"channel":"$room","unsubscribe":{"code":2501,"reason":"subscription expired"}}}')
        assert "subscribe" in client.subscribe("$room", token=relay.subscription_token("$room"))

    def test_a_client_that_does_not_answer_our_close_is_dropped(self, start):
        relay = start()
        client = relay.client()
        client.send_text('{"id":1,"connect":{"token":"garbage"}}')
        assert client.next_frame().close_code == 3500
        assert client.connection.is_ended()


class TestOrder:
    """What the SDKs count on."""

    def test_a_subscribe_reply_comes_before_any_push_and_none_comes_after_unsubscribe(self, shared):
        sender = shared.member("sender", ["quiet:flow"])
        receiver = shared.member("receiver")
        for round in range(60):
            sender.send(
                *({"id": 100 + n, "publish": {"channel": "quiet:flow", "data": n}} for n in range(5)))
            receiver.send({"id": 10, "subscribe": {"channel": "quiet:flow"}})
            assert receiver.next() == {"id": 10, "subscribe": {}}
            receiver.send({"id": 11, "unsubscribe": {"channel": "quiet:flow"}})
            while (message := receiver.next()) != {"id": 11, "unsubscribe": {}}:
                assert message["push"]["channel"] == "quiet:flow"
            assert receiver.ask("rpc")["error"]["code"] == 108
            assert receiver.lines == [], "a push after the unsubscribe reply"
        sender.close(), receiver.close()

    def test_publications_of_a_channel_come_in_the_same_order_to_all(self, shared):
        channel, count = "quiet:order", 40
        members = [shared.member(f"user{n}", [channel]) for n in range(4)]
        for n in range(count):
            for index, member in enumerate(members):
                member.send({"id": 1000 + n, "publish": {"channel": channel, "data": [index, n]}})
        seen = []
        for member in members:
            got = []
            while len(got) < 4 * count:
                message = member.next()
                assert "error" not in message, message
                if "push" in message:
                    got.append(tuple(message["push"]["pub"]["data"]))
            seen.append(got)
            member.close()
        assert all(got == seen[0] for got in seen), "two members saw different orders"
        for index in range(4):
            assert [n for who, n in seen[0] if who == index] == list(range(count))

    def test_join_precedes_leave_and_the_leaver_gets_neither(self, shared):
        watcher = shared.member("watcher", ["chat:door"])
        watcher.push("join")
        other = shared.member("other")
        for _ in range(30):
            other.subscribe("chat:door")
            other.ask("unsubscribe", channel="chat:door")
        kinds = [next(iter(set(watcher.next()["push"]) - {"channel"})) for _ in range(60)]
        assert kinds == ["join", "leave"] * 30
        assert not any('"leave"' in line for line in other.lines)
        watcher.close(), other.close()


class TestClose:
    """The end of a WebSocket."""

    @pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
    def test_a_close_is_echoed(self, code, ada):
        ada.connection.send(frame(CLOSE, close_payload(code, "bye")))
        assert ada.closing() == (code, "")

    def test_an_empty_close_is_echoed_empty(self, ada):
        ada.connection.send(frame(CLOSE))
        assert ada.closing() == (None, "")

    def test_what_is_queued_goes_out_before_the_close(self, ada):
        ada.send_text("\n".join(f'{{"id":{n},"unsubscribe":{{"channel":"x"}}}}' for n in range(2, 102)) + "\n!")
        assert ada.closing() == (3501, "bad request")
        assert len(ada.lines) == 100

    def test_a_message_that_is_too_big(self, start):
        relay = start(client={"max_message": "4KiB"})
        client = relay.member()
        client.send_text(json.dumps({"id": 2, "rpc": {"data": "x" * 4000}}))
        assert client.next()["error"]["code"] == 108
        client.send_text(json.dumps({"id": 2, "rpc": {"data": "x" * 4096}}))
        assert client.closing()[0] == 1009

    def test_close_reasons_are_words_and_no_json(self, ada):
        ada.send_text("!")
        _, reason = ada.closing()
        with pytest.raises(ValueError):
            json.loads(reason)
        with pytest.raises(Closed):
            ada.next_frame()
