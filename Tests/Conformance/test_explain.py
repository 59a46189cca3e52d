"""`belfry explain` says what a session would: the command line against the relay itself."""

import json
import subprocess

import pytest

import tokens
from relay import BINARIES


@pytest.fixture(scope="module")
def shared(start_shared):
    chat = {"history_size": 10, "history_ttl": "1h", "allow_history_for_subscriber": True}
    return start_shared(channels={"namespaces": {"chat": chat}})


def explain(relay, action, channel, *more, user="ada"):
    """Exit code and output."""
    who = [] if user is None else ["--user", user]
    ran = subprocess.run(
        [BINARIES / "belfry", "explain", "--config", relay.path, "--action", action, "--channel", channel, *who, *more],
        capture_output=True, text=True, env=relay.environment, timeout=20)
    assert relay.secret.decode() not in ran.stdout + ran.stderr
    return ran.returncode, ran.stdout + ran.stderr


# Action, channel, and what is asked once the client is subscribed.
QUESTIONS = [
    ("subscribe", "chat:a"), ("subscribe", "locked:a"), ("subscribe", "nowhere:a"), ("subscribe", "$chat:a"),
    ("subscribe", "chat:#ada"), ("subscribe", "chat:#bob"), ("subscribe", "chat:ü"), ("publish", "chat:a"),
    ("publish", "free:a"), ("publish", "news:a"), ("presence", "free:a"), ("presence", "chat:a"), ("presence", "quiet:a"),
    ("history", "chat:a"), ("history", "quiet:a"),
]
DATA = {"publish": {"data": {"text": "x"}}}


class TestAgreement:
    @pytest.mark.parametrize("action, channel", QUESTIONS)
    def test_the_answer_is_the_relays(self, action, channel, shared):
        self.compare(shared, action, channel, False)

    @pytest.mark.parametrize("action, channel", [row for row in QUESTIONS if row[0] != "subscribe" and row[1] != "locked:a"])
    def test_and_so_it_is_for_subscribers(self, action, channel, shared):
        self.compare(shared, action, channel, True)

    def compare(self, relay, action, channel, is_subscribed):
        member = relay.member("ada", [channel] if is_subscribed else [])
        reply = member.ask(action, channel=channel, **DATA.get(action, {}))
        code, output = explain(relay, action, channel, "--json", *(["--subscribed"] if is_subscribed else []))
        said = json.loads(output)
        assert said["isAllowed"] == (action in reply) == (code == 0)
        assert said.get("error") == ({key: reply["error"][key] for key in ("code", "message")} if "error" in reply else None)
        member.leave()


def test_the_journal_says_it_in_a_word(shared):
    member = shared.member("ada")
    for channel, reason in ("$chat:word", "private_channel"), ("chat:#bob", "user_not_listed"), ("locked:word", "option_off"):
        assert member.subscribe(channel)["error"]["code"] == 103
        shared.event("authz.denied", action="subscribe", reason=reason)
    assert member.ask("publish", channel="chat:word", data={})["error"]["code"] == 103
    assert shared.event("authz.denied", action="publish", reason="not_subscribed").message.endswith("may not publish: not_subscribed")
    member.leave()


def test_the_text_names_namespace_options_rules_and_limits(shared):
    code, output = explain(shared, "publish", "chat:lobby")
    assert code == 1
    assert output.startswith("publish in chat:lobby by ada: denied (103 permission denied)\n")
    for part in ("it is chat", "channels.namespaces.chat.allow_publish_for_subscriber", "true", "otherwise", "no rule allows it",
                 "limits.user.publish", "20/s, burst 40", "once subscribed it is allowed (--subscribed), and subscribing is allowed"):
        assert part in output, part


class TestTokens:
    def test_a_token_names_the_user_and_its_channels(self, shared):
        token = shared.token("zoe", channels=["locked:a"])
        code, output = explain(shared, "publish", "locked:a", "--token", token, user=None)
        assert code == 1 and "by zoe" in output and "the token subscribes the connection" in output
        assert token not in output

    def test_claims_do_as_well(self, shared):
        claims = {"sub": "zoe", "exp": tokens.expiry(60), "caps": [{"channels": ["locked:*"], "match": "wildcard", "allow": ["pub"]}]}
        code, output = explain(shared, "publish", "locked:a", "--token", json.dumps(claims), user=None)
        assert code == 0 and "capabilities" in output

    def test_a_subscription_token_opens_a_private_channel(self, shared):
        token = shared.subscription_token("$chat:a", "ada")
        assert explain(shared, "subscribe", "$chat:a", "--token", token)[0] == 0
        assert explain(shared, "subscribe", "$chat:b", "--token", token)[0] == 1

    def test_a_token_that_is_refused_gives_nothing(self, shared):
        forged = shared.hide(tokens.sign(b"x" * 32, {"sub": "ada", "exp": tokens.expiry(60)}))
        code, output = explain(shared, "subscribe", "locked:a", "--token", forged)
        assert code == 1 and "the token is refused (signature), and the client told so with close 3500" in output

    def test_a_token_of_somebody_else_is_a_question_without_sense(self, shared):
        code, output = explain(shared, "subscribe", "chat:a", "--token", shared.token("bob"))
        assert code == 64 and "the token is for the user bob" in output


def test_a_bad_configuration_is_78_with_its_place(shared, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("sever: {}\n")
    ran = subprocess.run(
        [BINARIES / "belfry", "explain", "--config", path, "--action", "publish", "--channel", "a", "--user", "b"],
        capture_output=True, text=True, env=shared.environment, timeout=20)
    assert ran.returncode == 78 and "bad.yaml:1:1: sever: unknown key" in ran.stderr


def test_an_unknown_action_is_a_usage_error(shared):
    code, output = explain(shared, "dance", "chat:a")
    assert code == 64 and "subscribe, publish, presence, history" in output
