"""The server API with the real `cent`, unmodified, on one end and the real centrifuge-python on the other."""

import asyncio
import contextlib
import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cent
import pytest
import yaml
from cent import (
    AsyncClient, BatchRequest, BroadcastRequest, CentApiResponseError, CentTransportError, CentUnauthorizedError,
    ChannelsRequest, ConnectionsRequest, Disconnect, DisconnectRequest, HistoryRemoveRequest, HistoryRequest,
    InfoRequest, PresenceRequest, PresenceStatsRequest, PublishRequest, RefreshRequest, StreamPosition,
    SubscribeRequest, UnsubscribeRequest,
)
from centrifuge import DeltaType

from relay import ROOT
from test_codecs import HISTORY, cut, value
from test_sdk import Person, run
from waiting import PATIENCE, eventually
from wire import Closed

CHANNELS = {
    "namespaces": {
        "stored": HISTORY, "tagged": HISTORY | {"allow_tags_filter": True},
        "delta": HISTORY | {"allowed_delta_types": ["fossil"]}, "long": HISTORY | {"history_size": 100000},
    }
}


class Api:
    """A relay with keys, and cent's two clients for it."""

    def __init__(self, start, **overrides):
        self.keys = {name: secrets.token_hex(32) for name in ("root", "reader", "publisher", "old")}
        scopes = {"root": ["all"], "reader": ["read"], "publisher": ["publish"], "old": ["all"]}
        records = [{"name": name, "key": key, "scopes": scopes[name]} for name, key in self.keys.items()]
        records[3]["expires"] = "2020-01-01T00:00:00Z"
        api = {"keys": records} | overrides.pop("api", {})
        channels = CHANNELS | {"namespaces": CHANNELS["namespaces"] | overrides.pop("namespaces", {})}
        self.relay = start(channels=channels, limits={"enabled": False}, api=api, **overrides)
        for key in self.keys.values():
            self.relay.hide(key)
        self.url = f"http://127.0.0.1:{self.relay.side_port}/api"
        self.client = self.sync()

    def sync(self, key="root"):
        return cent.Client(self.url, self.keys[key])

    def asynchronous(self, key="root", **options):
        return AsyncClient(self.url, self.keys[key], **options)

    def post(self, method, body=b"{}", key="root", **fields):
        """Status and parsed answer of one raw call."""
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        headers = {"X-API-Key": self.keys[key]} if key else {}
        request = urllib.request.Request(f"{self.url}/{method}", data=body, headers=headers | fields, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def api(start):
    return Api(start)


@pytest.fixture(params=[False, True], ids=["json", "protobuf"])
def protobuf(request):
    return request.param


def code(call):
    with pytest.raises(CentApiResponseError) as caught:
        call()
    return caught.value.code


# Channels


def test_publish_reaches_subscribers_byte_for_byte(api):
    ada = api.relay.member("ada", ["stored:room"])
    first = api.client.publish(PublishRequest(channel="stored:room", data={"n": 1}))
    second = api.client.publish(PublishRequest(channel="stored:room", data=[1, "zwei", None, {"x": 1.5}]))
    assert (first.offset, second.offset) == (1, 2) and first.epoch == second.epoch != ""
    assert [ada.push("pub")["pub"]["data"] for _ in range(2)] == [{"n": 1}, [1, "zwei", None, {"x": 1.5}]]
    raw = b'{"channel":"stored:room","data":{"z":1.000,  "a":1e2, "u":"\\u0041"}}'
    assert api.post("publish", raw)[0] == 200
    assert '"data":{"z":1.000,  "a":1e2, "u":"\\u0041"}' in ada.next_line()
    plain = api.client.publish(PublishRequest(channel="room", data=1))
    assert (plain.offset, plain.epoch) == (0, "")


def test_refusals_have_the_codes_of_the_protocol(api):
    publish = lambda **fields: code(lambda: api.client.publish(PublishRequest(**fields)))  # noqa: E731
    assert publish(channel="nobody:x", data=1) == 102
    assert publish(channel="grün", data=1) == 107
    assert publish(channel="stored:x", data=None, b64data="?") == 107
    assert code(lambda: api.client.history(HistoryRequest(channel="room"))) == 108
    assert code(lambda: api.client.channels(ChannelsRequest(pattern="["))) == 107
    assert code(lambda: api.client.disconnect(DisconnectRequest(user=""))) == 107
    assert api.post("rpc")[1]["error"]["code"] == 108


def test_an_idempotency_key_makes_one_publication_of_two(api):
    request = PublishRequest(channel="stored:room", data=1, idempotency_key="once")
    first, second = api.client.publish(request), api.client.publish(request)
    assert (first.offset, first.epoch) == (second.offset, second.epoch)
    assert len(api.client.history(HistoryRequest(channel="stored:room", limit=-1)).publications) == 1


def test_a_broadcast_answers_in_order(api):
    ada = api.relay.member("ada", ["stored:a", "stored:b"])
    result = api.client.broadcast(
        BroadcastRequest(channels=["stored:a", "nobody:x", "stored:b", "stored:a"], data={"n": 1}))
    assert [response.error and response.error.code for response in result.responses] == [None, 102, None, None]
    assert [response.result.offset for response in result.responses if response.result] == [1, 1, 2]
    got = sorted(ada.push("pub")["channel"] for _ in range(3))
    assert got == ["stored:a", "stored:a", "stored:b"]


def test_the_largest_broadcast_is_answered(api):
    names = [f"stored:{number:05}" for number in range(10_000)]
    result = api.client.broadcast(BroadcastRequest(channels=names, data=1), timeout=PATIENCE)
    assert [response.result.offset for response in result.responses] == [1] * 10_000
    assert api.post("broadcast", {"channels": names + ["stored:x"], "data": 1})[0] == 400


def test_history_is_paged(api):
    for number in range(1, 8):
        api.client.publish(PublishRequest(channel="stored:room", data=number, tags={"n": str(number)}))
    def page(**fields):
        result = api.client.history(HistoryRequest(channel="stored:room", **fields))
        assert result.offset == 7
        return [publication.data for publication in result.publications], result.epoch
    assert page()[0] == []
    numbers, epoch = page(limit=3)
    assert numbers == [1, 2, 3]
    assert page(limit=3, since=StreamPosition(offset=3, epoch=epoch))[0] == [4, 5, 6]
    assert page(limit=3, reverse=True)[0] == [7, 6, 5]
    assert page(limit=9, reverse=True, since=StreamPosition(offset=3, epoch=epoch))[0] == [2, 1]
    publications = api.client.history(HistoryRequest(channel="stored:room", limit=1)).publications
    assert publications[0].tags == {"n": "1"} and publications[0].info is None
    strange = HistoryRequest(channel="stored:room", limit=1, since=StreamPosition(offset=1, epoch="other"))
    assert code(lambda: api.client.history(strange)) == 112
    api.client.history_remove(HistoryRemoveRequest(channel="stored:room"))
    assert page(limit=-1)[0] == []


def test_presence_and_channels_show_who_is_there(api):
    api.relay.member("ada", ["stored:room", "stored:other"])
    api.relay.member("ada", ["stored:room"])
    bob = api.relay.member("bob", ["stored:room"])
    presence = api.client.presence(PresenceRequest(channel="stored:room")).presence
    assert sorted(info.user for info in presence.values()) == ["ada", "ada", "bob"]
    assert all(client == info.client for client, info in presence.items())
    stats = api.client.presence_stats(PresenceStatsRequest(channel="stored:room"))
    assert (stats.num_clients, stats.num_users) == (3, 2)
    channels = api.client.channels(ChannelsRequest(pattern="stored:*")).channels
    assert {name: info.num_clients for name, info in channels.items()} == {"stored:room": 3, "stored:other": 1}
    assert api.client.channels(ChannelsRequest(pattern="*:o?her")).channels.keys() == {"stored:other"}
    listed = api.client.connections(ConnectionsRequest(user="bob", expression="")).connections
    assert [(info.user, info.transport, info.protocol) for info in listed.values()] == [("bob", "websocket", "json")]
    assert list(next(iter(listed.values())).state.channels) == ["stored:room"]
    assert code(lambda: api.client.connections(ConnectionsRequest(user="bob", expression="x"))) == 108
    bob.close()


def test_info_counts(api):
    api.relay.member("ada", ["stored:room"])
    node = eventually(
        lambda: next((node for node in api.client.info(InfoRequest()).nodes if node.num_clients == 1), None),
        "the node to count its client")
    assert (node.num_users, node.num_subs, node.num_channels) == (1, 1, 1)
    assert node.version.startswith("belfry ") and node.uid and node.name


@pytest.mark.parametrize("parallel", [False, True])
def test_a_batch_replies_in_order(api, parallel):
    requests = [PublishRequest(channel="stored:room", data=number) for number in range(50)]
    requests += [PresenceStatsRequest(channel="stored:room"), HistoryRequest(channel="stored:room", limit=1)]
    replies = api.client.batch(BatchRequest(requests=requests, parallel=parallel)).replies
    offsets = [reply.offset for reply in replies[:50]]
    assert offsets == list(range(1, 51)) if not parallel else sorted(offsets) == list(range(1, 51))
    assert replies[50].num_clients == 0


def test_the_asynchronous_client_works_as_well(api):
    async def scenario():
        client = api.asynchronous()
        results = await asyncio.gather(
            *[client.publish(PublishRequest(channel="long:room", data=number)) for number in range(100)])
        assert sorted(result.offset for result in results) == list(range(1, 101))
        await client.subscribe(SubscribeRequest(user="ada", channel="stored:room"))
        await client.close()
    asyncio.run(scenario())


def test_tags_serve_subscribers_with_a_filter(api):
    ada = api.relay.member("ada")
    reply = ada.ask("subscribe", channel="tagged:room", tf={"key": "lang", "cmp": "eq", "val": "de"})
    assert "subscribe" in reply, reply
    for language, text in [("en", "no"), ("de", "ja"), ("fr", "non"), ("de", "doch")]:
        api.client.publish(PublishRequest(channel="tagged:room", data=text, tags={"lang": language}))
    assert [ada.push("pub")["pub"]["data"] for _ in range(2)] == ["ja", "doch"]


def test_a_publication_with_delta_reaches_its_subscribers_as_a_patch(api):
    async def scenario():
        async with Person(api.relay, api.relay.token("ada")) as ada:
            _, events = await ada.enter("delta:room", delta=DeltaType.FOSSIL)
            await events.wait("subscribed")
            text = "x" * 2000
            for number in range(3):
                data = {"text": text, "n": number}
                status, _ = await asyncio.to_thread(
                    api.post, "publish", {"channel": "delta:room", "data": data, "delta": True})
                assert status == 200
                assert (await events.wait("publication", number + 1)).pub.data == data
    before = api.relay.metrics().total("belfry_sent_bytes_total", layer="payload")
    run(scenario)
    sent = api.relay.metrics().total("belfry_sent_bytes_total", layer="payload") - before
    assert sent < 5000, "patches would be far smaller than three times the text"


# Connections


def test_a_live_connection_is_subscribed_and_unsubscribed(api, protobuf):
    async def scenario():
        async with Person(api.relay, api.relay.token("ada"), use_protobuf=protobuf) as ada:
            await ada.ready()
            await asyncio.to_thread(
                api.client.subscribe, SubscribeRequest(user="ada", channel="stored:room", data={"hello": 1}))
            context = await ada.events.wait("subscribed")
            assert (context.channel, context.recoverable, context.positioned) == ("stored:room", True, True)
            for number in range(3):
                await asyncio.to_thread(api.client.publish, PublishRequest(channel="stored:room", data=number))
            assert value((await ada.events.wait("publication", 3)).pub.data, protobuf) == 2
            # What the SDK learned from the push is enough to recover after a cut.
            await cut(ada)
            await ada.events.wait("connecting", 2)
            await asyncio.to_thread(api.client.publish, PublishRequest(channel="stored:room", data=3))
            await ada.events.wait("publication", 4)
            await ada.ready()
            await asyncio.to_thread(api.client.unsubscribe, UnsubscribeRequest(user="ada", channel="stored:room"))
            assert (await ada.events.wait("unsubscribed")).channel == "stored:room"
            presence = await asyncio.to_thread(api.client.presence, PresenceRequest(channel="stored:room"))
            assert presence.presence == {}
    run(scenario)


def test_a_subscription_recovers_from_where_the_backend_says(api, protobuf):
    async def scenario():
        for number in range(1, 4):
            await asyncio.to_thread(api.client.publish, PublishRequest(channel="stored:room", data=number))
        async with Person(api.relay, api.relay.token("ada"), use_protobuf=protobuf) as ada:
            await ada.ready()
            await asyncio.to_thread(
                api.client.subscribe,
                SubscribeRequest(user="ada", channel="stored:room", recover_since=StreamPosition(offset=1)))
            await ada.events.wait("publication", 2)
            got = [context.pub.offset for name, context in ada.events.seen if name == "publication"]
            assert got == [2, 3]
    run(scenario)


@pytest.mark.parametrize("order, expected, returns", [
    (None, 3503, False), (Disconnect(code=3011, reason="force reconnect"), None, True),
    (Disconnect(code=4000, reason="move"), None, True), (Disconnect(code=4500, reason="banned"), 4500, False),
])
def test_a_disconnect_has_its_code_and_its_advice(api, order, expected, returns):
    async def scenario():
        async with Person(api.relay, api.relay.token("ada")) as ada, Person(api.relay, api.relay.token("bob")) as bob:
            await ada.ready(), await bob.ready()
            await asyncio.to_thread(api.client.disconnect, DisconnectRequest(user="ada", disconnect=order))
            if returns:
                await ada.events.wait("connected", 2)
            else:
                context = await ada.events.wait("disconnected")
                assert context.code == expected
            assert bob.events.count("disconnected") == 0 and bob.events.count("connected") == 1
    run(scenario)


def test_a_backend_may_close_with_any_code_of_the_protocol(api):
    for code, reason in [
        (3000, "connection closed"), (3011, "force reconnect"), (3014, "state invalidated"), (3503, "force disconnect"),
        (3509, "too many errors"),
    ]:
        ada = api.relay.member("ada")
        api.client.disconnect(DisconnectRequest(user="ada", disconnect=Disconnect(code=code, reason=reason)))
        assert ada.closing() == (code, reason)
        api.relay.event("conn.close", ws_code=str(code))


def test_an_unsubscribe_has_code_2000_whatever_client_reads_it(api):
    ada = api.relay.member("ada", ["stored:room"])
    api.client.unsubscribe(UnsubscribeRequest(user="ada", channel="stored:room"))
    assert ada.push("unsubscribe") == {
        "channel": "stored:room", "unsubscribe": {"code": 2000, "reason": "server unsubscribe"}}
    # It is not sent away from: it may come again.
    assert "subscribe" in ada.subscribe("stored:room")


def test_a_disconnect_spares_whom_it_is_told_to(api):
    first, second = api.relay.member("ada"), api.relay.member("ada")
    keep = second.id
    api.client.disconnect(DisconnectRequest(user="ada", whitelist=[keep]))
    assert first.closing()[0] == 3503
    listed = api.client.connections(ConnectionsRequest(user="ada", expression="")).connections
    assert list(listed) == [keep]
    api.client.disconnect(DisconnectRequest(user="bob"))
    api.client.disconnect(DisconnectRequest(user="ada", client="nobody"))
    api.client.disconnect(DisconnectRequest(user="ada", session="x"))
    assert second.ask("subscribe", channel="stored:room")["subscribe"]["recoverable"]
    api.client.disconnect(DisconnectRequest(user="ada", client=keep))
    assert second.closing()[0] == 3503


def test_a_refresh_ends_or_moves_the_end(api):
    expired = api.relay.member("ada")
    api.client.refresh(RefreshRequest(user="ada", expired=True))
    assert expired.closing()[0] == 3005
    past = api.relay.member("ada")
    api.client.refresh(RefreshRequest(user="ada", expire_at=1))
    assert past.closing()[0] == 3005


def test_a_refresh_moves_the_end_of_a_connection(start):
    api = Api(start, client={"expired_grace": "0s"})
    # Its token would end in a second; moved away, it stays, and moved near, it ends.
    ada = api.relay.member("ada", ttl=2)
    api.client.refresh(RefreshRequest(user="ada", expire_at=int(time.time()) + 600))
    near = int(time.time()) + 3
    while time.time() < near:
        assert ada.ask("unsubscribe", channel="stored:x")["unsubscribe"] == {}
        time.sleep(0.2)
    api.client.refresh(RefreshRequest(user="ada", expire_at=int(time.time()) + 1))
    assert ada.closing()[0] == 3005


# Keys, audit, metrics


# Who is kept out


def test_a_blocked_user_is_cut_at_once_and_stays_out_over_a_restart(api):
    async def scenario():
        async with Person(api.relay, api.relay.token("ada")) as ada, Person(api.relay, api.relay.token("bob")) as bob:
            await ada.ready()
            await bob.ready()
            status, answer = await asyncio.to_thread(api.post, "block", {"user": "ada"})
            assert (status, answer) == (200, {"result": {"closed": 1, "durable": True}})
            assert (await ada.events.wait("disconnected")).code == 3503
            assert "disconnected" not in [name for name, _ in bob.events.seen]
        for again in (False, True):
            if again:
                api.relay.stop()
                api.relay.start()
            async with Person(api.relay, api.relay.token("ada")) as ada:
                assert (await ada.events.wait("disconnected")).code == 3507
        assert api.post("denials")[1] == {"result": {"denials": [{"user": "ada"}]}}
        assert api.post("unblock", {"user": "ada"})[1] == {"result": {"was_denied": True}}
        async with Person(api.relay, api.relay.token("ada")) as ada:
            await ada.ready()
    run(scenario)
    event = api.relay.event("auth.revoked")
    assert (event["by"], event["kind"], event["closed_conns"]) == ("root", "user", "1")


def test_a_revoked_token_and_a_users_older_tokens_end_at_once(api):
    async def scenario():
        now = int(time.time())
        tokens = [api.relay.token("ada", jti="t-1"), api.relay.token("bob", iat=now - 60)]
        async with Person(api.relay, tokens[0]) as ada, Person(api.relay, tokens[1]) as bob:
            await ada.ready()
            await bob.ready()
            for body in ({"token": "t-1", "expire_at": now + 3600}, {"tokens_of": "bob", "issued_before": now - 30}):
                answer = await asyncio.to_thread(api.post, "revoke", body)
                assert answer == (200, {"result": {"closed": 1, "durable": True}})
            assert (await ada.events.wait("disconnected")).code == 3500
            assert (await bob.events.wait("disconnected")).code == 3500
        async with Person(api.relay, api.relay.token("bob", iat=now - 10)) as bob:
            await bob.ready()
    run(scenario)


def test_a_blocked_network_gets_no_handshake(api):
    member = api.relay.member("ada")
    assert api.post("block", {"address": "127.0.0.0/8"})[1]["result"]["closed"] >= 1
    with pytest.raises(Closed):
        member.push("pub")
    with pytest.raises(OSError):
        api.relay.client()
    assert api.post("unblock", {"address": "127.0.0.0/8"})[1] == {"result": {"was_denied": True}}
    api.relay.member("ada")
    assert api.post("block", {"address": "nowhere"})[1]["error"]["code"] == 107
    assert api.post("block", {"address": "0.0.0.0/0"})[1]["error"]["code"] == 107


def test_keys_scopes_and_their_refusals(api):
    with pytest.raises(CentUnauthorizedError):
        cent.Client(api.url, "wrong").info(InfoRequest())
    with pytest.raises(CentUnauthorizedError):
        api.sync("old").info(InfoRequest())
    assert api.sync("reader").info(InfoRequest()).nodes
    with pytest.raises(CentTransportError) as caught:
        api.sync("reader").publish(PublishRequest(channel="room", data=1))
    assert caught.value.status_code == 403
    api.sync("publisher").publish(PublishRequest(channel="room", data=1))
    status, answer = api.post("info", key=None)
    assert status == 401 and answer["error"]["code"] == 101
    assert api.post("info", key=None, Authorization="apikey " + api.keys["root"])[0] == 200
    assert api.post("info?api_key=" + api.keys["root"], key=None)[0] == 401
    assert api.post("fly")[0] == 404
    metrics = api.relay.metrics()
    assert metrics.total("belfry_api_denials_total", reason="missing") == 2
    assert metrics.total("belfry_api_denials_total", reason="unknown") == 1
    assert metrics.total("belfry_api_denials_total", reason="expired") == 1
    assert metrics.total("belfry_api_denials_total", reason="scope") == 1
    assert metrics.total("belfry_api_calls_total", method="publish", result="ok") == 1
    assert metrics.total("belfry_api_calls_total", method="other", result="failed") == 1
    assert metrics.total("belfry_sideport_requests_total", path="/api") == 9


def test_each_write_is_audited_and_no_read(api):
    body = api.relay.body()
    api.client.publish(PublishRequest(channel="room", data=body))
    api.sync("reader").info(InfoRequest())
    api.client.batch(BatchRequest(requests=[
        PublishRequest(channel="room", data=body), DisconnectRequest(user="ada"), InfoRequest()]))
    with pytest.raises(CentTransportError):
        api.sync("reader").disconnect(DisconnectRequest(user="ada"))
    with pytest.raises(CentUnauthorizedError):
        cent.Client(api.url, "wrong").disconnect(DisconnectRequest(user="ada"))
    api.relay.event("admin.request", status=401)
    seen = [(event["path"], event["actor"], event["status"]) for event in api.relay.events("admin.request")]
    assert seen == [
        ("/api/publish", "root", "200"), ("/api/batch/publish", "root", "200"), ("/api/batch/disconnect", "root", "200"),
        ("/api/disconnect", "reader", "403"), ("/api/disconnect", None, "401")]
    assert {event["peer_addr"] for event in api.relay.events("admin.request")} == {"127.0.0.1"}


def test_keys_are_read_again_on_sighup(api):
    api.client.info(InfoRequest())
    fresh = api.relay.hide(secrets.token_hex(32))
    api.relay.configuration["api"]["keys"] = [{"name": "fresh", "key": fresh, "scopes": ["read"]}]
    api.relay.path.write_text(json.dumps(api.relay.configuration))
    api.relay.signal(signal.SIGHUP)
    def is_known():
        try:
            return cent.Client(api.url, fresh).info(InfoRequest()).nodes
        except CentUnauthorizedError:
            return None
    eventually(is_known, "the new key to be known")
    with pytest.raises(CentUnauthorizedError):
        api.client.info(InfoRequest())


def test_without_keys_the_api_is_off(relay):
    with pytest.raises(CentTransportError) as caught:
        cent.Client(f"http://127.0.0.1:{relay.side_port}/api", "x" * 32).info(InfoRequest())
    assert caught.value.status_code == 404


# Load


def test_a_thousand_concurrent_publishes_lose_nothing_and_keep_each_callers_order(start):
    api = Api(start, api={"connections": 1000})
    callers, each = 100, 10
    ada = api.relay.member("ada", ["long:room"])
    def caller(number):
        client = api.sync()
        return [client.publish(PublishRequest(channel="long:room", data=[number, step])).offset for step in range(each)]
    with ThreadPoolExecutor(callers) as pool:
        offsets = list(pool.map(caller, range(callers)))
    assert sorted(offset for own in offsets for offset in own) == list(range(1, callers * each + 1))
    assert all(own == sorted(own) for own in offsets)
    steps = {}
    for offset in range(1, callers * each + 1):
        publication = ada.push("pub")["pub"]
        number, step = publication["data"]
        assert publication["offset"] == offset and steps.get(number, -1) + 1 == step
        steps[number] = step
    async def burst():
        client = api.asynchronous()
        results = await asyncio.gather(
            *[client.publish(PublishRequest(channel="long:burst", data=number)) for number in range(1000)])
        await client.close()
        return sorted(result.offset for result in results)
    assert asyncio.run(burst()) == list(range(1, 1001))
    assert api.relay.metrics().total("belfry_api_pending") == 0


def test_a_busy_api_does_not_keep_scrapers_waiting(api):
    """Callers on all their connections, and the data plane at work: a scrape still comes at once."""
    stop = threading.Event()
    api.relay.member("ada", ["long:room"])
    def press():
        client = api.sync()
        while not stop.is_set():
            client.publish(PublishRequest(channel="long:room", data="x" * 1000))
    with ThreadPoolExecutor(16) as pool:
        work = [pool.submit(press) for _ in range(16)]
        try:
            times = []
            for _ in range(20):
                began = time.monotonic()
                assert api.relay.side("/metrics")[0] == 200
                times.append(time.monotonic() - began)
        finally:
            stop.set()
        [done.result() for done in work]
    assert sorted(times)[10] < 1.0, times


@contextlib.contextmanager
def standing(process, name):
    """Holds one thread of a process still, as a debugger does (ptrace(2)); all others go on."""
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    seize, interrupt, detach, any_child = 0x4206, 0x4207, 17, 0x40000000
    tasks = Path(f"/proc/{process.pid}/task")
    thread = next(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name)
    assert ptrace(seize, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    assert ptrace(interrupt, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(thread, any_child)
    try:
        yield
    finally:
        assert ptrace(detach, thread, None, None) == 0, os.strerror(ctypes.get_errno())


def test_a_standing_loop_ends_calls_with_error_100_and_holds_no_scrape_up(start):
    api = Api(start, api={"timeout": "200ms"}, server={"loops": 1})
    with standing(api.relay.process, "loop-0"):
        for call in (
            lambda: api.client.publish(PublishRequest(channel="stored:room", data=1)),
            lambda: api.client.disconnect(DisconnectRequest(user="ada")),
            lambda: api.client.channels(ChannelsRequest()),
        ):
            began = time.monotonic()
            assert code(call) == 100
            assert time.monotonic() - began < PATIENCE / 4
        assert api.relay.metrics().total("belfry_api_pending") == 0
    # What it was asked for may still have been done, which an idempotency key would tell.
    assert api.client.publish(PublishRequest(channel="stored:room", data=2)).offset == 2


def test_calls_end_while_the_relay_drains(start):
    """Loops that are gone answer nothing: a call ends with error 100, or the connection with the process."""
    api = Api(start, server={"loops": 1, "drain": "5s"})
    client = api.relay.member("ada")
    api.relay.signal(signal.SIGTERM)
    seen = set()
    def call():
        try:
            api.client.publish(PublishRequest(channel="room", data=1), timeout=1)
            seen.add("ok")
        except CentApiResponseError as error:
            seen.add(error.code)
        except cent.CentNetworkError:
            seen.add("gone")
        return "gone" in seen
    eventually(call, "the process to be gone")
    assert seen <= {"ok", 100, "gone"}, seen
    client.close()
    api.relay.ended()


# The description


def test_the_description_holds_for_the_running_relay(start, tmp_path):
    """schemathesis: each method with generated bodies; no 5xx, only the statuses and shapes described."""
    api = Api(start, namespaces={"chat": HISTORY})
    result = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", str(ROOT / "ops/openapi.yaml"),
         "--url", f"http://127.0.0.1:{api.relay.side_port}", "--header", f"X-API-Key: {api.keys['root']}",
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
         "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1", "--workers", "1",
         "--request-timeout", "10", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    # It would also be content with a relay that refuses everything.
    metrics = api.relay.metrics()
    for method in set(yaml.safe_load((ROOT / "ops/openapi.yaml").read_text())["paths"]):
        name = method.removeprefix("/api/")
        good = metrics.total("belfry_api_calls_total", method=name, result="ok")
        assert good > 0 or name == "rpc", f"{name} never succeeded"
        assert metrics.total("belfry_api_calls_total", method=name, result="failed") > 0, name
