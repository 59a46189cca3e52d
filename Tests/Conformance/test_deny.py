"""What an earlier process has stored is in force from the first connection on, as the unmodified SDK sees it.

Nobody but the relay writes its store; here a test does, in the place of the process that ended.
"""

import sqlite3
import struct
import time

import pytest

from test_sdk import Person, run
from wire import Closed

FOREVER = 2**63 - 1


@pytest.fixture
def restarted(start):
    """A relay that was ended, had denials put in its store, and was started again."""
    def restart(*denials):
        relay = start()
        relay.stop()
        with sqlite3.connect(relay.directory / "history.db") as store:
            for kind, key, issued_before, until in denials:
                store.execute(
                    "INSERT INTO record (kind, key, expires_at, data) VALUES (?, ?, ?, ?)",
                    (f"denied_{kind}", key, until, struct.pack(">q", issued_before)))
        store.close()
        return relay.start()
    return restart


def test_users_and_tokens_that_are_kept_out(restarted):
    soon = int(time.time() * 1000) + 3_600_000
    relay = restarted(
        ("user", "ada", 0, FOREVER), ("token", "t-1", 0, soon), ("user_tokens", "bob", 2_000, soon))

    async def scenario():
        for token, code, reason in [
            (relay.token("ada"), 3507, "permission denied"),
            (relay.token("eve", jti="t-1"), 3500, "invalid token"),
            (relay.token("bob", iat=1_999), 3500, "invalid token"),
            (relay.token("bob"), 3500, "invalid token"),
        ]:
            async with Person(relay, token) as person:
                context = await person.events.wait("disconnected")
                assert (context.code, context.reason) == (code, reason)
        async with Person(relay, relay.token("bob", iat=2_000)) as bob:
            await bob.ready()
            revoked = relay.subscription_token("$chat:s", "bob", jti="t-1", iat=2_000)
            subscription, events = await bob.enter("$chat:s", token=revoked)
            assert (await events.wait("unsubscribed")).code == 103
    run(scenario)
    failures = relay.metrics()
    assert failures.total("belfry_auth_failures_total", reason="blocked") == 1
    assert failures.total("belfry_auth_failures_total", reason="revoked") == 4
    assert failures.total("belfry_denials") == 3
    assert relay.event("auth.failure", reason="revoked")["alg"] == "HS256"


def test_a_network_that_is_kept_out_meets_a_reset(restarted):
    relay = restarted(("address", "127.0.0.0/8", 0, FOREVER))
    with pytest.raises((ConnectionError, Closed, OSError)):
        relay.open()
    relay.metric_becomes("belfry_listener_rejects_total", 1, reason="blocked")
    relay.event("conn.rejected", reason="blocked")


def test_what_is_over_keeps_nobody_out(restarted):
    relay = restarted(("user", "ada", 0, int(time.time() * 1000) - 1), ("address", "198.51.100.0/24", 0, FOREVER))
    assert "connect" in relay.client().connect(relay.token("ada"))
    assert relay.metrics().total("belfry_denials") == 1
