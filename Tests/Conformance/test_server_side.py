"""Server-side subscriptions with the real centrifuge-python: claims, personal channel, recovery after a cut."""

import pytest

from test_codecs import HISTORY, cut, payload, value
from test_sdk import Person, run


@pytest.fixture(params=[False, True], ids=["json", "protobuf"])
def protobuf(request):
    return request.param


@pytest.fixture
def relay(start):
    return start(
        channels={"namespaces": {"stored": HISTORY, "me": HISTORY}}, limits={"enabled": False},
        client={"personal_channel": {"enabled": True, "namespace": "me"}})


def numbers(events, protobuf):
    return [value(context.pub.data, protobuf) for name, context in events.seen if name == "publication"]


def test_channels_of_the_token_are_entered_and_recovered_after_a_cut(relay, protobuf):
    async def scenario():
        token = relay.token("bob", channels=["stored:room"])
        async with (
            Person(relay, relay.token("ada"), use_protobuf=protobuf) as ada,
            Person(relay, token, use_protobuf=protobuf) as bob,
        ):
            room, events = await ada.enter("stored:room")
            await events.wait("subscribed")
            await bob.ready()
            entered = {(await bob.events.wait("subscribed", nth)).channel for nth in (1, 2)}
            assert entered == {"stored:room", "me:#bob"}
            await room.publish(data=payload(1, protobuf))
            await bob.events.wait("publication")
            await cut(bob)
            await bob.events.wait("connecting", 2)
            for number in range(2, 5):
                await room.publish(data=payload(number, protobuf))
            await bob.events.wait("publication", 4)
            await room.publish(data=payload(5, protobuf))
            await bob.events.wait("publication", 5)
            assert numbers(bob.events, protobuf) == [1, 2, 3, 4, 5]
    run(scenario)


def test_the_own_join_follows_the_connect_reply(relay, protobuf):
    async def scenario():
        async with Person(relay, relay.token("bob"), use_protobuf=protobuf) as bob:
            await bob.events.wait("join")
            names = [name for name, _ in bob.events.seen]
            assert names.index("connected") < names.index("subscribed") < names.index("join")
    run(scenario)


def test_many_channels_are_entered_while_all_are_busy(start):
    """What is published while a client comes in is in the reply's history or behind it, once."""
    relay = start(channels={"namespaces": {"stored": HISTORY | {"history_size": 1000}}}, limits={"enabled": False})
    names = [f"stored:{number}" for number in range(20)]
    writer = relay.member("ada", names)
    for round_ in range(10):
        reader = relay.client()
        for name in names:
            writer.send({"id": 1000 + round_, "publish": {"channel": name, "data": round_}})
        reply = reader.connect(relay.token("bob", channels=names))
        assert set(reply["connect"]["subs"]) == set(names)
        tops = {name: result.get("offset", 0) for name, result in reply["connect"]["subs"].items()}
        for name in names:
            writer.send({"id": 2000 + round_, "publish": {"channel": name, "data": "last"}})
        left = set(names)
        while left:
            push = reader.push("pub")
            tops[push["channel"]] += 1
            assert push["pub"]["offset"] == tops[push["channel"]]
            if push["pub"]["data"] == "last":
                left.remove(push["channel"])
        reader.close()


def test_a_connect_that_fails_lets_nothing_out(start):
    """Joins and publications of channels that are entered already wait for a connect reply that never comes."""
    relay = start(
        channels={"namespaces": {"stored": HISTORY}}, limits={"enabled": False}, server={"loops": 1})

    async def scenario():
        async with Person(relay, relay.token("ada"), use_protobuf=True) as ada:
            room, events = await ada.enter("stored:binary")
            await events.wait("subscribed")
            await room.publish(data=b"\x00\xff no text")
    run(scenario)
    # The order in which channels are entered is any, so some connect must meet the bad one behind others.
    for _ in range(3):
        client = relay.client()
        names = [f"stored:{number}" for number in range(10)] + ["stored:binary"]
        since = {"stored:binary": {"recover": True, "offset": 0, "epoch": ""}}
        client.send({"id": 1, "connect": {"token": relay.token("bob", channels=names), "subs": since}})
        assert client.closing() == (3506, "inappropriate protocol")
        assert client.lines == []


def test_a_refresh_that_names_other_channels_closes(relay):
    client = relay.client()
    client.connect(relay.token("bob", channels=["stored:a", "stored:b"]))
    assert "refresh" in client.ask("refresh", token=relay.token("bob", channels=["stored:b", "stored:a"]))
    client.send({"id": 9, "refresh": {"token": relay.token("bob", channels=["stored:a"])}})
    assert client.closing() == (3010, "insufficient state")


def test_more_channels_than_a_connection_may_hold_close(start):
    relay = start(client={"channels": 2})
    client = relay.client()
    client.send({"id": 1, "connect": {"token": relay.token("bob", channels=["quiet:a", "quiet:b", "quiet:c"])}})
    assert client.closing() == (3505, "channel limit") and client.lines == []


def test_tokens_that_name_no_user_can_be_refused(start):
    relay = start(client={"disallow_anonymous_tokens": True})
    client = relay.client()
    client.send({"id": 1, "connect": {"token": relay.token("")}})
    assert client.closing() == (3507, "permission denied") and client.lines == []


def test_the_newest_connection_of_a_user_stays(start):
    relay = start(
        server={"loops": 4}, limits={"enabled": False},
        client={"personal_channel": {"enabled": True, "single_connection": True}})
    bystander, newest = relay.member("ada"), relay.member("bob")
    for _ in range(8):
        older, newest = newest, relay.member("bob")
        assert older.closing() == (3504, "connection limit")
    assert "unsubscribe" in newest.ask("unsubscribe", channel="x")
    assert "unsubscribe" in bystander.ask("unsubscribe", channel="x")


def test_a_name_must_fit_its_namespace(start):
    relay = start(channels={"namespaces": {"quiet": {"channel_regex": "^[a-z]{1,5}$"}}})
    client = relay.member("ada", ["quiet:lobby"])
    for channel in ("quiet:lobbys", "quiet:Lobby", "quiet:", "quiet:a:b"):
        assert client.subscribe(channel)["error"]["code"] == 107
        assert client.publish(channel, 1)["error"]["code"] == 107
