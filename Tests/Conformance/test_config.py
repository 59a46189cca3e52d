"""The configuration: what is wrong is said with file, line and column, and nothing is ever silently ignored."""

import json
import re
import subprocess

import pytest

from relay import BINARIES, ROOT, Relay


@pytest.fixture
def check(tmp_path_factory, certificates):
    """Writes a configuration and runs check-config; returns exit code and output."""
    def check(text=None, command="check-config", environment=None, arguments=(), **overrides):
        relay = Relay(tmp_path_factory.mktemp("config"), certificates, environment=environment, **overrides)
        if text is not None:
            for name, path in (("@CERT@", "server.pem"), ("@KEY@", "server.key")):
                text = text.replace(name, str(certificates / path))
            relay.path.write_text(text)
        ran = subprocess.run(
            [BINARIES / "belfry", command, "--config", relay.path, *arguments], capture_output=True, text=True,
            env=relay.environment, timeout=20)
        assert relay.secret.decode() not in ran.stdout + ran.stderr
        return ran.returncode, ran.stdout + ran.stderr
    return check


GOOD = """\
tls:
  certificate: "@CERT@"
  private_key: "@KEY@"
auth:
  hmac_secret: "0123456789abcdef0123456789abcdef"
"""


def test_a_good_one_exits_0(check):
    code, output = check()
    assert code == 0 and "belfry.yaml: good\n" in output


def test_the_shortest_one(check):
    assert check(GOOD)[0] == 0


# What is appended to the good one, at which line and column it is wrong, and a word that must be said.
WRONG = {
    "unknown section": ("servers:\n  loops: 1\n", "6:1", "servers"),
    "unknown key": ("server:\n  loop: 1\n", "7:3", "loop"),
    "key twice": ("server:\n  loops: 1\n  loops: 2\n", "[78]:3", "loops"),
    "number for text": ("server:\n  loops: many\n", "7:10", "loops"),
    "too many": ("server:\n  loops: 257\n", "7:10", "256"),
    "negative": ("server:\n  loops: -1\n", "7:10", "loops"),
    "no unit": ("server:\n  drain: 30\n", "7:10", "drain"),
    "unknown unit": ("server:\n  drain: 30sec\n", "7:10", "drain"),
    "table for a value": ("server:\n  loops: {a: 1}\n", "7:10", "loops"),
    "list for a value": ("server:\n  loops: [1]\n", "7:10", "loops"),
    "value for a table": ("server: 5\n", "6:9", "server"),
    "bad address": ("server:\n  listen: [\"localhost:8443\"]\n", "7:12", "listen"),
    "bad port": ("server:\n  listen: [\"127.0.0.1:70000\"]\n", "7:12", "listen"),
    "bad rate": ("limits:\n  user:\n    publish: {rate: 20, burst: 4}\n", "8:21", "rate"),
    "bad switch": ("client:\n  insecure: maybe\n", "7:13", "insecure"),
    "pong longer than ping": ("client:\n  ping: 5s\n  pong: 9s\n", "", "pong"),
    "bad namespace": ("channels:\n  namespaces:\n    a: {}\n", "8:5", "a"),
    "unknown option": ("channels:\n  default: {presense: true}\n", "7:13", "presense"),
    "bad origin": ("client:\n  origins: [example.com]\n", "", "example.com"),
    "unknown broker": ("broker:\n  kind: redis7\n", "7:9", "kind"),
    "tab": ("server:\n\tloops: 1\n", "7:", ""),
    "half a list": ("client:\n  origins: [\"*\"\n", "", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name, check):
    text, place, word = WRONG[name]
    code, output = check(GOOD + text)
    assert code == 78, output
    assert word in output
    assert re.search(rf"belfry\.yaml:{place}" if place else r"belfry\.yaml", output), output


def test_every_mistake_is_said_at_once(check):
    code, output = check(GOOD + "server:\n  loop: 1\n  drain: 3\nclients: {}\n")
    assert code == 78
    assert all(word in output for word in ("loop", "drain", "clients")), output


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "[]\n", "hello\n", "\x00\n", "a: b: c\n", "&a [*a]\n", "--- {}\n--- {}\n"])
def test_what_is_no_configuration_exits_78(text, check):
    assert check(text)[0] == 78


def test_a_bomb_of_aliases_is_refused_quickly(check):
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for n, name in enumerate("bcdefghij"):
        previous = "abcdefghij"[n]
        text += f"{name}: &{name} [{','.join(['*' + previous] * 9)}]\n"
    assert check(text)[0] == 78


def test_a_missing_file_exits_78(check, tmp_path):
    ran = subprocess.run([BINARIES / "belfry", "check-config", "--config", tmp_path / "none.yaml"], capture_output=True)
    assert ran.returncode == 78 and b"none.yaml" in ran.stderr


@pytest.mark.parametrize("key", ["certificate", "private_key"])
def test_a_missing_certificate_or_key_is_named(key, check):
    code, output = check(tls={key: "nowhere.pem"})
    assert code == 78 and "nowhere.pem" in output


def test_a_secret_file_that_is_missing_is_named(check):
    code, output = check(auth={"hmac_secret_file": "nowhere.key"})
    assert code == 78 and "nowhere.key" in output


def test_a_short_secret_is_warned_of_and_not_shown(check):
    code, output = check(GOOD.replace("0123456789abcdef0123456789abcdef", "s3cret"))
    assert code in (0, 78) and "s3cret" not in output and "hmac_secret" in output


class TestEnvironment:
    def test_a_variable_wins(self, check):
        assert check(GOOD, environment={"BELFRY_SERVER_LOOPS": "3"})[0] == 0
        code, output = check(GOOD, environment={"BELFRY_SERVER_LOOPS": "many"})
        assert code == 78 and "BELFRY_SERVER_LOOPS" in output

    def test_deep_keys(self, check):
        assert check(GOOD, environment={"BELFRY_LIMITS_USER_PUBLISH_RATE": "5/s"})[0] == 0
        code, output = check(GOOD, environment={"BELFRY_LIMITS_USER_PUBLISH_RATE": "5"})
        assert code == 78 and "BELFRY_LIMITS_USER_PUBLISH_RATE" in output

    def test_an_unknown_variable_is_an_error(self, check):
        code, output = check(GOOD, environment={"BELFRY_SERVER_LOPS": "3"})
        assert code == 78 and "BELFRY_SERVER_LOPS" in output

    def test_it_has_an_effect(self, start):
        relay = start(environment={"BELFRY_CLIENT_PING": "3s", "BELFRY_CLIENT_PONG": "1s"})
        client = relay.client()
        assert client.connect(relay.token())["connect"]["ping"] == 3

    def test_secrets_are_found_in_the_credentials_directory(self, start, tmp_path):
        (tmp_path / "hmac.key").write_bytes(b"c" * 64)
        relay = start(environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
        relay.secret = b"c" * 64
        relay.member("ada").leave()


def test_serve_refuses_what_check_config_refuses(check):
    code, output = check(GOOD + "servers: {}\n", command="serve")
    assert code == 78 and "servers" in output


def test_a_port_in_use_is_said(check, start):
    relay = start()
    code, output = check(command="serve", server={"listen": [f"0.0.0.0:{relay.side_port}"]})
    assert code == 1 and str(relay.side_port) in output, output


def test_a_side_port_in_use_is_said(check, start):
    relay = start()
    code, output = check(command="serve", side_port={"listen": f"127.0.0.1:{relay.side_port}"})
    assert code == 1 and str(relay.side_port) in output, output


def test_a_second_relay_on_the_same_port_is_refused(check, start):
    """SO_REUSEPORT is for the loops of one process: a second process would take half of the clients in silence."""
    relay = start()
    code, output = check(command="serve", server={"listen": [f"127.0.0.1:{relay.port}"]})
    assert code == 1 and str(relay.port) in output, output


class TestTokens:
    def decode(self, token):
        import base64

        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def test_a_connection_token_admits(self, start):
        relay = start()
        ran = self.run(relay, "--user", "ada", "--ttl", "90s", "--info", '{"name":"Ada"}')
        assert ran.returncode == 0, ran.stderr
        token = relay.hide(ran.stdout.strip())
        claims = self.decode(token)
        assert claims["sub"] == "ada" and claims["info"] == {"name": "Ada"} and "channel" not in claims
        client = relay.client()
        assert client.connect(token)["connect"]["ttl"] in (89, 90)

    def test_a_subscription_token_opens_its_channel(self, start):
        relay = start()
        ran = self.run(relay, "--user", "ada", "--subscribe", "$room")
        assert ran.returncode == 0, ran.stderr
        member = relay.member("ada")
        assert "subscribe" in member.subscribe("$room", token=relay.hide(ran.stdout.strip()))

    @pytest.mark.parametrize("arguments", [["--user", "a", "--ttl", "soon"], ["--user", "a", "--info", "{broken"], []])
    def test_nonsense_is_refused(self, arguments, start):
        ran = self.run(start(), *arguments)
        assert ran.returncode != 0 and not ran.stdout.strip()

    def run(self, relay, *arguments):
        return subprocess.run(
            [BINARIES / "belfry", "token", "--config", relay.path, *arguments], capture_output=True, text=True,
            env=relay.environment, timeout=20)


def test_version_names_what_is_running():
    ran = subprocess.run([BINARIES / "belfry", "version"], capture_output=True, text=True)
    assert ran.returncode == 0 and re.match(r"belfry \d+\.\d+\.\d+ .*OpenSSL 3\.", ran.stdout)


def test_the_configuration_of_the_benchmark_works(check):
    """compare.py of the shared bench: inline tables, limits off, a short secret, tokens without exp."""
    code, output = check("""server: {listen: ["127.0.0.1:24102"], loops: 1}
tls: {certificate: @CERT@, private_key: @KEY@}
auth: {hmac_secret: "secret", require_exp: false}
limits: {enabled: false}
channels:
  default: {allow_subscribe_for_client: true, allow_publish_for_subscriber: true}
history: {store: none}
side_port: {listen: "127.0.0.1:25102"}
journal: {mode: stderr}
""")
    assert code == 0, output


def test_the_shipped_configurations_are_good(check, certificates, tmp_path):
    """ops/belfry.yaml is its own defaults; both need only certificates and a secret in place."""
    for name in ("belfry.yaml", "belfry.dev.yaml"):
        text = (ROOT / "ops" / name).read_text()
        text = re.sub(r"^(  certificate: ).*", rf"\1{certificates}/server.pem", text, flags=re.M)
        text = re.sub(r"^(  private_key: ).*", rf"\1{certificates}/server.key", text, flags=re.M)
        text = re.sub(r"^(  hmac_secret_file: ).*", r"\1hmac.key", text, flags=re.M)
        code, output = check(text)
        assert code == 0, f"{name}: {output}"


def test_tokens_without_an_end_need_a_switch(start):
    strict, loose = start(), start(auth={"require_exp": False})
    client = strict.client()
    client.send({"id": 1, "connect": {"token": strict.token("ada", exp=None)}})
    assert client.closing() == (3500, "invalid token")
    reply = loose.client().connect(loose.token("ada", exp=None))
    assert "expires" not in reply["connect"] and "ttl" not in reply["connect"]


def test_issuer_and_audience(start):
    relay = start(auth={"issuer": "https://id.example", "audience": "chat"})
    issuer = "https://id.example"
    for claims, good in [
        ({"iss": issuer, "aud": "chat"}, True), ({"iss": issuer, "aud": ["x", "chat"]}, True),
        ({"iss": issuer}, False), ({"aud": "chat"}, False),
        ({"iss": issuer + "/", "aud": "chat"}, False), ({"iss": issuer, "aud": "Chat"}, False),
    ]:
        client = relay.client()
        client.send({"id": 1, "connect": {"token": relay.token("ada", **claims)}})
        received = client.next_frame()
        assert (received.opcode == 1) is good, claims
        client.close()


def test_another_claim_can_name_the_user(start):
    relay = start(auth={"user_id_claim": "uid"})
    client = relay.client()
    client.connect(relay.token("not-this", uid="ada"))
    client.subscribe("quiet:room")
    client.publish("quiet:room", relay.body())
    assert client.push()["pub"]["info"]["user"] == "ada"


def test_the_relay_does_not_run_with_a_typo_in_any_section(check):
    sections = "server tls auth client channels limits broker history side_port journal"
    for section in sections.split():
        code, output = check(**{section: {"zzz": 1}})
        assert code == 78 and "zzz" in output, (section, output)
