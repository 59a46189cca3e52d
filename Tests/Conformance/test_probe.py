"""The relay as its own client: it tells an idle relay from one that nobody can reach."""

from pathlib import Path

import pytest

from test_api import Api
from waiting import eventually

QUICK = {"interval": "1s"}


def runs(relay, result):
    return relay.metrics().total("belfry_selfprobe_runs_total", result=result)


def passed(relay, count=1):
    eventually(lambda: runs(relay, "passed") >= count, f"{count} round trips")


def test_a_relay_reaches_itself_and_counts_it(start):
    relay = start(probe=QUICK)
    passed(relay, 2)
    now = relay.metrics()
    assert now.total("belfry_selfprobe_seconds_count") == now.total("belfry_selfprobe_runs_total", result="passed")
    assert now.total("belfry_selfprobe_last_success_timestamp_seconds") > 1.7e9
    for result in ("unreachable", "refused", "timeout"):
        assert now.total("belfry_selfprobe_runs_total", result=result) == 0
    # One connection for many messages, one user, one channel; and its key is nobody's business.
    assert now.total("belfry_connections_open", stage="active") == now.total("belfry_users") == now.total("belfry_rooms") == 1
    assert now.total("belfry_messages_delivered_total") >= 2
    assert now.total("belfry_auth_keys", alg="hmac") == 3
    assert relay.events("auth.success")[0]["method"]
    relay.stop()


def test_the_probe_leaves_in_order_before_the_relay_stops(start):
    relay = start(probe=QUICK)
    passed(relay)
    relay.stop()
    (closed,) = relay.events("conn.close")
    assert (closed["by"], closed["reason"]) == ("client", "normal")


@pytest.mark.parametrize("client", [
    {"allow_missing_origin": False, "origins": []},
    {"allow_missing_origin": False, "origins": ["https://*.example.org"]},
    {"allow_missing_origin": False, "origins": ["https://chat.example.com"]},
    {"allow_missing_origin": False, "origins": ["*"]},
])
def test_the_probe_gets_past_the_list_of_origins(start, client):
    relay = start(probe=QUICK, client=client)
    passed(relay)
    relay.stop()


def test_where_no_channel_is_to_be_had_a_ping_must_come_back(start):
    relay = start(probe=QUICK, channels={"default": {"channel_regex": "^room-[0-9]+$"}})
    passed(relay, 2)
    assert relay.metrics().total("belfry_messages_delivered_total") == 0
    relay.stop()


def test_a_relay_that_lets_nobody_in_says_so_once_and_again_when_it_does(start):
    """Blocked by an operator: as good a reason as any."""
    api = Api(start, probe=QUICK)
    relay = api.relay
    passed(relay)
    assert api.post("block", {"user": "belfry-probe"})[0] == 200
    eventually(lambda: runs(relay, "refused") >= 2, "two failures")
    (failed,) = relay.events("probe.failed")
    assert failed["phase"] == "session" and failed["attempts"] == "1" and failed.priority == "warning"
    before = runs(relay, "passed")
    assert api.post("unblock", {"user": "belfry-probe"})[0] == 200
    passed(relay, before + 1)
    assert int(relay.event("probe.passed")["duration_sec"]) >= 1
    assert len(relay.events("probe.failed")) == 1
    relay.stop()


def test_where_clients_need_certificates_there_is_no_probe(start, certificates):
    relay = start(probe=QUICK, tls={"client_ca": str(certificates / "ca.pem")})
    relay.event("service.ready")
    assert relay.metrics().total("belfry_listener_accepts_total") == 0
    names = [path.read_text().strip() for path in Path(f"/proc/{relay.process.pid}/task").glob("*/comm")]
    assert "loop-0" in names and "belfry-probe" not in names
