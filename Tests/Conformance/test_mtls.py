"""Clients with certificates: who is let in, and which tokens are theirs (RFC 8446, 4.3.2; RFC 8705)."""

import shutil
import signal
import socket
import ssl

import pytest

from certificates import Authority
from test_sdk import Person, run
from waiting import eventually
from wire import Closed, request

GET = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "clients")


@pytest.fixture(scope="module")
def people(authority, tmp_path_factory):
    other = Authority(tmp_path_factory.mktemp("other"), "others")
    return {
        "ada": authority.issue("ada"), "bob": authority.issue("bob"), "stranger": other.issue("stranger"),
        "old": authority.issue("old", end="20200102000000Z"), "server": authority.issue("server", purpose="serverAuth"),
    }


@pytest.fixture(scope="module")
def required(start_shared, authority):
    return start_shared(tls={"client_ca": str(authority.pem)}, limits={"enabled": False})


@pytest.fixture(scope="module")
def optional(start_shared, authority):
    return start_shared(
        tls={"client_ca": str(authority.pem), "client_certificate": "optional"}, limits={"enabled": False})


def context(relay, certificate=None, version="1.3"):
    made = ssl.create_default_context(cafile=relay.certificates / "ca.pem")
    made.minimum_version = made.maximum_version = VERSIONS[version]
    if certificate:
        made.load_cert_chain(certificate.pem, certificate.key)
    return made


def is_served(relay, made, **options):
    """A TLS 1.3 client hears of its certificate with its first answer only."""
    try:
        connection = relay.open(made, **options)
        return request(connection, GET).status == 200
    except (ssl.SSLError, ConnectionError, Closed):
        return False


class Bearer:
    """The relay as the SDK client of one certificate sees it."""

    def __init__(self, relay, certificate, version="1.3"):
        self.url = relay.url
        self.tls_context = lambda: context(relay, certificate, version)


@pytest.mark.parametrize("version", VERSIONS)
class TestAdmission:
    def test_a_client_of_the_authority(self, required, people, version):
        assert is_served(required, context(required, people["ada"], version))
        required.event("conn.open", client_cert=people["ada"].hash.hex())

    def test_one_without_where_one_is_required(self, required, version):
        before = required.metrics().total("belfry_tls_handshake_failures_total", reason="no_client_certificate")
        assert not is_served(required, context(required, None, version))
        required.metric_becomes(
            "belfry_tls_handshake_failures_total", before + 1, reason="no_client_certificate")
        required.event("tls.handshake_failed", reason="no_client_certificate")

    @pytest.mark.parametrize("who, reason, error", [
        ("stranger", "client_certificate_untrusted", "unable to get local issuer certificate"),
        ("old", "client_certificate_expired", "certificate has expired"),
        ("server", "client_certificate_untrusted", "unsuitable certificate purpose"),
    ])
    def test_a_bad_one_is_refused_required_or_not(self, required, optional, people, version, who, reason, error):
        for relay in (required, optional):
            before = relay.metrics().total("belfry_tls_handshake_failures_total", reason=reason)
            assert not is_served(relay, context(relay, people[who], version))
            relay.metric_becomes("belfry_tls_handshake_failures_total", before + 1, reason=reason)
            relay.event("tls.handshake_failed", reason=reason, ssl_error=error)

    def test_one_without_where_it_is_optional(self, optional, version):
        assert is_served(optional, context(optional, None, version))

    def test_a_resumed_session_keeps_its_client(self, required, people, version):
        made = context(required, people["ada"], version)
        first = required.open(made)
        assert request(first, GET).status == 200
        session = first.tls.session
        again = made.wrap_socket(
            socket.create_connection(("127.0.0.1", required.port)), server_hostname="localhost",
            session=session)
        required.closeables.append(again)
        assert again.session_reused
        required.event(
            "conn.open", resumed="yes", tls_version=f"TLSv{version}", client_cert=people["ada"].hash.hex())


def test_the_sdk_talks_with_a_certificate_and_a_token_bound_to_it(required, people):
    async def scenario():
        ada = people["ada"]
        token = required.token("ada", cnf=ada.binding)
        async with Person(Bearer(required, ada), token) as person:
            await person.events.wait("connected")
            subscription, events = await person.enter("chat:lobby")
            await events.wait("subscribed")
            message = required.body()
            await subscription.publish(data=message)
            assert (await events.wait("publication")).pub.data == message
    run(scenario)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bound_token_is_worth_nothing_with_another_certificate_or_none(optional, people, version):
    async def scenario():
        token = optional.token("ada", cnf=people["ada"].binding)
        for certificate in (people["bob"], None):
            async with Person(Bearer(optional, certificate, version), token) as thief:
                context = await thief.events.wait("disconnected")
                assert (context.code, context.reason) == (3500, "invalid token")
    before = optional.metrics().total("belfry_auth_failures_total", reason="binding")
    run(scenario)
    optional.metric_becomes("belfry_auth_failures_total", before + 2, reason="binding")
    event = optional.event("auth.failure", reason="binding")
    assert event["alg"] == "HS256" and event["subject"]


def test_a_token_that_is_bound_to_something_else_is_refused(optional, people):
    client = optional.client(context=context(optional, people["ada"]))
    with pytest.raises(Closed, match="close 3500"):
        client.connect(optional.token("ada", cnf={"jkt": people["ada"].thumbprint}))


def test_an_unbound_token_needs_no_certificate(optional):
    assert "connect" in optional.client(context=context(optional)).connect(optional.token("ada"))


def test_a_bound_token_in_the_upgrade_request(optional, people):
    token = optional.token("ada", cnf=people["ada"].binding)
    bearer = [("Authorization", f"Bearer {token}")]
    good = optional.client(bearer, context=context(optional, people["ada"]))
    assert good.response.status == 101 and "connect" in good.connect()
    assert optional.client(bearer, context=context(optional, people["bob"])).response.status == 401


def test_a_refresh_and_a_subscription_with_another_clients_token(optional, people):
    ada, bob = people["ada"], people["bob"]
    client = optional.client(context=context(optional, ada))
    assert "connect" in client.connect(optional.token("ada", cnf=ada.binding))
    bound = optional.subscription_token("$chat:s", "ada", cnf=bob.binding)
    assert client.subscribe("$chat:s", token=bound)["error"]["code"] == 103
    own = optional.subscription_token("$chat:s", "ada", cnf=ada.binding)
    assert "subscribe" in client.subscribe("$chat:s", token=own)
    with pytest.raises(Closed, match="close 3500"):
        client.ask("refresh", token=optional.token("ada", cnf=bob.binding))


def test_bindings_can_be_required(start, authority, people):
    relay = start(tls={"client_ca": str(authority.pem)}, auth={"require_cnf": True})
    ada = people["ada"]
    with pytest.raises(Closed, match="close 3500"):
        relay.client(context=context(relay, ada)).connect(relay.token("ada"))
    bound = relay.token("ada", cnf=ada.binding)
    assert "connect" in relay.client(context=context(relay, ada)).connect(bound)


def test_new_authorities_on_reload(start, authority, people, tmp_path):
    """Live connections stay; new ones and old tickets meet the new authorities."""
    file = tmp_path / "clients.pem"
    shutil.copy(authority.pem, file)
    relay = start(tls={"client_ca": str(file)}, limits={"enabled": False})
    made = context(relay, people["ada"], "1.2")
    first = relay.open(made)
    assert request(first, GET).status == 200
    member = relay.client(context=context(relay, people["ada"]))
    assert "connect" in member.connect(relay.token("ada"))
    newer = Authority(tmp_path, "newer")
    shutil.copy(newer.pem, file)
    relay.signal(signal.SIGHUP)
    relay.metric_becomes("belfry_tls_certificate_reloads_total", 1, result="success")
    carol = newer.issue("carol")
    for version in VERSIONS:
        eventually(lambda: is_served(relay, context(relay, carol, version)), "carol to be served")
        eventually(lambda: not is_served(relay, context(relay, people["ada"], version)), "ada to be refused")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        raw = socket.create_connection(("127.0.0.1", relay.port))
        relay.closeables.append(raw)
        made.wrap_socket(raw, server_hostname="localhost", session=first.tls.session)
    assert "subscribe" in member.subscribe("quiet:room")
    file.write_text("no certificate\n")
    relay.signal(signal.SIGHUP)
    relay.metric_becomes("belfry_tls_certificate_reloads_total", 1, result="failure")
    assert is_served(relay, context(relay, carol))
