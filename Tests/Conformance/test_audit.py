"""The audit trail in a real journal: complete, or it says what is missing; as it was written, or it shows.

Runs inside with-journald.sh, like test_journal.py.
"""

import hashlib
import hmac
import ipaddress
import json
import os
import random
import resource
import secrets
import signal
import socket
import subprocess
import time

import jsonschema
import pytest

from audit import belfry_audit, check_chain, journal, trail
from export_schemas import ECS, OCSF
from test_journal import audited, entries, entry, journald  # noqa: F401
from waiting import PATIENCE, eventually
from wire import head, request


@pytest.fixture
def chain_key(tmp_path):
    path = tmp_path / "chain.key"
    path.write_text(secrets.token_hex(32) + "\n")
    return path


def lived(relay, count=60):
    """A relay that has served and ended, and its entries."""
    for n in range(count):
        relay.member(f"user{n % 7}").leave()
    relay.stop()
    entry(relay, "service.stopped")
    return trail(relay)


def verify(lines, *arguments):
    return belfry_audit("verify", "--file", "-", *arguments, text="\n".join(lines) + "\n")


def numbered(lines):
    """The places of the audit entries among all."""
    return [place for place, line in enumerate(lines) if '"BELFRY_SEQ"' in line]


def test_the_chain_is_what_the_documents_say(audited, chain_key):
    """Computed anew in another language, with a key and without."""
    for journal_options, key in [({}, b""), ({"chain_key_file": str(chain_key)}, chain_key.read_bytes().strip())]:
        lines = lived(audited(journal=journal_options), 10)
        assert check_chain(lines, key) == len(numbered(lines)) > 20


def test_a_trail_verifies_from_journalctl_and_from_files(audited, chain_key, tmp_path):
    relay = audited(journal={"chain_key_file": str(chain_key)})
    began = f"@{int(time.time())}"
    lines = lived(relay)
    code, output, errors = verify(lines, "--key-file", chain_key)
    assert code == 0 and not errors, (output, errors)
    assert f"{len(numbered(lines))} audit entries of 1 processes" in output and "keyed" in output
    export = tmp_path / "export"
    export.write_text(journal("export", f"_PID={relay.process.pid}"))
    assert belfry_audit("verify", "--file", export, "--key-file", chain_key)[0] == 0
    # Straight from the journal, which holds the relays of other tests, without keys, too.
    code, output, errors = belfry_audit("verify", "--since", began)
    assert f"pid {relay.process.pid}," in output, (output, errors)


def test_without_the_key_nothing_is_called_good(audited, chain_key, tmp_path):
    lines = lived(audited(journal={"chain_key_file": str(chain_key)}), 3)
    code, output, _ = verify(lines)
    assert code == 2 and "--key-file" in output
    other = tmp_path / "other.key"
    other.write_text("x" * 64)
    assert verify(lines, "--key-file", other)[0] == 1
    assert belfry_audit("verify", "--file", "-", "--key-file", tmp_path / "none", text="")[0] == 2
    assert belfry_audit("verify", "--file", tmp_path / "none")[0] == 2
    assert verify(["no journal at all"])[0] == 2


TAMPERING = {
    "changed": lambda lines, places, n: lines.__setitem__(
        places[n], lines[places[n]].replace('"BELFRY_PEER_ADDR":"127.0.0.1"', '"BELFRY_PEER_ADDR":"192.0.2.1"')
        .replace("BELFRY_SCHEMA", "BELFRY_SCHEMB")),
    "removed": lambda lines, places, n: lines.__delitem__(places[n]),
    "inserted": lambda lines, places, n: lines.insert(places[n], lines[places[n - 20]]),
    "reordered": lambda lines, places, n: lines.__setitem__(
        slice(places[n], places[n + 1] + 1), lines[places[n]:places[n + 1] + 1][::-1]),
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_with_a_real_trail_is_found(kind, audited, chain_key):
    lines = lived(audited(journal={"chain_key_file": str(chain_key)}), 150)
    places = numbered(lines)
    assert len(places) >= 300
    chance = random.Random(kind)
    for _ in range(10):
        forged = list(lines)
        n = chance.randrange(21, len(places) - 2)
        TAMPERING[kind](forged, places, n)
        code, output, _ = verify(forged, "--key-file", chain_key)
        number = n - 20 + 1 if kind == "inserted" else n + 1
        first = output.splitlines()[0]
        assert code == 1 and first.startswith(f"FAULT {kind}: ") and f"entry {number} " in first + " ", output


def test_a_process_names_the_one_before(audited):
    """So a whole process that was removed, or the end of one that was killed, is missed."""
    first = audited()
    first.member("ada").leave()
    eventually(lambda: entries(first, BELFRY_EVENT="conn.close"), "the end of the connection")
    first.process.kill()
    first.process.wait()
    first.process = None
    second = audited()
    lines = lived(second, 2)
    start = json.loads(lines[0])
    all_lines = journal("json", "-t", "belfry").splitlines()
    chain = [json.loads(line).get("BELFRY_CHAIN") for line in all_lines]
    before = chain.index(start["BELFRY_CHAIN_BEFORE"])
    assert before < chain.index(start["BELFRY_CHAIN"])
    earlier = [line for line in all_lines[:before + 1] if json.loads(line)["_PID"] == json.loads(all_lines[before])["_PID"]]
    assert verify(earlier + lines)[0] == 0
    code, output, _ = verify(earlier[:-1] + lines)
    assert code == 1 and output.startswith("FAULT unlinked: "), output


def test_what_a_stopped_journald_loses_is_counted_and_the_chain_holds(audited, journald):
    relay = audited(journal={"audit_queue": 64, "info_queue": 64}, limits={"enabled": False})
    os.kill(journald, signal.SIGSTOP)
    for n in range(120):
        relay.member(f"passer-by{n}").leave()
    eventually(lambda: relay.metrics().total("belfry_journal_dropped_total") > 0, "drops to be counted")
    os.kill(journald, signal.SIGCONT)
    eventually(lambda: entries(relay, BELFRY_EVENT="journal.gap"), "the gap in the journal")
    eventually(lambda: relay.metrics().total("belfry_journal_queue_length") == 0, "the queue to be written")
    relay.stop()
    entry(relay, "service.stopped")
    lines = trail(relay)
    code, output, _ = verify(lines)
    assert code == 0, output
    missing = int(json.loads(lines[-1])["BELFRY_SEQ"]) - len(numbered(lines))
    assert missing > 0 and f", {missing} stated as lost" in output, (missing, output)
    check_chain(lines)


def start_journald():
    daemon = subprocess.Popen(
        ["/usr/lib/systemd/systemd-journald"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    os.environ["BELFRY_JOURNALD_PID"] = str(daemon.pid)

    def answers():
        return subprocess.run(["journalctl", "--sync"], stderr=subprocess.DEVNULL, timeout=PATIENCE).returncode == 0

    eventually(answers, "journald")


def end_journald():
    pid = int(os.environ["BELFRY_JOURNALD_PID"])
    os.kill(pid, signal.SIGTERM)

    def is_gone():
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    eventually(is_gone, "journald to end")


def test_the_chain_goes_on_over_a_restart_of_journald(audited):
    relay = audited(journal={"mode": "required"})
    for n in range(10):
        relay.member(f"before{n}").leave()
    eventually(lambda: len(entries(relay, BELFRY_EVENT="conn.close")) == 10, "the entries before")
    end_journald()
    for n in range(10):
        relay.member(f"meanwhile{n}").leave()
    eventually(lambda: relay.metrics().total("belfry_journal_dropped_total", reason="absent") > 0, "losses")
    start_journald()
    eventually(lambda: entries(relay, BELFRY_EVENT="journal.gap"), "the gap")
    lines = lived(relay, 5)
    code, output, _ = verify(lines)
    assert code == 0 and "stated as lost" in output, output
    check_chain(lines)


@pytest.fixture
def small_journald():
    """A journald that keeps next to nothing; afterwards the one that was, with an empty journal."""
    path = "/etc/systemd/journald.conf"
    with open(path) as file:
        usual = file.read()

    def restart(text):
        end_journald()
        subprocess.run("rm -rf /run/log/journal/*", shell=True, check=True)
        with open(path, "w") as file:
            file.write(text)
        start_journald()

    restart(usual.replace("RuntimeMaxUse=64M", "RuntimeMaxUse=1M\nRuntimeMaxFileSize=512K"))
    yield
    restart(usual)


def test_a_full_journal_loses_the_oldest_only(audited, small_journald):
    relay = audited(journal={"canary": "1s"}, limits={"enabled": False})
    for n in range(4000):
        relay.member(f"user{n}").leave()
        if n % 200 == 199:
            eventually(lambda: relay.metrics().total("belfry_journal_queue_length") == 0, "the queue to be written")
            if not entries(relay, BELFRY_EVENT="service.start"):
                break
    eventually(lambda: relay.metrics().total("belfry_journal_last_verified_timestamp_seconds") > time.time() - 3,
               "the newest entry to be found")
    relay.stop()
    entry(relay, "service.stopped")
    lines = trail(relay)
    first = int(json.loads(lines[numbered(lines)[0]])["BELFRY_SEQ"])
    assert first > 1, "the journal was large enough for everything"
    code, output, _ = verify(lines)
    assert code == 0 and "from the middle" in output and "taken on trust" in output, output
    assert verify(lines, "--strict")[0] == 1
    assert relay.process.returncode == 0


def test_the_newest_entry_is_read_back_and_an_idle_relay_stays_verified(audited):
    relay = audited(journal={"canary": "1s"})

    def verified():
        return relay.metrics().total("belfry_journal_last_verified_timestamp_seconds")

    first = eventually(verified, "the first reading")
    assert abs(first - time.time()) < 10
    eventually(lambda: verified() > first, "a reading later, with nothing new to audit")


def test_without_reading_back_nothing_is_verified(audited):
    relay = audited(journal={"canary": "0s"})
    relay.member("ada").leave()
    entry(relay, "conn.close")
    assert relay.metrics().total("belfry_journal_last_verified_timestamp_seconds") == 0


def test_a_relay_that_may_not_read_the_journal_says_so_once(tmp_path_factory, certificates, audited):
    relay = audited(journal={"canary": "1s"}, **{"history": {"store": "none"}})
    plain = relay.command
    relay.finish()
    for path in [relay.directory, relay.certificates]:
        subprocess.run(["chmod", "-R", "a+rX", str(path)], check=True)
        for parent in path.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    relay.command = lambda: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *plain()]
    relay.output.clear()
    relay.start()
    eventually(lambda: any("cannot be read back" in line for line in relay.lines()), "the notice")
    assert b"unreadable" in relay.side("/readyz?verbose")[2]
    assert relay.metrics().total("belfry_journal_last_verified_timestamp_seconds") == 0
    relay.finish()
    assert sum("cannot be read back" in line for line in relay.lines()) == 1


# Policies


def is_refused(relay):
    try:
        connection = relay.open()
    except OSError:
        return True
    connection.close()
    return False


def overloads(relay, resource):
    return [(found["BELFRY_ACTION"], found["BELFRY_ENTER"])
            for found in entries(relay, BELFRY_EVENT="overload.changed", BELFRY_RESOURCE=resource)]


def test_where_the_operator_says_so_nobody_is_let_in_unrecorded(audited, journald):
    relay = audited(journal={"on_failure": "refuse_new", "audit_queue": 64}, limits={"enabled": False})
    ada, bob = relay.member("ada", ["quiet:room"]), relay.member("bob", ["quiet:room"])
    os.kill(journald, signal.SIGSTOP)
    eventually(lambda: is_refused(relay), "a refusal", 3 * PATIENCE)
    status, _, page = relay.side("/readyz?verbose")
    assert status == 503 and b"journal" in page
    metrics = relay.metrics()
    assert metrics.total("belfry_overload_actions_total", action="refuse_new") == 1
    assert metrics.total("belfry_overload_pressure_ratio", resource="journal") > 0
    assert metrics.total("belfry_listener_rejects_total", reason="overload") > 0
    # Those who are in go on.
    for n in range(20):
        ada.publish("quiet:room", n)
        assert bob.push()["pub"]["data"] == n
    os.kill(journald, signal.SIGCONT)
    eventually(lambda: relay.side("/readyz")[0] == 200, "the relay to be ready again")
    relay.member("carol").leave()
    eventually(lambda: overloads(relay, "journal") == [("refuse_new", "yes"), ("refuse_new", "no")], "both entries")
    ada.leave(), bob.leave()
    relay.stop()
    entry(relay, "service.stopped")
    code, output, _ = verify(trail(relay))
    assert code == 0, output


def test_where_he_does_not_service_goes_on(audited, journald):
    relay = audited(journal={"audit_queue": 64}, limits={"enabled": False})
    os.kill(journald, signal.SIGSTOP)
    for n in range(100):
        relay.member(f"user{n}").leave()
    assert relay.side("/readyz")[0] == 200
    assert relay.metrics().total("belfry_overload_actions_total", action="refuse_new") == 0
    os.kill(journald, signal.SIGCONT)


def test_a_change_of_the_level_is_itself_an_entry(audited):
    relay = audited(journal={"level": "notice"})
    relay.member("ada").leave()
    entry(relay, "conn.close")
    assert not entries(relay, BELFRY_EVENT="conn.open"), "an entry below the level"
    relay.configuration["journal"]["level"] = "info"
    relay.path.write_text(json.dumps(relay.configuration))
    relay.signal(signal.SIGHUP)
    changed = entry(relay, "log.level_changed")
    assert (changed["BELFRY_FROM"], changed["BELFRY_TO"], changed["BELFRY_BY"]) == ("notice", "info", "SIGHUP")
    relay.member("bob").leave()
    entry(relay, "conn.open")
    relay.signal(signal.SIGHUP)
    eventually(lambda: len(entries(relay, BELFRY_EVENT="config.loaded")) == 3, "another reload")
    assert len(entries(relay, BELFRY_EVENT="log.level_changed")) == 1


def test_a_full_house_is_an_overload_with_beginning_and_end(audited):
    relay = audited(server={"max_connections": 4})
    members = [relay.member(f"user{n}") for n in range(4)]
    assert relay.metrics().total("belfry_overload_pressure_ratio", resource="connections") == 1
    assert is_refused(relay) and is_refused(relay)
    eventually(lambda: overloads(relay, "connections") == [("reject_connections", "yes")], "the beginning")
    for member in members:
        member.leave()
    eventually(lambda: len(overloads(relay, "connections")) == 2, "the end", 2 * PATIENCE)
    assert overloads(relay, "connections")[1] == ("reject_connections", "no")
    metrics = relay.metrics()
    assert metrics.total("belfry_overload_actions_total", action="reject_connections") == 1
    assert metrics.total("belfry_overload_pressure_ratio", resource="connections") == 0


def test_want_of_descriptors_is_an_overload(audited):
    relay = audited(limits={"enabled": False})
    relay.member("ada").leave()
    used = len(os.listdir(f"/proc/{relay.process.pid}/fd"))
    usual = resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE)
    assert relay.metrics().total("belfry_overload_pressure_ratio", resource="descriptors") < 0.1
    resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, (used + 4, usual[1]))
    waiting = [socket.create_connection(("127.0.0.1", relay.port)) for _ in range(16)]
    time_to_say = 2 * PATIENCE
    eventually(lambda: entries(relay, BELFRY_EVENT="listener.error"), "the listener's complaint", time_to_say)
    resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, usual)
    for connection in waiting:
        connection.close()
    assert relay.metrics().total("belfry_overload_actions_total", action="pause_accept") == 1
    eventually(lambda: overloads(relay, "descriptors") == [("pause_accept", "yes"), ("pause_accept", "no")],
               "beginning and end", time_to_say)


# Export


def test_exports_are_valid_ocsf_and_ecs(audited):
    relay = audited()
    relay.member("ada", ["chat:room"]).leave()
    bad = relay.client()
    bad.send({"id": 1, "connect": {"token": relay.token("mallory")[:-4] + "AAAA"}})
    bad.closing()
    assert request(relay.open(), head(fields=[("Origin", "https://evil.test")])).status == 403
    bob = relay.member("bob")
    assert bob.subscribe("locked:room")["error"]["code"] == 103
    bob.send_frame(1, b"\xff")
    bob.closing()
    lines = lived(relay, 2)
    text = "\n".join(lines)
    formats = jsonschema.FormatChecker()
    events = [json.loads(line)["BELFRY_EVENT"] for line in lines]
    code, output, errors = belfry_audit("export", "--file", "-", "--format", "ocsf", text=text)
    assert code == 0 and not errors
    found = [json.loads(line) for line in output.splitlines()]
    assert [record["metadata"]["event_code"] for record in found] == events
    for record in found:
        jsonschema.validate(record, OCSF[record["class_uid"]], format_checker=formats)
    assert {record["class_uid"] for record in found} >= {3002, 3003, 4001, 4002, 6002}
    output = belfry_audit("export", "--file", "-", "--format", "ecs", text=text)[1]
    found = [json.loads(line) for line in output.splitlines()]
    assert [record["event"]["action"] for record in found] == events
    for record in found:
        jsonschema.validate(record, ECS, format_checker=formats)
    failure = next(record for record in found if record["event"]["action"] == "auth.failure")
    assert failure["event"]["outcome"] == "failure" and failure["source"]["ip"] == "127.0.0.1"
    assert failure["event"]["reason"] == "signature"


def test_the_auditors_question_is_answered_from_the_journal_alone(audited, tmp_path):
    """Who was connected from where at a random moment, against the record of those who connected."""
    key = tmp_path / "pseudonym.key"
    key.write_bytes(secrets.token_hex(32).encode())
    relay = audited(journal={"pseudonym_key_file": str(key)}, limits={"enabled": False})
    seed = int(os.environ.get("BELFRY_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    present, moments = [], []
    for n in range(150):
        if present and (chance.random() < 0.45 or len(present) > 20):
            present.pop(chance.randrange(len(present)))[0].leave()
        else:
            user = f"user{chance.randrange(30)}"
            member = relay.member(user)
            present.append((member, user, member.connection.tls.getsockname()[1]))
        if chance.random() < 0.3:
            # Nobody is at the door: who has left is gone for the relay too.
            eventually(lambda: relay.metrics().total("belfry_connections_open") == len(present), "those who left to be gone")
            moments.append((time.time(), {(user, port) for _, user, port in present}))
            relay.metrics()
    for member, _, _ in present:
        member.leave()
    relay.stop()
    entry(relay, "service.stopped")
    output = belfry_audit("export", "--file", "-", "--format", "json", text="\n".join(trail(relay)))[1]
    closes = [found for found in map(json.loads, output.splitlines()) if found["event"] == "conn.close"]

    def pseudonym(user):
        return hmac.new(key.read_bytes(), user.encode(), hashlib.sha256).hexdigest()[:16]

    def seconds(text):
        whole, fraction = text.rstrip("Z").split(".")
        return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone + int(fraction) / 1e6

    assert len(moments) > 20
    for moment, truth in moments:
        answer = {(found["subject"], found["peer_addr"], found["peer_port"]) for found in closes
                  if seconds(found["time"]) - int(found["duration_ms"]) / 1e3 < moment < seconds(found["time"])}
        assert answer == {(pseudonym(user), "127.0.0.1", str(port)) for user, port in truth}
    assert all(ipaddress.ip_address(found["peer_addr"]) for found in closes)
