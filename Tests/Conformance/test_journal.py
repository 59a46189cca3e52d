"""The journal, read back from a real journald: who came, what was refused and why, who left.

Runs inside with-journald.sh, which ops/test does for all of these tests.
"""

import json
import os
import signal
import subprocess
import time

import pytest

from relay import BINARIES, Relay
from waiting import PATIENCE, eventually
from wire import TEXT, head, request


@pytest.fixture(autouse=True)
def journald():
    assert os.environ.get("BELFRY_REAL_JOURNALD") == "1", "run it inside Tests/Conformance/with-journald.sh, as root"
    pid = int(os.environ["BELFRY_JOURNALD_PID"])
    yield pid
    os.kill(int(os.environ["BELFRY_JOURNALD_PID"]), signal.SIGCONT)


@pytest.fixture
def audited(start):
    def audited(**overrides):
        return start(**({"journal": {"mode": "required"} | overrides.pop("journal", {})} | overrides))
    return audited


def entries(relay, **match):
    """Entries of one relay process, oldest first."""
    subprocess.run(["journalctl", "--sync"], check=True, timeout=PATIENCE)
    command = ["journalctl", "-o", "json", "--no-pager", "--all", f"_PID={relay.process.pid}"]
    command += [f"{name}={value}" for name, value in match.items()]
    output = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout
    return [json.loads(line) for line in output.splitlines()]


def entry(relay, event, **fields):
    """The one entry of an event with these fields."""
    def find():
        return entries(relay, BELFRY_EVENT=event, **fields)
    found = eventually(find, f"the journal entry {event} {fields}")
    assert len(found) == 1, (event, fields, len(found))
    return found[0]


def audit_numbers(relay):
    return [int(found["BELFRY_SEQ"]) for found in entries(relay) if "BELFRY_SEQ" in found]


def test_a_session_can_be_told_from_the_journal(audited):
    relay = audited()
    ada = relay.member("ada", ["chat:room"], jti="token-number-7")
    ada.publish("chat:room", relay.body())
    assert ada.subscribe("locked:room")["error"]["code"] == 103
    ada.leave()
    bad = relay.client()
    bad.send({"id": 1, "connect": {"token": relay.token("mallory")[:-4] + "AAAA"}})
    assert bad.closing()[0] == 3500
    evil = relay.open()
    assert request(evil, head(fields=[("Origin", "https://evil.test")])).status == 403
    violator = relay.member("bob")
    violator.send_frame(TEXT, b"\xff")
    assert violator.closing()[0] == 1007

    opened = entry(relay, "conn.open", BELFRY_CONN_ID=ada.id)
    assert opened["BELFRY_PEER_ADDR"] == "127.0.0.1" and opened["BELFRY_TLS_VERSION"] == "TLSv1.3"
    success = entry(relay, "auth.success", BELFRY_CONN_ID=ada.id)
    subject = success["BELFRY_SUBJECT"]
    assert subject and subject != "ada" and success["BELFRY_ALG"] == "HS256" and success["BELFRY_METHOD"] == "connect"
    assert success["BELFRY_JTI_HASH"] and "token-number-7" not in json.dumps(success)
    denied = entry(relay, "authz.denied", BELFRY_CONN_ID=ada.id)
    assert denied["BELFRY_ACTION"] == "subscribe" and denied["BELFRY_SUBJECT"] == subject
    closed = entry(relay, "conn.close", BELFRY_CONN_ID=ada.id)
    assert closed["BELFRY_SUBJECT"] == subject
    assert closed["BELFRY_WS_CODE"] == "1000" and closed["BELFRY_BY"] == "client"
    assert closed["BELFRY_ROOMS_MAX"] == "1" and closed["BELFRY_MSGS_IN"] == "4"
    failure = entry(relay, "auth.failure")
    assert failure["BELFRY_REASON"] == "signature" and failure["BELFRY_ALG"] == "HS256"
    # Publications written to it; replies are not messages of anybody.
    assert closed["BELFRY_MSGS_OUT"] == "1"
    rejected = entry(relay, "ws.upgrade_rejected")
    assert rejected["BELFRY_STATUS"] == "403" and rejected["BELFRY_ORIGIN"] == "https://evil.test"
    violation = entry(relay, "ws.protocol_error")
    assert violation["BELFRY_KIND"] == "utf8" and violation["BELFRY_WS_CODE"] == "1007"
    ended = entry(relay, "conn.close", BELFRY_CONN_ID=violator.id)
    assert ended["BELFRY_BY"] == "server" and ended["BELFRY_REASON"] == "protocol_error"

    relay.stop()
    stopped = entry(relay, "service.stopped")
    numbers = audit_numbers(relay)
    assert numbers == list(range(1, len(numbers) + 1)), "the audit trail has a hole"
    assert stopped["BELFRY_AUDIT_LAST_SEQ"] == str(numbers[-1])
    assert stopped["BELFRY_CONNS_TOTAL"] == "4" and stopped["BELFRY_CLEAN"] == "yes"
    for found in entries(relay):
        assert found["SYSLOG_IDENTIFIER"] == "belfry" and found["BELFRY_SCHEMA"] == "1" and found["MESSAGE_ID"]
        assert found["SYSLOG_FACILITY"] == ("10" if "BELFRY_SEQ" in found else "3")
        text = json.dumps(found)
        assert not any(secret in text for secret in relay.private), found["BELFRY_EVENT"]
        assert "eyJ" not in text


def test_users_stand_by_name_only_if_the_operator_says_so(audited):
    relay = audited(journal={"plain_subjects": True})
    member = relay.member("ada")
    assert entry(relay, "auth.success", BELFRY_CONN_ID=member.id)["BELFRY_SUBJECT"] == "ada"


def test_a_pseudonym_stays_with_its_key(audited, tmp_path):
    key = tmp_path / "pseudonym.key"
    key.write_bytes(b"p" * 64)
    subjects = set()
    for _ in range(2):
        relay = audited(journal={"pseudonym_key_file": str(key)})
        member = relay.member("ada")
        subjects.add(entry(relay, "auth.success", BELFRY_CONN_ID=member.id)["BELFRY_SUBJECT"])
        relay.finish()
    assert len(subjects) == 1
    other = audited()
    member = other.member("ada")
    assert entry(other, "auth.success", BELFRY_CONN_ID=member.id)["BELFRY_SUBJECT"] not in subjects


HOSTILE = [
    "a\nMESSAGE=forged", "a\nBELFRY_EVENT=service.start", "\x1b[31mred", "x" * 3000, "\u202egnp", "bad\\n",
    "é\U0001f514",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_forge_nothing(name, audited):
    relay = audited(journal={"plain_subjects": True})
    member = relay.member(name)
    found = entry(relay, "auth.success", BELFRY_CONN_ID=member.id)
    assert len(entries(relay, BELFRY_EVENT="service.start")) == 1
    text = found["BELFRY_SUBJECT"]
    assert isinstance(text, str) and isinstance(found["MESSAGE"], str)
    assert not any(ord(character) < 32 or character == "\u202e" for character in text + found["MESSAGE"])
    assert len(text.encode()) <= 256
    relay.finish()


def test_a_reload_and_its_failure_are_there(audited):
    relay = audited()
    relay.signal(signal.SIGHUP)
    eventually(lambda: len(entries(relay, BELFRY_EVENT="config.loaded")) == 2, "the reload in the journal")
    good = relay.path.read_text()
    relay.path.write_text("servers: {}\n" + good)
    relay.signal(signal.SIGHUP)
    rejected = entry(relay, "config.rejected")
    assert rejected["PRIORITY"] == "3" and str(relay.path) in rejected["BELFRY_FILE"]
    relay.path.write_text(good)


def test_a_stopped_journald_stops_nobody(audited, journald):
    """Deliveries go on, what does not fit is counted, and afterwards the journal says what it misses."""
    relay = audited(journal={"mode": "required", "audit_queue": 64, "info_queue": 64}, limits={"enabled": False})
    ada, bob = relay.member("ada", ["quiet:room"]), relay.member("bob", ["quiet:room"])
    os.kill(journald, signal.SIGSTOP)
    try:
        worst = 0.0
        for n in range(150):
            relay.member(f"passer-by{n}").leave()
            began = time.monotonic()
            ada.publish("quiet:room", n)
            assert bob.push()["pub"]["data"] == n
            worst = max(worst, time.monotonic() - began)
        eventually(lambda: relay.metrics().total("belfry_journal_dropped_total") > 0, "drops to be counted")
        assert relay.metrics().total("belfry_journal_queue_length") > 0
        assert relay.side("/healthz")[0] == 200
        print(f"the slowest delivery took {worst * 1000:.1f} ms")
        assert worst < 2.0, "a delivery waited for the journal"
    finally:
        os.kill(journald, signal.SIGCONT)
    gap = eventually(lambda: entries(relay, BELFRY_EVENT="journal.gap"), "the gap in the journal")
    eventually(lambda: relay.metrics().total("belfry_journal_queue_length") == 0, "the queue to be written")
    ada.leave(), bob.leave()
    relay.stop()
    entry(relay, "service.stopped")
    gap = entries(relay, BELFRY_EVENT="journal.gap")
    assert len(gap) == 1, [(found["BELFRY_FROM_SEQ"], found["BELFRY_TO_SEQ"]) for found in gap]
    gap = gap[0]
    first, last = int(gap["BELFRY_FROM_SEQ"]), int(gap["BELFRY_TO_SEQ"])
    numbers = audit_numbers(relay)
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    missing = set(range(1, numbers[-1] + 1)) - set(numbers)
    assert missing and missing <= set(range(first, last + 1)), (first, last, sorted(missing)[:5])
    assert int(gap["BELFRY_LOST"]) >= len(missing)


def test_a_journald_that_comes_back_is_found(audited, journald):
    """Killed and started again: entries go there again, without a restart of the relay."""
    relay = audited(journal={"mode": "auto"})
    relay.member("before").leave()
    assert relay.metrics().total("belfry_journal_entries_total") > 5
    os.kill(journald, signal.SIGKILL)
    daemon = subprocess.Popen(
        ["/usr/lib/systemd/systemd-journald"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ["BELFRY_JOURNALD_PID"] = str(daemon.pid)

    def arrives():
        member = relay.member("after")
        member.leave()
        return entries(relay, BELFRY_EVENT="conn.close", BELFRY_CONN_ID=member.id)

    eventually(arrives, "entries in the new journald")
    relay.finish()


def test_required_means_required(tmp_path_factory, certificates):
    """Without journald a relay that must have it does not start; one that may go without it does."""
    relay = Relay(tmp_path_factory.mktemp("required"), certificates, journal={"mode": "required"})
    command = ["unshare", "-m", "--propagation", "private", "sh", "-c",
               f"mount -t tmpfs tmpfs /run/systemd && exec timeout 5 {BINARIES}/belfry serve --config {relay.path}"]
    ran = subprocess.run(command, capture_output=True, text=True, env=relay.environment, timeout=20)
    assert ran.returncode not in (0, 124) and "journal" in ran.stdout + ran.stderr, ran


def test_the_catalogue_explains_every_entry(audited):
    relay = audited()
    relay.member("ada").leave()
    relay.stop()
    output = subprocess.run(
        ["journalctl", "-x", "--no-pager", f"_PID={relay.process.pid}"], capture_output=True, text=True).stdout
    assert output.count("Defined-By: Belfry") == len(entries(relay)), output[:500]
    assert "@BELFRY" not in output, "a field of the catalogue is not filled in"
