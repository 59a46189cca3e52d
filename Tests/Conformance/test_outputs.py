"""What hostile peers send through every input stands in no output: not as a secret, and not as a raw control byte.

One real relay with everything open; afterwards the whole journal, both metrics formats, the connection list, the
readiness page and standard error are searched. Zero hits is the gate. Runs inside with-journald.sh.
"""

import json
import secrets
import urllib.error
import urllib.request

import pytest

import tokens
from audit import belfry_audit, journal
from relay import OPEN
from test_journal import audited, entries, entry, journald  # noqa: F401
from waiting import PATIENCE, eventually
from wire import CLOSE, PATH, TEXT, Client, Closed, head, request

SPECIAL = {
    "carriage return and line feed": "a\r\nMESSAGE=forged\r\nBELFRY_EVENT=service.start\r\n",
    "escape": "a\x1b[31mred\x1b]0;title\x07",
    "line separator": "a\u2028b\u2029c\x85d",
    "right to left": "a\u202egnp.exe\u2066\u200f",
    "NUL": "a\x00b",
    "DEL and C1": "a\x7f\x9b31m",
    "equals": "BELFRY_SEQ=1=2==",
    "quotes": "a\"b\\n'c` $(id) {{7*7}} %n%s",
}

# Raw bytes that may stand nowhere; a line feed ends lines and is looked at by what follows it.
FORBIDDEN = [bytes([byte]) for byte in range(32) if byte not in (9, 10, 13)] + [
    b"\x7f", *(character.encode() for character in "\x85\x9b\u2028\u2029\u202e\u2066\u200f")]


class Attack:
    """What is sent, and what of it must never be seen again."""

    def __init__(self, relay):
        self.relay = relay
        self.hidden = []

    def secret(self, kind):
        """A secret as it looks in real life; each is sent once, so a hit says which input leaks."""
        mark = secrets.token_hex(24)
        text = {
            "jwt": lambda: tokens.sign(b"x" * 32, {"sub": mark, "exp": tokens.expiry(3600)}),
            "bearer": lambda: f"Bearer {mark}",
            "parameter": lambda: f"token={mark}",
            "key": lambda: f"api_key={mark}",
        }[kind]()
        self.hidden.append(text.rsplit(".", 1)[-1] if kind == "jwt" else mark)
        return text

    def kinds(self):
        return [self.secret(kind) for kind in ("jwt", "bearer", "parameter", "key")]

    def bytes_and_secrets(self):
        yield from SPECIAL.values()
        yield from self.kinds()
        yield "x" * 60_000 + self.secret("parameter")
        yield "\udc80invalid\udcff"  # bytes that are no UTF-8


def attempt(work):
    """Each attack may cost its connection, and no more."""
    try:
        return work()
    except (Closed, OSError, AssertionError, UnicodeError):
        return None


def raw(text):
    return text.encode("utf-8", "surrogateescape")


def send_head(relay, path=PATH, fields=()):
    def work():
        connection = relay.open()
        text = head(path, [(name, "@@@") for name, _ in fields]) if fields else head(path)
        data = text.encode("latin-1", "replace")
        for _, value in fields:
            data = data.replace(b"@@@", raw(value), 1)
        return request(connection, data).status
    return attempt(work)


def through_the_request_line_and_headers(attack):
    relay = attack.relay
    for text in attack.bytes_and_secrets():
        quoted = raw(text).replace(b" ", b"%20").replace(b"\r", b"%0d").replace(b"\n", b"%0a").decode("latin-1")
        send_head(relay, path=f"/{quoted}")
        send_head(relay, path=f"{PATH}?access_token={quoted}&jwt={quoted}&x={quoted}")
        for name in ("Origin", "Authorization", "Sec-WebSocket-Protocol", "Cookie", "User-Agent", "X-API-Key", "Host",
                     "Sec-WebSocket-Key", "Sec-WebSocket-Extensions"):
            send_head(relay, fields=[(name, text)])
        send_head(relay, fields=[("Sec-WebSocket-Protocol", f"centrifuge-json, bearer.{text}")])


def conversation(attack, *commands, token=None):
    """A client that connects and then says these things."""
    def work():
        client = attack.relay.client()
        client.connect(token or attack.relay.token("ada", jti=attack.secret("jwt")))
        for command in commands:
            client.send_text(raw(command))
        client.send_text(b'{"id":99,"rpc":{}}')
        client.reply(99)
        client.close()
    attempt(work)


def through_commands(attack):
    relay = attack.relay
    for text in attack.bytes_and_secrets():
        body = json.dumps(text, ensure_ascii=False)
        ascii_body = json.dumps(text)
        for value in (body, ascii_body):
            attempt(lambda value=value: relay.client().send_text(raw(
                '{"id":1,"connect":{"token":%s,"name":%s,"version":%s,"data":{"a":%s}}}' % ((value,) * 4))))
            attempt(lambda value=value: relay.client().send_text(raw(
                '{"id":1,"connect":{"token":"%s","name":%s,"version":%s,"data":{"password":%s}}}'
                % (relay.token("ada"), value, value, value))))
            conversation(
                attack,
                '{"id":2,"subscribe":{"channel":%s,"token":%s}}' % (value, value),
                '{"id":3,"publish":{"channel":"chat:room","data":{"token":%s}}}' % value,
                '{"id":4,"publish":{"channel":%s,"data":%s}}' % (value, value),
                '{"id":5,"presence":{"channel":%s}}' % value,
                '{"id":6,"history":{"channel":%s,"limit":1}}' % value,
                '{"id":7,"refresh":{"token":%s}}' % value,
                '{"id":8,"rpc":{"method":%s,"data":%s}}' % (value, value),
                '{"id":9,"send":{"data":%s}}' % value,
                '{"id":10,%s:{}}' % value)


def through_tokens(attack):
    relay = attack.relay
    for text in attack.bytes_and_secrets():
        for claim in ("sub", "jti", "iss", "aud", "channel", "info", "caps"):
            claims = {"sub": "ada", "exp": tokens.expiry(3600)} | {claim: text}
            try:
                good = tokens.sign(relay.secret, claims)
                headed = tokens.sign(relay.secret, claims, {"alg": "HS256", "kid": text})
                unknown = tokens.sign(relay.secret, claims, {"alg": text})
            except UnicodeEncodeError:
                continue
            for token in (good, headed, unknown):
                if len(token) < 60_000:
                    relay.hide(token.rsplit(".", 1)[1])
                    conversation(attack, token=token)


def through_frames(attack):
    for text in attack.bytes_and_secrets():
        def closing(payload=raw(text)[:100]):
            client = attack.relay.member("ada")
            client.send_frame(CLOSE, b"\x0f\xa0" + payload)
            client.closing()
        attempt(closing)
        attempt(lambda payload=raw(text): attack.relay.member("ada").send_frame(TEXT, payload))


def through_the_server_api(attack, key):
    relay = attack.relay
    for text in attack.bytes_and_secrets():
        value = json.dumps(text)
        for method, body in [
            ("publish", '{"channel":%s,"data":{"password":%s}}'), ("broadcast", '{"channels":[%s],"data":%s}'),
            ("disconnect", '{"user":%s,"disconnect":{"code":4500,"reason":%s}}'),
            ("block", '{"user":%s,"x":%s}'), ("revoke", '{"token":%s,"x":%s}'), ("unblock", '{"user":%s,"x":%s}'),
            ("subscribe", '{"user":%s,"channel":%s}'), ("refresh", '{"user":%s,"x":%s}'), ("unknown", '{%s:%s}'),
        ]:
            data = raw(body % (value, value))
            for header in ({"X-API-Key": key}, {"X-API-Key": raw(text).decode("latin-1")}, {"Authorization": f"apikey {key}"}):
                if any(character in "".join(header.values()) for character in "\r\n\0") or len(str(header)) > 8000:
                    continue
                address = f"http://127.0.0.1:{relay.side_port}/api/{method}"
                attempt(lambda: urllib.request.urlopen(
                    urllib.request.Request(address, data=data, headers=header, method="POST"), timeout=PATIENCE).read())


def outputs(relay):
    """Everything that anybody gets to see, by name."""
    pages = {
        "the metrics": relay.side("/metrics")[2],
        "the metrics as OpenMetrics": relay.side("/metrics", Accept="application/openmetrics-text")[2],
        "the open connections": relay.side("/connections?limit=1000")[2],
        "the closed connections": relay.side("/connections?state=closed&limit=1000")[2],
        "readiness": relay.side("/readyz?verbose")[2],
    }
    text = journal("json", f"_PID={relay.process.pid}")
    for form in ("ocsf", "ecs", "json"):
        pages[f"the export as {form}"] = belfry_audit("export", "--file", "-", "--format", form, text=text)[1].encode()
    return pages


def leaks(name, data, hidden):
    found = [f"{name} holds {secret!r}" for secret in hidden if secret.encode() in data]
    return found + [f"{name} holds the raw byte {byte!r}" for byte in FORBIDDEN if byte in data]


def test_nothing_hostile_stands_in_any_output(audited, tmp_path):
    key = secrets.token_hex(32)
    relay = audited(
        api={"keys": [{"name": "shop", "key": key, "scopes": ["all"]}]}, limits={"enabled": False},
        # The bystander answers no ping until it is asked something.
        client={"max_message": "2MiB", "max_queue": "4MiB", "ping": "600s"}, journal={"plain_subjects": True},
        channels={"namespaces": {"chat": OPEN}})
    relay.hide(key)
    attack = Attack(relay)
    bystander = relay.member("bystander", ["chat:quiet"])
    through_the_request_line_and_headers(attack)
    through_commands(attack)
    through_tokens(attack)
    through_frames(attack)
    through_the_server_api(attack, key)
    # A megabyte in a field and in a publication.
    large = secrets.token_hex(600_000)
    attack.hidden.append(large[:200])
    conversation(attack, '{"id":2,"publish":{"channel":"chat:room","data":"%s"}}' % large,
                 '{"id":3,"subscribe":{"channel":"%s"}}' % large)
    assert bystander.publish("chat:quiet", relay.body()).get("publish") == {}, "the relay lives"
    eventually(lambda: relay.metrics().total("belfry_journal_queue_length") == 0, "the journal to be written")
    hidden = attack.hidden + relay.private
    problems = [problem for name, data in outputs(relay).items() for problem in leaks(name, data, hidden)]
    assert len(entries(relay, BELFRY_EVENT="service.start")) == 1, "a forged entry"
    relay.finish()
    stored = [json.loads(line) for line in journal("json", f"_PID={relay.process.pid}").splitlines()]
    assert len(stored) > 300
    for found in stored:
        own = {name: value for name, value in found.items() if not name.startswith("_")}
        # Bytes that are no printable text come as a list.
        assert all(isinstance(value, str) for value in own.values()), own
        data = "\n".join(own.values()).encode("utf-8", "surrogatepass")
        problems += leaks(found["BELFRY_EVENT"], data, hidden)
        problems += [f"a raw line break in {found['BELFRY_EVENT']}" for value in own.values() if "\n" in value or "\r" in value]
    problems += leaks("standard error", "\n".join(relay.lines()).encode(), hidden)
    assert not problems, f"{len(problems)} leaks:\n" + "\n".join(sorted(set(problems))[:40])
    code, output, _ = belfry_audit(
        "verify", "--file", "-", text=journal("json", f"_PID={relay.process.pid}"))
    assert code == 0, output
