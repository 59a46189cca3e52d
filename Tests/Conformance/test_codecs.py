"""The real centrifuge-python in both codecs: what it writes and reads must mean the same."""

import asyncio
import json

import pytest
from centrifuge import DeltaType, StreamPosition

from test_sdk import Person, error_code, run
from waiting import PATIENCE

HISTORY = {
    "history_size": 10, "history_ttl": "1m", "force_recovery": True, "allow_subscribe_for_client": True,
    "allow_publish_for_subscriber": True, "allow_history_for_subscriber": True, "presence": True,
    "allow_presence_for_subscriber": True, "join_leave": True, "force_push_join_leave": True}


@pytest.fixture(params=[False, True], ids=["json", "protobuf"])
def protobuf(request):
    return request.param


def payload(value, protobuf):
    """What the SDK takes: a value in JSON, bytes in Protobuf."""
    return json.dumps(value).encode() if protobuf else value


def value(data, protobuf):
    return json.loads(data) if protobuf else data


def person(relay, name, protobuf):
    return Person(relay, relay.token(name), use_protobuf=protobuf)


async def cut(someone):
    """Loses the connection as a network does; the SDK comes back by itself."""
    someone.client._conn.transport.abort()


@pytest.fixture
def stored(start):
    return start(channels={"namespaces": {"stored": HISTORY}}, limits={"enabled": False})


def test_both_codecs_meet_in_one_channel(stored):
    async def scenario():
        async with person(stored, "ada", False) as ada, person(stored, "bob", True) as bob:
            hers, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            his, his_events = await bob.enter("stored:room")
            await his_events.wait("subscribed")
            assert (await her_events.wait("join", 2)).info.user == "bob"
            await hers.publish(data={"from": "ada"})
            await his.publish(data=b'{"from": "bob"}')
            await her_events.wait("publication", 2), await his_events.wait("publication", 2)
            got = [context.pub.data for name, context in her_events.seen if name == "publication"]
            assert got == [{"from": "ada"}, {"from": "bob"}]
            got = [json.loads(context.pub.data) for name, context in his_events.seen if name == "publication"]
            assert got == [{"from": "ada"}, {"from": "bob"}]
            assert {info.user for info in (await his.presence()).clients.values()} == {"ada", "bob"}
            assert (await his.presence_stats()).num_clients == 2
    run(scenario)


def test_a_publication_in_two_codecs_is_one_publication(start):
    relay = start(channels={"namespaces": {"stored": HISTORY}}, server={"loops": 1})

    async def scenario():
        async with person(relay, "ada", False) as ada, person(relay, "bob", True) as bob:
            hers, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            _, his_events = await bob.enter("stored:room")
            await his_events.wait("subscribed")
            await hers.publish(data=1)
            await her_events.wait("publication"), await his_events.wait("publication")
        metrics = relay.metrics()
        assert metrics.total("belfry_fanout_recipients_count") == 1
        assert metrics.total("belfry_fanout_recipients_sum") == 2
        assert metrics.total("belfry_messages_delivered_total") == 2
    run(scenario)


def test_what_is_kept_is_counted(stored):
    async def scenario():
        async with person(stored, "ada", False) as ada:
            hers, events = await ada.enter("stored:room")
            await events.wait("subscribed")
            for number in range(12):
                await hers.publish(data=number)
            await asyncio.to_thread(stored.metric_becomes, "belfry_history_publications", 10)
        metrics = stored.metrics()
        assert metrics.total("belfry_history_streams") == 1
        assert metrics.total("belfry_history_bytes") > 10 * 100
        assert metrics.total("belfry_history_shed_total") == 0
    run(scenario)


def test_a_binary_payload_closes_json_receivers_with_3506(stored):
    async def scenario():
        async with person(stored, "ada", False) as ada, person(stored, "bob", True) as bob:
            _, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            his, his_events = await bob.enter("stored:room")
            await his_events.wait("subscribed")
            await his.publish(data=b"\x00\xff no text")
            assert (await his_events.wait("publication")).pub.data == b"\x00\xff no text"
            assert (await ada.events.wait("disconnected")).code == 3506
    run(scenario)


def test_history_is_paged_both_ways(stored, protobuf):
    async def scenario():
        async with person(stored, "ada", protobuf) as ada:
            room, events = await ada.enter("stored:room")
            await events.wait("subscribed")
            for number in range(1, 6):
                await room.publish(data=payload(number, protobuf))

            async def page(**query):
                result = await room.history(**query)
                return [value(publication.data, protobuf) for publication in result.publications], result

            numbers, first = await page(limit=2)
            assert numbers == [1, 2] and first.offset == 5 and first.epoch
            position = StreamPosition(offset=2, epoch=first.epoch)
            assert (await page(limit=2, since=position))[0] == [3, 4]
            assert (await page(limit=2, reverse=True))[0] == [5, 4]
            assert (await page(limit=-1, since=position, reverse=True))[0] == [1]
            assert (await page(limit=0))[0] == []
            assert (await error_code(room.history(limit=1, since=StreamPosition(1, "other"))))[0] == 112
    run(scenario)


def test_who_was_cut_off_recovers_what_it_missed(stored, protobuf):
    async def scenario():
        async with person(stored, "ada", protobuf) as ada, person(stored, "bob", protobuf) as bob:
            hers, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            his, his_events = await bob.enter("stored:room")
            await his_events.wait("subscribed")
            await hers.publish(data=payload(1, protobuf))
            await his_events.wait("publication")
            await cut(bob)
            await bob.events.wait("connecting", 2)
            for number in range(2, 6):
                await hers.publish(data=payload(number, protobuf))
            context = await his_events.wait("subscribed", 2)
            assert context.was_recovering and context.recovered
            await his_events.wait("publication", 5)
            await hers.publish(data=payload(6, protobuf))
            await his_events.wait("publication", 6)
            got = [value(context.pub.data, protobuf) for name, context in his_events.seen if name == "publication"]
            assert got == [1, 2, 3, 4, 5, 6]
        assert stored.metrics().total("belfry_recoveries_total", outcome="recovered") == 1
    run(scenario)


DELTA = HISTORY | {"allowed_delta_types": ["fossil"], "delta_publish": True, "history_size": 100}


def text(number):
    """Documents that differ little, with what JSON escapes and what takes several bytes."""
    return {"lines": [f"line {line} \"ä\\n\" 🔔" for line in range(20)] + [f"number {number}"]}


@pytest.mark.parametrize("delta", [None, DeltaType.FOSSIL], ids=["full", "delta"])
def test_the_same_is_read_with_and_without_delta(start, protobuf, delta):
    relay = start(channels={"namespaces": {"stored": DELTA}}, limits={"enabled": False})

    async def scenario():
        async with person(relay, "ada", not protobuf) as ada, person(relay, "bob", protobuf) as bob:
            hers, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            his, his_events = await bob.enter("stored:room", delta=delta)
            await his_events.wait("subscribed")
            for number in range(5):
                await hers.publish(data=payload(text(number), not protobuf))
            await his_events.wait("publication", 5)
            await cut(bob)
            await bob.events.wait("connecting", 2)
            for number in range(5, 10):
                await hers.publish(data=payload(text(number), not protobuf))
            assert (await his_events.wait("subscribed", 2)).recovered
            for number in range(10, 15):
                await hers.publish(data=payload(text(number), not protobuf))
            await his_events.wait("publication", 15)
            got = [value(context.pub.data, protobuf) for name, context in his_events.seen if name == "publication"]
            assert got == [text(number) for number in range(15)]
            page = await his.history(limit=2)
            assert [value(publication.data, protobuf) for publication in page.publications] == [text(0), text(1)]
    run(scenario)


def test_patches_are_what_travels(start):
    relay = start(channels={"namespaces": {"stored": DELTA}}, limits={"enabled": False})
    writer, reader = relay.member("ada"), relay.member("bob")
    assert "delta" not in writer.subscribe("stored:room")["subscribe"]
    assert reader.subscribe("stored:room", delta="fossil")["subscribe"]["delta"] is True
    for number in range(2):
        assert "error" not in writer.ask("publish", channel="stored:room", data=text(number))
    first = reader.push("pub")["pub"]
    second = reader.push("pub")["pub"]
    full = json.dumps(text(0), separators=(",", ":"))
    assert first["data"] == full and "delta" not in first
    assert second["delta"] is True and len(second["data"].encode()) < 60
    assert [writer.push("pub")["pub"]["data"] for _ in range(2)] == [text(0), text(1)]


def test_what_is_trimmed_is_said_to_be_lost(stored, protobuf):
    async def scenario():
        async with person(stored, "ada", protobuf) as ada, person(stored, "bob", protobuf) as bob:
            hers, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            _, his_events = await bob.enter("stored:room")
            await his_events.wait("subscribed")
            await hers.publish(data=payload(0, protobuf))
            await his_events.wait("publication")
            await bob.client.disconnect()
            for number in range(1, 21):
                await hers.publish(data=payload(number, protobuf))
            await bob.client.connect()
            context = await his_events.wait("subscribed", 2)
            assert context.was_recovering and not context.recovered
    run(scenario)


def test_a_bad_token_ends_for_good(stored, protobuf):
    async def scenario():
        async with Person(stored, "garbage", use_protobuf=protobuf) as someone:
            assert (await someone.events.wait("disconnected")).code == 3500
    run(scenario)


def test_an_application_that_loads_its_state_starts_anew_from_there(stored, protobuf):
    """`get_state` gives the position to begin from; when that is lost (112) the SDK asks for another."""
    loaded = []

    async def scenario():
        async with person(stored, "ada", protobuf) as ada, person(stored, "bob", protobuf) as bob:
            hers, her_events = await ada.enter("stored:room")
            await her_events.wait("subscribed")
            await hers.publish(data=payload(0, protobuf))

            async def load(channel):
                page = await hers.history(limit=0)
                loaded.append(page.offset)
                return StreamPosition(offset=page.offset, epoch=page.epoch)

            _, his_events = await bob.enter("stored:room", get_state=load)
            await his_events.wait("subscribed")
            await hers.publish(data=payload(1, protobuf))
            await his_events.wait("publication")
            await bob.client.disconnect()
            # The history keeps 10.
            for number in range(2, 22):
                await hers.publish(data=payload(number, protobuf))
            await bob.client.connect()
            await his_events.wait("subscribed", 2)
            await hers.publish(data=payload(22, protobuf))
            await his_events.wait("publication", 2)
            got = [value(context.pub.data, protobuf) for name, context in his_events.seen if name == "publication"]
            assert got == [1, 22] and loaded == [1, 22]
    run(scenario)
    assert stored.metrics().total("belfry_messages_rejected_total", reason="position") == 1


def test_tokens_open_and_are_refreshed(start, protobuf):
    relay = start(client={"expired_grace": "10s"}, channels={"namespaces": {"stored": HISTORY}})
    fetched = {"connection": 0, "subscription": 0}

    def ttl(kind):
        fetched[kind] += 1
        return 2 if fetched[kind] == 1 else 600

    async def connection():
        return relay.token("ada", ttl=ttl("connection"))

    async def subscription(channel):
        return relay.subscription_token(channel, ttl=ttl("subscription"), info={"role": "mod"})

    async def scenario():
        async with Person(relay, get_token=connection, use_protobuf=protobuf) as ada:
            room, events = await ada.enter("$stored:room", get_token=subscription)
            await events.wait("subscribed")
            await asyncio.to_thread(relay.metric_becomes, "belfry_messages_received_total", 2, type="refresh")
            await room.publish(data=payload("hello", protobuf))
            publication = (await events.wait("publication")).pub
            assert value(publication.data, protobuf) == "hello"
            assert value(publication.info.chan_info, protobuf) == {"role": "mod"}
            assert fetched == {"connection": 2, "subscription": 2}
            assert ada.events.count("connected") == 1 and events.count("subscribed") == 1
    run(scenario)
