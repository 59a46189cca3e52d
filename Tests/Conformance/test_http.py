"""The request before the WebSocket: who gets a 101, and what everybody else is told."""

import base64
import os
import random
import socket

import pytest

import tokens
from wire import PATH, Client, Connection, Response, head, request

HSTS = "max-age=63072000"


@pytest.fixture(scope="module")
def shared(start_shared):
    return start_shared(limits={"enabled": False})


def ask(relay, text, method="GET"):
    """One request on a connection of its own; the relay must close it in order behind its answer."""
    connection = relay.open()
    response = request(connection, text, method)
    assert response["Strict-Transport-Security"] == HSTS
    if response.status != 101:
        assert response.version == "HTTP/1.1"
        assert "close" in response["Connection"]
        assert connection.is_ended()
        connection.close()
    return response


def get(path, *fields, method="GET"):
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"{field}\r\n" for field in fields) + "\r\n"


class TestPages:
    @pytest.mark.parametrize(
        "path, status, kind",
        [("/", 200, "text/html; charset=utf-8"), ("/health", 200, "application/json"),
         ("/health?verbose=1", 200, "application/json"), ("/nothing", 404, "text/plain; charset=utf-8"),
         ("/connection/websocket/", 404, "text/plain; charset=utf-8"), ("//", 404, "text/plain; charset=utf-8"),
         ("/metrics", 404, "text/plain; charset=utf-8"), ("/%2e", 404, "text/plain; charset=utf-8")])
    def test_status_and_type(self, path, status, kind, shared):
        response = ask(shared, get(path))
        assert (response.status, response["Content-Type"]) == (status, kind)
        assert response.body and len(response.body) == int(response["Content-Length"])
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_health_says_ok(self, shared):
        assert ask(shared, get("/health")).body == b'{"status":"ok"}\n'

    def test_head_has_a_length_and_no_body(self, shared):
        response = ask(shared, get("/", method="HEAD"), "HEAD")
        assert response.status == 200 and int(response["Content-Length"]) > 0

    @pytest.mark.parametrize("path, allow", [("/", "GET, HEAD"), ("/health", "GET, HEAD"), (PATH, "GET")])
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
    def test_other_methods_get_405_and_the_list(self, path, allow, method, shared):
        response = ask(shared, get(path, method=method))
        assert (response.status, response["Allow"]) == (405, allow)

    def test_unknown_methods_get_501(self, shared):
        assert ask(shared, get("/", method="BREW")).status == 501

    def test_an_answer_shows_nothing_of_the_request(self, shared):
        assert b"mallory" not in ask(shared, get("/mallory<script>", "X: mallory")).body


class TestUpgrade:
    def test_a_plain_request_gets_426(self, shared):
        response = ask(shared, get(PATH))
        assert response.status == 426
        assert response["Upgrade"] == "websocket" and response["Sec-WebSocket-Version"] == "13"

    @pytest.mark.parametrize("version", ["8", "12", "14", "13, 8", ""])
    def test_other_versions_get_426(self, version, shared):
        assert ask(shared, head(fields=[("Sec-WebSocket-Version", version)])).status == 426

    @pytest.mark.parametrize(
        "fields, leave_out, status",
        [([], ["Connection"], 400), ([("Connection", "keep-alive")], [], 400), ([], ["Sec-WebSocket-Key"], 400),
         ([("Sec-WebSocket-Key", "short")], [], 400), ([], ["Upgrade"], 426), ([("Upgrade", "h2c")], [], 426),
         ([("Sec-WebSocket-Key", base64.b64encode(b"x" * 17).decode())], [], 400), ([], ["Host"], 400)])
    def test_incomplete_handshakes(self, fields, leave_out, status, shared):
        assert ask(shared, head(fields=fields, leave_out=leave_out)).status == status

    @pytest.mark.parametrize(
        "offer, chosen",
        [(None, None), ("centrifuge-json", "centrifuge-json"), ("", None), ("chat, centrifuge-json", "centrifuge-json"),
         ("centrifuge-json, centrifuge-protobuf", "centrifuge-json"), ("chat, superchat", None)])
    def test_the_subprotocol(self, offer, chosen, shared):
        fields = [] if offer is None else [("Sec-WebSocket-Protocol", offer)]
        client = shared.client(fields)
        assert client.response.status == 101
        assert client.response["Sec-WebSocket-Protocol"] == chosen
        assert client.response["Strict-Transport-Security"] == HSTS
        assert client.connect(shared.token())["connect"]["client"]
        client.leave()

    @pytest.mark.parametrize("offer", ["centrifuge-protobuf", "centrifuge-protobuf, centrifuge-json"])
    def test_the_subprotocol_of_protobuf(self, offer, shared):
        client = shared.client([("Sec-WebSocket-Protocol", offer)])
        assert client.response.status == 101
        assert client.response["Sec-WebSocket-Protocol"] == "centrifuge-protobuf"
        client.leave()

    def test_extensions_are_declined(self, shared):
        client = shared.client([("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")])
        assert client.response.status == 101 and client.response["Sec-WebSocket-Extensions"] is None
        client.leave()

    def test_bytes_before_our_answer_are_refused(self, shared):
        connection = shared.open()
        client = Client(connection, early=b"\x81\x80\x00\x00\x00\x00")
        assert client.response.status == 400


class TestOrigin:
    @pytest.mark.parametrize(
        "origin, status",
        [(None, 101), ("https://chat.example.com", 101), ("https://CHAT.example.com", 101),
         ("https://chat.example.com:443", 101), ("https://a.example.org", 101), ("https://a.b.example.org", 101),
         ("https://example.org", 403), ("https://chat.example.com:8443", 403), ("http://chat.example.com", 403),
         ("https://chat.example.com.evil.test", 403), ("https://evilexample.org", 403), ("https://evil.test", 403),
         ("null", 403), ("", 403), ("https://", 403), ("https://chat.example.com@evil.test", 403)])
    def test_the_list(self, origin, status, shared):
        fields = [] if origin is None else [("Origin", origin)]
        assert ask(shared, head(fields=fields)).status == status

    def test_an_empty_list_allows_the_relays_own_host(self, start):
        relay = start(client={"origins": []})
        host = f"localhost:{relay.port}"
        assert ask(relay, head(host=host, fields=[("Origin", f"https://{host}")])).status == 101
        assert ask(relay, head(host=host, fields=[("Origin", "https://localhost")])).status == 403

    def test_a_missing_origin_can_be_refused(self, start):
        relay = start(client={"allow_missing_origin": False})
        assert ask(relay, head()).status == 403
        assert ask(relay, head(fields=[("Origin", "https://chat.example.com")])).status == 101

    def test_two_origins_are_refused(self, shared):
        fields = [("Origin", "https://chat.example.com"), ("Origin", "https://chat.example.com")]
        assert ask(shared, head(fields=fields)).status == 403


class TestBearer:
    """A token in the request is verified before any 101."""

    def carried(self, how, token):
        if how == "Authorization":
            return [("Authorization", f"Bearer {token}")]
        return [("Sec-WebSocket-Protocol", f"centrifuge-json, bearer.{token}")]

    @pytest.mark.parametrize("how", ["Authorization", "subprotocol"])
    def test_a_good_one_admits_without_another(self, how, shared):
        client = shared.client(self.carried(how, shared.token("ada")))
        assert client.response.status == 101
        assert client.response["Sec-WebSocket-Protocol"] in (None, "centrifuge-json")
        assert "connect" in client.connect()
        client.subscribe("quiet:who")
        client.publish("quiet:who", shared.body())
        assert client.push()["pub"]["info"]["user"] == "ada"
        client.leave()

    @pytest.mark.parametrize("how", ["Authorization", "subprotocol"])
    @pytest.mark.parametrize("kind", ["garbage", "expired", "wrong key", "none", "subscription"])
    def test_a_bad_one_gets_401_and_no_101(self, how, kind, shared):
        token = {
            "garbage": lambda: "garbage",
            "expired": lambda: shared.token(ttl=-10),
            "wrong key": lambda: shared.hide(tokens.sign(b"x" * 32, {"sub": "ada", "exp": tokens.expiry(60)})),
            "none": lambda: f"{tokens.part({'alg': 'none'})}.{tokens.part({'sub': 'ada', 'exp': tokens.expiry(9)})}.",
            "subscription": lambda: shared.subscription_token("room"),
        }[kind]()
        response = ask(shared, head(fields=self.carried(how, token)))
        assert response.status == 401
        assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert token.encode() not in response.body

    def test_two_that_differ_are_refused(self, shared):
        fields = self.carried("Authorization", shared.token("a")) + self.carried("subprotocol", shared.token("b"))
        assert ask(shared, head(fields=fields)).status == 400

    @pytest.mark.parametrize("name", ["token", "access_token", "jwt"])
    def test_a_token_in_the_query_is_refused(self, name, shared):
        response = ask(shared, head(f"{PATH}?{name}={shared.token()}"))
        assert response.status == 400
        assert b"URL" in response.body

    def test_other_schemes_are_not_for_us(self, shared):
        client = shared.client([("Authorization", "Basic dXNlcjpwYXNz")])
        assert client.response.status == 101
        client.leave()

    def test_a_token_of_the_connect_command_wins(self, shared):
        client = shared.client(self.carried("Authorization", shared.token("ada")))
        client.connect(shared.token("bob"))
        client.subscribe("quiet:who2")
        client.publish("quiet:who2", shared.body())
        assert client.push()["pub"]["info"]["user"] == "bob"
        client.leave()


class TestLimits:
    def test_a_head_up_to_8_KiB_is_read_and_one_byte_more_is_not(self, shared):
        plain = get("/health", "X: ")
        padding = "x" * (8192 - len(plain))
        assert ask(shared, get("/health", f"X: {padding}")).status == 200
        assert ask(shared, get("/health", f"X: {padding}x")).status == 431

    def test_a_request_line_over_4_KiB(self, shared):
        assert ask(shared, get("/" + "x" * 4096)).status == 431

    def test_64_fields_are_read_and_65_are_not(self, shared):
        assert ask(shared, get("/health", *[f"X-{n}: 1" for n in range(63)])).status == 200
        assert ask(shared, get("/health", *[f"X-{n}: 1" for n in range(64)])).status == 431

    def test_a_head_that_does_not_come_gets_408(self, start):
        relay = start(tls={"handshake_timeout": "1s"})
        connection = relay.open()
        connection.send(b"GET / HT")
        response = Response(connection)
        assert response.status == 408
        assert response["Strict-Transport-Security"] == HSTS

    def test_a_head_in_single_bytes(self, shared):
        connection = shared.open()
        for byte in get("/health").encode():
            connection.send(bytes([byte]))
        assert Response(connection).status == 200


# Heads that two readers could understand differently, and heads that nobody should.
MALFORMED = {
    "bare line feeds": "GET / HTTP/1.1\nHost: localhost\n\n",
    "folded field": "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
    "blank before colon": "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "no colon": "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "bad host": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "chunked body": "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "body": "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "length of letters": "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    "negative length": "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "huge length": "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "empty line first": "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks": "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no version": "GET /\r\nHost: a\r\n\r\n",
    "bad version": "GET / HTTP/1.x\r\nHost: a\r\n\r\n",
    "control character": "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "carriage return in a value": "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    "fragment": "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
    "other host in target": "GET https://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "second request": "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "binary": "\x00\x01\x02\x03\r\n\r\n",
    "Latin-1 in the target": "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_head_gets_400(name, shared):
    assert ask(shared, MALFORMED[name]).status == 400


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.2"])
def test_other_versions_of_http_get_505(version, shared):
    assert ask(shared, f"GET / {version}\r\nHost: a\r\n\r\n").status == 505


def test_plain_http_on_the_tls_port_is_answered_or_closed(shared):
    with socket.create_connection(("127.0.0.1", shared.port), 10) as plain:
        plain.sendall(get("/").encode())
        answer = b""
        while data := plain.recv(4096):
            answer += data
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert shared.event("tls.handshake_failed", reason="plaintext")


def test_random_heads_never_hurt(shared):
    seed = int(os.environ.get("BELFRY_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    good = head(fields=[("Origin", "https://chat.example.com")]).encode()
    for _ in range(150):
        text = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        connection = Connection(shared.port, shared.tls_context())
        connection.send(bytes(text) + b"\r\n\r\n")
        assert Response(connection).status in (101, 400, 403, 404, 405, 426, 431, 501, 505), bytes(text)
        connection.close()
    assert ask(shared, get("/health")).status == 200
