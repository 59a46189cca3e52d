"""The real centrifuge-python against the relay over wss, with the development CA."""

import asyncio

import pytest
from centrifuge import (
    CentrifugeError, Client, ClientEventHandler, ClientState, SubscriptionEventHandler, SubscriptionState,
)

from waiting import PATIENCE


class Recorder(ClientEventHandler, SubscriptionEventHandler):
    """Every callback's name and context, in order, and a way to wait for one."""

    def __init__(self):
        self.seen = []
        self.changed = asyncio.Event()

    def note(self, name, context):
        self.seen.append((name, context))
        self.changed.set()

    def count(self, name):
        return sum(1 for seen, _ in self.seen if seen == name)

    async def wait(self, name, count=1):
        """The context of the `count`-th callback of a name."""
        async with asyncio.timeout(PATIENCE):
            while self.count(name) < count:
                self.changed.clear()
                await self.changed.wait()
        return [context for seen, context in self.seen if seen == name][count - 1]


for callback in [name for name in dir(Recorder) if name.startswith("on_")]:
    def make(name):
        async def call(self, context):
            self.note(name[3:], context)
        return call
    setattr(Recorder, callback, make(callback))


class Person:
    """One SDK client with its recorder."""

    def __init__(self, relay, token="", get_token=None, **options):
        self.relay, self.events = relay, Recorder()
        self.client = Client(
            relay.url, events=self.events, token=token, get_token=get_token, ssl_context=relay.tls_context(),
            proxy=None, **options)

    async def __aenter__(self):
        await self.client.connect()
        return self

    async def __aexit__(self, *_):
        await self.client.disconnect()

    async def ready(self):
        await self.client.ready(PATIENCE)
        return self

    async def enter(self, channel, **options):
        """A subscription with a recorder of its own."""
        events = Recorder()
        subscription = self.client.new_subscription(channel, events=events, **options)
        await subscription.subscribe()
        return subscription, events


def run(scenario):
    """Runs a scenario; an exception in a callback or a lost task fails it."""
    async def guarded():
        lost = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
        await asyncio.wait_for(scenario(), 4 * PATIENCE)
        assert not lost, lost
    asyncio.run(guarded())


async def error_code(awaitable):
    with pytest.raises(CentrifugeError) as caught:
        await awaitable
    return caught.value.code, caught.value.temporary


def test_two_clients_talk(relay):
    async def scenario():
        token = relay.token("ada", info={"name": "Ada"})
        async with Person(relay, token) as ada, Person(relay, relay.token("bob")) as bob:
            connected = await ada.events.wait("connected")
            assert connected.client and connected.version
            hers, her_events = await ada.enter("chat:lobby")
            await her_events.wait("subscribed")
            his, his_events = await bob.enter("chat:lobby")
            await his_events.wait("subscribed")
            joined = await her_events.wait("join", 2)
            assert joined.info.user == "bob"
            message = relay.body()
            await hers.publish(data=message)
            for events in (her_events, his_events):
                publication = (await events.wait("publication")).pub
                assert publication.data == message
                assert publication.info.user == "ada" and publication.info.conn_info == {"name": "Ada"}
            present = await his.presence()
            assert {info.user for info in present.clients.values()} == {"ada", "bob"}
            statistics = await his.presence_stats()
            assert (statistics.num_clients, statistics.num_users) == (2, 2)
            await his.unsubscribe()
            assert (await her_events.wait("leave")).info.user == "bob"
            assert (await hers.presence_stats()).num_clients == 1
    run(scenario)


def test_a_hundred_publications_arrive_in_order(start):
    relay = start(limits={"enabled": False})

    async def scenario():
        async with Person(relay, relay.token("ada")) as ada, Person(relay, relay.token("bob")) as bob:
            hers, _ = await ada.enter("quiet:flow")
            _, his_events = await bob.enter("quiet:flow")
            await hers.ready(PATIENCE)
            await his_events.wait("subscribed")
            for number in range(100):
                await hers.publish(data={"n": number})
            await his_events.wait("publication", 100)
            got = [context.pub.data["n"] for name, context in his_events.seen if name == "publication"]
            assert got == list(range(100))
    run(scenario)


def test_a_bad_token_ends_for_good(relay):
    async def scenario():
        async with Person(relay, "garbage") as person:
            context = await person.events.wait("disconnected")
            assert (context.code, context.reason) == (3500, "invalid token")
            assert person.client.state == ClientState.DISCONNECTED
    run(scenario)


def test_no_token_ends_for_good(relay):
    async def scenario():
        async with Person(relay) as person:
            assert (await person.events.wait("disconnected")).code == 3501
    run(scenario)


def test_an_expired_token_is_fetched_anew(relay):
    fetched = []

    async def fetch():
        fetched.append(1)
        return relay.token("ada")

    async def scenario():
        async with Person(relay, relay.token("ada", ttl=-10), fetch) as person:
            assert (await person.events.wait("error")).error.code == 109
            await person.ready()
            assert fetched == [1]
    run(scenario)


def test_a_token_is_refreshed_before_it_ends(start):
    relay = start(client={"expired_grace": "10s"})
    fetched = []

    async def fetch():
        fetched.append(1)
        return relay.token("ada", ttl=2 if len(fetched) < 3 else 600)

    async def scenario():
        async with Person(relay, get_token=fetch) as person:
            await person.ready()
            await asyncio.to_thread(relay.metric_becomes, "belfry_messages_received_total", 2, type="refresh")
            assert person.events.count("connected") == 1, "the connection was lost over a refresh"
            assert person.events.count("disconnected") == 0
    run(scenario)


def test_a_token_that_can_not_be_refreshed_ends_with_3005_and_comes_back(start):
    relay = start(client={"expired_grace": "0s"})
    first = relay.token("ada", ttl=2)

    async def stale():
        return first

    async def scenario():
        async with Person(relay, first, stale) as person:
            await person.ready()
            # Refreshing with the old token, or not at all: either way the connection ends and the SDK comes back.
            await person.events.wait("connecting", 2)
            assert person.client.state != ClientState.DISCONNECTED
    run(scenario)


def test_a_bad_subscription_token_ends_the_subscription_with_103(relay):
    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            subscription, events = await ada.enter("$room", token="garbage")
            context = await events.wait("unsubscribed")
            assert context.code == 103
            assert subscription.state == SubscriptionState.UNSUBSCRIBED
            assert ada.client.state == ClientState.CONNECTED
    run(scenario)


def test_a_private_channel_with_a_good_token(relay):
    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            _, refused = await ada.enter("$other")
            assert (await refused.wait("unsubscribed")).code == 103
            token = relay.subscription_token("$room", info={"role": "mod"})
            subscription, events = await ada.enter("$room", token=token)
            await events.wait("subscribed")
            await subscription.publish(data=relay.body())
            assert (await events.wait("publication")).pub.info.chan_info == {"role": "mod"}
    run(scenario)


def test_an_expired_subscription_token_is_fetched_anew(relay):
    async def fetch(channel):
        return relay.subscription_token(channel)

    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            expired = relay.subscription_token("$room", ttl=-5)
            _, events = await ada.enter("$room", token=expired, get_token=fetch)
            assert (await events.wait("error")).error.code == 109
            await events.wait("subscribed")
    run(scenario)


def test_a_subscription_token_is_refreshed_before_it_ends(start):
    relay = start(client={"expired_grace": "10s"})
    fetched = []

    async def fetch(channel):
        fetched.append(1)
        return relay.subscription_token(channel, ttl=2 if len(fetched) < 3 else 600)

    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            _, events = await ada.enter("$room", get_token=fetch)
            await events.wait("subscribed")
            await asyncio.to_thread(relay.metric_becomes, "belfry_messages_received_total", 2, type="refresh")
            assert events.count("subscribing") == 1 and events.count("unsubscribed") == 0
    run(scenario)


def test_a_limited_publish_is_a_temporary_error(start):
    relay = start(limits={"user": {"publish": {"rate": "1/h", "burst": 3}}})

    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            subscription, events = await ada.enter("quiet:room")
            await subscription.ready(PATIENCE)
            for _ in range(3):
                await subscription.publish(data=relay.body())
            assert await error_code(subscription.publish(data=relay.body())) == (111, True)
            await events.wait("publication", 3)
    run(scenario)


def test_unsubscribe_and_subscribe_over_and_over(relay):
    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            subscription, events = await ada.enter("room")
            await events.wait("subscribed")
            for round in range(2, 40):
                await subscription.unsubscribe()
                await subscription.subscribe()
                await events.wait("subscribed", round)
            assert (await subscription.presence_stats()).num_clients == 1
            await subscription.publish(data=relay.body())
            await events.wait("publication")
            assert events.count("publication") == 1
            assert events.count("error") == 0
    run(scenario)


def test_a_connection_too_many_ends_with_3504(start):
    relay = start(limits={"user": {"connections": 2}})

    async def scenario():
        token = relay.token("ada")
        async with Person(relay, token) as one, Person(relay, token) as two:
            await one.ready(), await two.ready()
            async with Person(relay, token) as three:
                assert (await three.events.wait("disconnected")).code == 3504
            await one.client.disconnect()
            await asyncio.to_thread(relay.metric_becomes, "belfry_connections_open", 1)
            async with Person(relay, token) as four:
                await four.ready()
    run(scenario)


def test_history_and_rpc_are_not_available(relay):
    async def scenario():
        async with Person(relay, relay.token("ada")) as ada:
            subscription, events = await ada.enter("room")
            await events.wait("subscribed")
            assert await error_code(subscription.history(limit=1)) == (108, False)
            assert await error_code(ada.client.rpc("method", {})) == (108, False)
    run(scenario)


def test_the_sdk_survives_a_relay_that_goes_away(start):
    relay = start()

    async def scenario():
        person = Person(relay, relay.token("ada"))
        async with person:
            await person.ready()
            subscription, events = await person.enter("room")
            await events.wait("subscribed")
            await asyncio.to_thread(relay.stop)
            context = await person.events.wait("connecting", 2)
            assert context.code == 3001
    run(scenario)
