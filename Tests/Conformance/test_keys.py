"""Keys that issuers publish, fetched from real HTTPS servers while the relay runs; and what `caps` in tokens open."""

import asyncio
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from issuers import Issuer, Key
from relay import BINARIES
from test_sdk import Person, run
from tokens import part
from waiting import PATIENCE, eventually
from wire import Closed

GAP = 10.0  # seconds between two fetches of one issuer, at least
ALGORITHMS = ("ES256", "RS256", "EdDSA")


@pytest.fixture
def issuer_of(certificates):
    """Makes issuers; they end with the test."""
    made = []

    def make(*keys, **options):
        made.append(Issuer(certificates, *keys, **options))
        return made[-1]

    yield make
    for issuer in made:
        issuer.close()


def believing(start, *issuers, **auth):
    """A relay that believes the issuer "a", and whoever holds the relay's own secret."""
    auth = {"issuer": "a", "jwks": [issuer.source for issuer in issuers]} | auth
    return start(auth=auth, limits={"enabled": False})


def outcome(relay, token):
    """What a connect with the token ends in: "connect", an error's code, or the code of a close."""
    client = relay.client()
    try:
        reply = client.connect(relay.hide(token))
        return "connect" if "connect" in reply else reply["error"]["code"]
    except Closed as closed:
        return int(str(closed).split()[1])
    finally:
        client.close()


def settled(relay, token):
    """The same once it is no longer "come again"."""
    def look():
        found = outcome(relay, token)
        return found if found != 100 else None
    return eventually(look, "an answer that is not temporary", 2 * PATIENCE)


def loaded(relay, *kids):
    relay.event("auth.keys_loaded", kids=",".join(kids))


def test_tokens_verify_by_keys_of_every_kind_out_of_one_set(start, issuer_of):
    keys = [Key(f"k-{algorithm}", algorithm) for algorithm in ALGORITHMS]
    issuer = issuer_of(*keys)
    relay = believing(start, issuer)
    loaded(relay, *(key.kid for key in keys))
    for key in keys:
        assert outcome(relay, key.token(iss="a")) == "connect"
        assert outcome(relay, key.token(iss="b")) == 3500
        assert outcome(relay, key.token(iss="a", ttl=-5)) == 109
    now = relay.metrics()
    assert [now.total("belfry_auth_keys", alg=alg) for alg in ("rsa", "ecdsa", "eddsa")] == [1, 1, 1]
    assert abs(now.total("belfry_auth_key_refresh_timestamp_seconds") - time.time()) < 60
    event = relay.events("auth.keys_loaded")[-1]
    assert event["source"] == issuer.url
    # The relay's own secret counts beside them.
    assert outcome(relay, relay.token("ada", iss="a")) == "connect"
    assert len(issuer.requests) == 1


def test_a_new_key_gets_in_by_itself_and_a_withdrawn_one_no_more(start, issuer_of):
    old, new, other = Key("old"), Key("new", "EdDSA"), Key("other")
    issuer = issuer_of(old)
    relay = believing(start, issuer)
    loaded(relay, "old")
    assert outcome(relay, old.token(iss="a")) == "connect"
    issuer.keys = [old, new]
    assert outcome(relay, new.token(iss="a")) == 100, "unknown so far: come again"
    loaded(relay, "old", "new")
    for key in (old, new):
        assert outcome(relay, key.token(iss="a")) == "connect"
    # Remembered tokens end with their key.
    remembered = old.token(iss="a")
    assert outcome(relay, remembered) == "connect"
    issuer.keys = [new]
    assert outcome(relay, other.token(iss="a")) == 100
    loaded(relay, "new")
    assert settled(relay, remembered) == 3500
    assert settled(relay, other.token(iss="a")) == 3500
    assert outcome(relay, new.token(iss="a")) == "connect"
    check_gaps(issuer)


def check_gaps(issuer):
    gaps = [later - earlier for earlier, later in zip(issuer.requests, issuer.requests[1:])]
    assert all(gap > GAP - 0.2 for gap in gaps), gaps


def test_an_sdk_that_comes_too_early_after_a_rotation_gets_in_by_itself(start, issuer_of):
    old, new = Key("old"), Key("new")
    issuer = issuer_of(old)
    relay = believing(start, issuer)
    loaded(relay, "old")
    issuer.keys = [old, new]

    async def scenario():
        # Left to itself the SDK waits up to 20 s between two attempts, which is all the patience there is.
        token = relay.hide(new.token(iss="a"))
        async with Person(relay, token=token, max_reconnect_delay=2.0) as person:
            await asyncio.wait_for(person.events.wait("connected"), 2 * PATIENCE)

    run(scenario)
    assert relay.metrics().total("belfry_auth_failures_total", reason="kid") > 0


# What an issuer may answer in place of its keys, and what the journal says of it.

def hang(issuer, handler):
    time.sleep(6)


def dribble(issuer, handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def huge(issuer, handler):
    issuer.say(handler, b" " * (1 << 20))


def endless(issuer, handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def bad(body, status=200):
    return lambda issuer, handler: issuer.say(handler, body, status)


BAD_ANSWERS = {
    "hangs": (hang, "no complete answer"),
    "dribbles": (dribble, "no complete answer"),
    "is huge": (huge, "more than 64 KiB"),
    "is endless": (endless, "more than 64 KiB"),
    "is an error": (bad(b"{}", 500), "status 500"),
    "is a page": (bad(b"<html>log in first</html>"), "not a usable key: JWK set"),
    "is empty": (bad(b""), "not a usable key: JWK set"),
    "has no keys": (bad(b'{"keys":[]}'), "no keys"),
    "is deep": (bad(b'{"keys":' + b"[" * 30000), "not a usable key: JWK set"),
    "has a private key": (
        bad(json.dumps({"keys": [Key("x").jwk | {"d": "AA"}]}).encode()), "this is a private key"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_changes_nothing_and_is_reported(name, start, issuer_of):
    answer, reason = BAD_ANSWERS[name]
    key = Key("k")
    issuer = issuer_of(key)
    issuer.answer = answer
    relay = believing(start, issuer)
    failure = relay.event("auth.keys_failed")
    assert failure["source"] == issuer.url and reason in failure["error"], failure
    assert outcome(relay, relay.token("ada", iss="a")) == "connect", "the relay's own keys go on"
    assert outcome(relay, key.token(iss="a")) == 100, "nobody can know"
    assert relay.metrics().total("belfry_auth_key_refresh_timestamp_seconds") == 0
    assert len(issuer.requests) == 1
    # The next try, ten seconds later, takes what is good by then.
    issuer.answer = Issuer.publish
    assert settled(relay, key.token(iss="a")) == "connect"
    check_gaps(issuer)


def test_a_redirect_is_not_followed(start, issuer_of):
    trap = issuer_of(Key("k"))
    issuer = issuer_of()
    issuer.answer = lambda self, handler: self.say(handler, b"", 302, Location=trap.url)
    relay = believing(start, issuer)
    assert "302" in relay.event("auth.keys_failed")["error"]
    assert not trap.requests


def test_a_server_that_the_authorities_do_not_vouch_for_is_not_believed(start, issuer_of):
    issuer = issuer_of(Key("k"))
    relay = start(auth={"issuer": "a", "jwks": [issuer.url]})  # the system's authorities, who know nothing of it
    assert "TLS" in relay.event("auth.keys_failed")["error"]
    assert not issuer.requests


def test_stale_keys_go_on_while_the_issuer_is_down(start, issuer_of):
    key, unknown = Key("k"), Key("unknown")
    issuer = issuer_of(key)
    relay = believing(start, issuer)
    loaded(relay, "k")
    before = relay.metrics().total("belfry_auth_key_refresh_timestamp_seconds")
    issuer.close()
    assert outcome(relay, unknown.token(iss="a")) == 100
    failure = relay.event("auth.keys_failed")
    assert "cannot connect" in failure["error"] and float(failure["age_sec"]) >= 0
    assert outcome(relay, key.token(iss="a")) == "connect"
    assert outcome(relay, unknown.token(iss="a")) == 100, "its issuer cannot be asked"
    assert relay.metrics().total("belfry_auth_key_refresh_timestamp_seconds") == before


def test_ten_thousand_unknown_keys_cause_one_fetch_in_ten_seconds(start, issuer_of):
    key = Key("k")
    issuer = issuer_of(key)
    relay = believing(start, issuer)
    loaded(relay, "k")
    flooder = relay.client()
    assert "connect" in flooder.connect(relay.hide(key.token("eve", iss="a")))
    quiet = [timed(relay, key) for _ in range(20)]
    began, sent, answers = time.monotonic(), 0, {}
    busy = []
    over = threading.Event()

    def flood():
        nonlocal sent
        while sent < 10_000 or time.monotonic() - began < 1.5 * GAP:
            commands = [
                {"id": 10 + sent + n, "subscribe": {"channel": f"a{sent + n}", "token": made_up(sent + n)}}
                for n in range(150)
            ]
            flooder.send(*commands)
            for command in commands:
                code = flooder.reply(command["id"])["error"]["code"]
                answers[code] = answers.get(code, 0) + 1
            sent += len(commands)
        over.set()

    thread = threading.Thread(target=flood)
    thread.start()
    while not over.is_set():
        busy.append(timed(relay, key))
    thread.join()
    seconds = time.monotonic() - began
    fetches = [moment for moment in issuer.requests if moment >= began]
    print(f"{sent} unknown keys in {seconds:.1f} s, {len(fetches)} fetches; answers {answers}; a connect took "
          f"{sorted(quiet)[len(quiet) // 2] * 1e3:.1f} ms before, {sorted(busy)[len(busy) // 2] * 1e3:.1f} ms meanwhile")
    assert set(answers) <= {100, 103} and answers[100] > 9_000
    assert len(fetches) <= seconds / GAP + 1
    check_gaps(issuer)


def made_up(index):
    """A token that is well formed and names a key nobody has."""
    head = {"alg": "ES256", "kid": f"made-up-{index}-{os.urandom(4).hex()}"}
    return f"{part(head)}.{part({'sub': 'eve', 'channel': f'a{index}'})}.{part(os.urandom(64))}"


def timed(relay, key):
    began = time.monotonic()
    assert outcome(relay, key.token(iss="a")) == "connect"
    return time.monotonic() - began


def test_two_issuers_do_not_sign_for_each_other_though_their_keys_have_one_name(start, issuer_of):
    key_a, key_b = Key("1"), Key("1")
    issuer_a, issuer_b = issuer_of(key_a), issuer_of(key_b)
    relay = start(auth={
        "hmac_secret_file": "",
        "issuers": [
            {"issuer": "a", "audience": "chat", "jwks": [issuer_a.source]},
            {"issuer": "b", "user_id_claim": "email", "jwks": [issuer_b.source]},
        ]})
    eventually(lambda: relay.metrics().total("belfry_auth_keys", alg="ecdsa") == 2, "both sets")
    assert outcome(relay, key_a.token(iss="a", aud="chat")) == "connect"
    assert outcome(relay, key_b.token(iss="b", email="ada@b")) == "connect"
    assert outcome(relay, key_a.token(iss="b", email="ada@b")) == 3500
    assert outcome(relay, key_b.token(iss="a", aud="chat")) == 3500
    assert outcome(relay, key_a.token(iss="a", aud="other")) == 3500
    assert outcome(relay, key_a.token(aud="chat")) == 3500
    eventually(lambda: {event["iss"] for event in relay.events("auth.failure")} >= {"a", "b"}, "both issuers' refusals")


def test_nothing_that_a_token_says_is_fetched(start, issuer_of):
    key, trap = Key("k"), issuer_of(Key("trap"))
    issuer = issuer_of(key)
    relay = believing(start, issuer)
    loaded(relay, "k")
    stranger = Key(trap.url)
    for name in ("jku", "x5u", "jwk", "x5c"):
        assert outcome(relay, stranger.token(iss=trap.url, header={name: trap.url})) in (100, 3500)
        assert outcome(relay, key.token(iss="a", header={name: trap.url})) == "connect", "and it does no harm"
    assert settled(relay, stranger.token(iss=trap.url)) == 3500
    assert not trap.requests


def test_a_reload_keeps_what_was_fetched(start, issuer_of):
    key = Key("k")
    issuer = issuer_of(key)
    relay = believing(start, issuer)
    loaded(relay, "k")
    issuer.close()
    relay.signal(signal.SIGHUP)
    eventually(lambda: len(relay.events("config.loaded")) == 2, "the reload")
    assert outcome(relay, key.token(iss="a")) == "connect"
    # Without the address its keys are out, and the rest is as before.
    configuration = json.loads(relay.path.read_text())
    del configuration["auth"]["jwks"]
    relay.path.write_text(json.dumps(configuration))
    relay.signal(signal.SIGHUP)
    eventually(lambda: len(relay.events("config.loaded")) == 3, "the reload")
    assert outcome(relay, key.token(iss="a")) == 3500
    assert outcome(relay, relay.token("ada", iss="a")) == "connect"


def test_plain_http_is_for_the_loopback_and_gets_a_warning(start, issuer_of):
    key = Key("k")
    issuer = issuer_of(key, tls=False)
    relay = believing(start, issuer)
    loaded(relay, "k")
    assert outcome(relay, key.token(iss="a")) == "connect"
    assert any("without TLS" in line for line in relay.lines())
    configuration = json.loads(relay.path.read_text())
    configuration["auth"]["jwks"] = ["http://192.0.2.1/jwks"]
    path = relay.directory / "other.yaml"
    path.write_text(json.dumps(configuration))
    check = subprocess.run([BINARIES / "belfry", "check-config", "--config", path], capture_output=True, text=True)
    assert check.returncode == 78 and "auth.jwks[0].url" in check.stderr + check.stdout


def test_sigterm_while_a_fetch_hangs_ends_the_relay_in_time(start, issuer_of):
    issuer = issuer_of()
    issuer.answer = hang
    relay = believing(start, issuer)
    eventually(lambda: issuer.requests, "the fetch")
    began = time.monotonic()
    relay.stop()
    assert time.monotonic() - began < 3


# Capabilities, as the real SDK sees them.

def caps(channels, *allow, match="wildcard"):
    return [{"channels": list(channels), "match": match, "allow": list(allow)}]


def test_caps_open_channels_to_the_sdk(start):
    relay = start(channels={"namespaces": {"shut": {"presence": True}}})

    async def scenario():
        granted = caps(["shut:*"], "sub", "pub", "prs")
        async with Person(relay, token=relay.token("ada", caps=granted)) as person:
            a, events = await person.enter("shut:a")
            await events.wait("subscribed")
            await a.publish({"text": "hello"})
            await events.wait("publication")
            assert len((await a.presence()).clients) == 1
            _, refused = await person.enter("shut#42")
            await refused.wait("unsubscribed")

    run(scenario)


def test_a_refresh_without_the_caps_ends_with_2502_what_only_they_opened(start):
    relay = start(channels={"default": {"allow_subscribe_for_client": True}, "namespaces": {"shut": {}}})
    tokens_left = [
        relay.token("ada", ttl=600), relay.token("ada", ttl=3, caps=caps(["shut:*"], "sub"))]

    async def fetch():
        return tokens_left.pop()

    async def scenario():
        async with Person(relay, get_token=fetch) as ada:
            await ada.ready()
            _, shut = await ada.enter("shut:room")
            _, free = await ada.enter("room")
            await shut.wait("subscribed"), await free.wait("subscribed")
            assert (await shut.wait("subscribing", 2)).code == 2502
            assert (await shut.wait("unsubscribed")).code == 103
            assert free.count("subscribing") == 1 and ada.events.count("connected") == 1
    run(scenario)
    assert not tokens_left


def test_a_private_channel_needs_its_token_whatever_caps_say(relay):
    client = relay.member("ada", caps=caps(["$locked:a", "locked:a"], "sub", "pub", match=""))
    assert client.subscribe("$locked:a")["error"]["code"] == 103
    assert "subscribe" in client.subscribe("$locked:a", token=relay.subscription_token("$locked:a"))
    assert "subscribe" in client.subscribe("locked:a")
    assert client.publish("locked:a", {})["publish"] == {}


def test_caps_that_are_not_understood_refuse_the_token(relay):
    assert outcome(relay, relay.token("ada", caps=caps(["a"], "sub", match="regex"))) == 3500
    assert outcome(relay, relay.token("ada", caps=caps(["a"], "everything"))) == 3500
