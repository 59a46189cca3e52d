"""Every error, close and unsubscribe code of the protocol, and the test that produces it.

The enums of the relay say which codes there are; a code without its test fails here, as does a test that is no longer
there or no longer names its code.
"""

import re
from pathlib import Path

import pytest

from relay import ROOT
from waiting import eventually

SESSION, CONFORMANCE = "Tests/BelfrySessionTests", "Tests/Conformance"

# code: file and test
PRODUCED = {
    100: (f"{SESSION}/SubscribeTests.swift", "a broker that fails for now is a temporary error"),
    102: (f"{CONFORMANCE}/test_protocol.py", "test_102_unknown_namespace"),
    103: (f"{CONFORMANCE}/test_protocol.py", "test_103_permission"),
    105: (f"{CONFORMANCE}/test_protocol.py", "test_105_subscribed_already"),
    106: (f"{CONFORMANCE}/test_protocol.py", "test_106_channels_of_a_connection"),
    107: (f"{CONFORMANCE}/test_protocol.py", "test_107_payloads"),
    108: (f"{CONFORMANCE}/test_protocol.py", "test_108_what_is_not_there"),
    109: (f"{CONFORMANCE}/test_examples.py", "test_e3_expired_connection_token"),
    110: (f"{CONFORMANCE}/test_protocol.py", "test_110_an_expiry_in_the_past"),
    111: (f"{CONFORMANCE}/test_examples.py", "test_e24_limited_publish"),
    112: (f"{CONFORMANCE}/test_examples.py", "test_e10_and_e11_recovery_of_what_is_trimmed"),
    2000: (f"{CONFORMANCE}/test_api.py", "test_an_unsubscribe_has_code_2000_whatever_client_reads_it"),
    2500: (f"{CONFORMANCE}/test_examples.py", "test_e20_lost_continuity"),
    2501: (f"{CONFORMANCE}/test_protocol.py", "test_an_expired_subscription"),
    2502: (f"{CONFORMANCE}/test_keys.py", "test_a_refresh_without_the_caps_ends_with_2502_what_only_they_opened"),
    3000: (f"{CONFORMANCE}/test_api.py", "test_a_backend_may_close_with_any_code_of_the_protocol"),
    3001: (f"{CONFORMANCE}/test_drain.py", "test_publications_before_the_end_are_delivered"),
    3004: (f"{SESSION}/ServerSideTests.swift", "a home that fails while channels are entered"),
    3005: (f"{CONFORMANCE}/test_protocol.py", "test_an_expired_connection"),
    3006: (f"{SESSION}/ServerSideTests.swift", "a server-side subscription that is not refreshed closes with 3006"),
    3008: (f"{CONFORMANCE}/test_limits.py", "test_a_slow_reader_that_wakes_up_in_time_reads_why"),
    3009: (f"{CONFORMANCE}/test_codes.py", "test_a_socket_that_takes_nothing_in_time_is_closed_as_3009"),
    3010: (f"{CONFORMANCE}/test_server_side.py", "test_a_refresh_that_names_other_channels_closes"),
    3011: (f"{CONFORMANCE}/test_api.py", "test_a_backend_may_close_with_any_code_of_the_protocol"),
    3012: (f"{CONFORMANCE}/test_protocol.py", "test_no_pong"),
    3013: (f"{CONFORMANCE}/test_limits.py", "test_who_does_not_slow_down_is_closed_with_3013"),
    3014: (f"{CONFORMANCE}/test_api.py", "test_a_backend_may_close_with_any_code_of_the_protocol"),
    3500: (f"{CONFORMANCE}/test_examples.py", "test_e4_invalid_connection_token"),
    3501: (f"{CONFORMANCE}/test_examples.py", "test_e25_protocol_violations"),
    3502: (f"{CONFORMANCE}/test_protocol.py", "test_no_connect_within_the_deadline"),
    3503: (f"{CONFORMANCE}/test_api.py", "test_a_backend_may_close_with_any_code_of_the_protocol"),
    3504: (f"{CONFORMANCE}/test_server_side.py", "test_the_newest_connection_of_a_user_stays"),
    3505: (f"{CONFORMANCE}/test_server_side.py", "test_more_channels_than_a_connection_may_hold_close"),
    3506: (f"{CONFORMANCE}/test_server_side.py", "test_a_connect_that_fails_lets_nothing_out"),
    3507: (f"{CONFORMANCE}/test_server_side.py", "test_tokens_that_name_no_user_can_be_refused"),
    3508: (f"{CONFORMANCE}/test_examples.py", "test_e16_rpc_without_a_handler_and_send"),
    3509: (f"{CONFORMANCE}/test_api.py", "test_a_backend_may_close_with_any_code_of_the_protocol"),
}

# Codes that nothing can bring about.
NEVER = {
    101: "no hook is there to answer so",
    104: "there are no handlers of rpc, so all of it is 108",
    113: "there are no map subscriptions",
}


def defined():
    sources = ROOT / "Sources/BelfryProtocol"
    found = []
    for name in ("ErrorCode", "DisconnectCode", "UnsubscribeCode"):
        text = (sources / f"{name}.swift").read_text()
        found += [int(code) for code in re.findall(rf"static let \w+ = {name}\((\d+),", text)]
    assert len(found) == len(set(found)) == 40
    return set(found)


def body(path, name):
    """The text of a test, up to the next one."""
    text = Path(ROOT / path).read_text()
    if path.endswith(".py"):
        parts = re.split(r"^(?=\s*(?:@pytest\S*\s*|)def test_)", text, flags=re.M)
        return next((part for part in parts if f"def {name}(" in part), None)
    return next((part for part in re.split(r"(?=@Test)", text) if name in part), None)


def test_every_code_has_its_test():
    assert PRODUCED.keys() | NEVER.keys() == defined()
    assert not PRODUCED.keys() & NEVER.keys()


@pytest.mark.parametrize("code", PRODUCED)
def test_the_test_of_a_code_names_it(code):
    path, name = PRODUCED[code]
    text = body(path, name)
    assert text is not None, f"{path} has no test {name}"
    # Its name alone proves nothing.
    assert re.search(rf"\b{code}\b", text.replace(name, "")), f"{name} in {path} does not name {code}"


def test_a_socket_that_takes_nothing_in_time_is_closed_as_3009(start):
    relay = start(client={"max_queue": "64MiB", "write_deadline": "1s"}, limits={"enabled": False})
    writer = relay.member("ada", ["quiet:flood"])
    sleeper = relay.client(receive_buffer=4096)
    sleeper.connect(relay.token("sleeper"))
    sleeper.subscribe("quiet:flood")
    body = "x" * 60_000

    def is_closed():
        writer.publish("quiet:flood", body)
        assert writer.push()["pub"]["data"] == body
        return [event for event in relay.events("conn.close") if event["ws_code"] == "3009"]

    assert eventually(is_closed, "the sleeper to be given up")[0]["by"] == "server"
