"""Orders over the side port: what signals can do, with a key in place of a shell."""

import json
import secrets

import pytest

from waiting import eventually

SCOPES = {"deploy": ["admin"], "root": ["all"]}


@pytest.fixture
def ordered(start):
    def ordered(**overrides):
        keys = {name: secrets.token_hex(32) for name in SCOPES}
        records = [{"name": name, "key": key, "scopes": SCOPES[name]} for name, key in keys.items()]
        relay = start(**({"api": {"keys": records}} | overrides))
        for key in keys.values():
            relay.hide(key)
        relay.order = lambda deed, key="deploy": relay.side(f"/-/{deed}", "POST", **{"X-API-Key": keys.get(key, key)})
        return relay
    return ordered


def audited(relay, path):
    return [(event["status"], event["actor"]) for event in relay.events("admin.request") if event["path"] == path]


def test_reload_is_what_the_signal_does(ordered):
    relay = ordered()
    loads = len(relay.events("config.loaded"))
    status, _, body = relay.order("reload")
    assert (status, json.loads(body)) == (202, {"accepted": "reload"})
    eventually(lambda: len(relay.events("config.loaded")) == loads + 1, "the load")
    eventually(lambda: audited(relay, "/-/reload") == [("202", "deploy")], "the audit")
    good = relay.path.read_text()
    relay.path.write_text("server: [")
    assert relay.order("reload")[0] == 202
    eventually(lambda: relay.events("config.rejected"), "the refusal")
    relay.path.write_text(good)
    assert relay.side("/readyz")[0] == 200


def test_tickets_are_rotated_at_once(ordered):
    relay = ordered()
    before = relay.metrics().total("belfry_tls_ticket_key_rotations_total")
    assert relay.order("rotate-tickets")[0] == 202
    relay.metric_becomes("belfry_tls_ticket_key_rotations_total", before + 1)
    eventually(lambda: relay.events("tls.tickets_rotated"), "the entry")


def test_drain_sends_clients_away_and_ends_the_process(ordered):
    relay = ordered(server={"drain": "3s"})
    waiting = [relay.member(f"user{number}", ["chat:room"]) for number in range(3)]
    assert relay.order("drain")[0] == 202
    eventually(lambda: relay.side("/readyz")[0] == 503, "the drain")
    assert relay.order("drain")[0] == 409 and relay.order("reload")[0] == 409
    for member in waiting:
        assert member.closing()[0] == 3001
    assert relay.process.wait(timeout=20) == 0
    stopping = relay.event("service.stopping")
    assert stopping["signal"] == "POST /-/drain"
    assert audited(relay, "/-/drain") == [("202", "deploy"), ("409", "deploy")]


def test_whoever_may_not_is_refused_and_written_down(ordered):
    relay = ordered()
    assert relay.order("drain", "nobody")[0] == 401
    assert relay.order("drain", "root")[0] == 403
    assert relay.side("/-/drain", "POST")[0] == 401
    status, headers, _ = relay.side("/-/drain")
    assert status == 405 and headers["Allow"] == "POST"
    eventually(lambda: len(audited(relay, "/-/drain")) == 3, "the refusals")
    assert sorted(status for status, _ in audited(relay, "/-/drain")) == ["401", "401", "403"]
    assert relay.side("/readyz")[0] == 200 and not relay.events("service.stopping")
    assert relay.metrics().total("belfry_api_denials_total") == 3


def test_without_keys_there_are_no_orders(start):
    assert start().side("/-/drain", "POST")[0] == 404
