"""The chat page of `client.demo_page`: its answers, who gets a token, and two people in a real browser over wss."""

import base64
import hashlib
import json
import re
import signal

import pytest

from browser import Browser
from relay import ROOT
from waiting import eventually
from wire import request

CHAT = {
    "history_size": 100, "history_ttl": "1h", "force_recovery": True, "allow_history_for_subscriber": True,
}
GUEST = "00112233445566778899aabbccddeeff"
# Where the pictures stay.
PICTURES = ROOT / ".build/test-logs/page"


def with_page(**limits):
    """What the development configuration has, and a page."""
    rule = limits or {"rate": "off", "burst": 30}
    return {
        "client": {"demo_page": True}, "channels": {"namespaces": {"chat": CHAT}},
        "limits": {"address": {"guest_tokens": rule}},
    }


@pytest.fixture(scope="module")
def shared(start_shared):
    return start_shared(**with_page())


def ask(relay, path="/", method="GET", **fields):
    connection = relay.open()
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{relay.port}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    answer = request(connection, "\r\n".join(lines) + "\r\n\r\n", method if answer_has_body(method, fields) else "HEAD")
    connection.close()
    return answer


def answer_has_body(method, fields):
    return method != "HEAD" and "If_None_Match" not in fields


def ask_token(relay, name="Ada", guest=GUEST, **fields):
    fields = {"Origin": f"https://localhost:{relay.port}", "Content_Length": "0", "Belfry_Guest": guest} | fields
    answer = ask(relay, f"/demo/token?name={name}", "POST", **{key: value for key, value in fields.items() if value is not None})
    if answer.status == 200:
        relay.hide(json.loads(answer.body)["token"])
    return answer


def policy_of(answer):
    rules = (rule.strip().split(" ", 1) for rule in answer["Content-Security-Policy"].split(";"))
    return {name: value for name, value in rules}


class TestAnswers:
    def test_without_the_switch_the_plain_page_stays(self, start):
        relay = start()
        assert b"<script" not in ask(relay).body
        assert ask_token(relay).status == 404

    def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(self, shared):
        answer = ask(shared)
        assert (answer.status, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
        policy = policy_of(answer)
        for name in ("default-src", "base-uri", "form-action", "frame-ancestors"):
            assert policy[name] == "'none'"
        assert policy["connect-src"] == "'self'"
        for name, element in ("style-src", b"style"), ("script-src", b'script type="module"'):
            content = re.search(b"<" + element + b">(.*?)</" + element.split()[0] + b">", answer.body, re.S)[1]
            assert policy[name] == f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"
        assert "Set-Cookie" not in answer.headers
        assert answer["Strict-Transport-Security"] == "max-age=63072000"
        assert (answer["X-Content-Type-Options"], answer["Referrer-Policy"]) == ("nosniff", "no-referrer")

    def test_who_has_the_page_is_told_so(self, shared):
        whole = ask(shared)
        again = ask(shared, If_None_Match=whole["ETag"])
        assert (again.status, again["ETag"]) == (304, whole["ETag"])
        assert ask(shared, method="HEAD")["Content-Length"] == str(len(whole.body))

    def test_a_slow_reader_gets_it_all(self, shared):
        connection = shared.open(receive_buffer=2048)
        answer = request(connection, f"GET / HTTP/1.1\r\nHost: localhost:{shared.port}\r\n\r\n")
        assert answer.body == ask(shared).body and connection.is_ended()
        connection.close()


class TestTokens:
    def test_a_guest_connects_under_its_name(self, shared):
        answer = json.loads(ask_token(shared, "Ada%20L%C3%B6velace").body)
        assert re.fullmatch("guest-[0-9a-f]{16}", answer["user"]) and answer["ttl"] == 3600
        client = shared.client()
        assert client.connect(answer["token"])["connect"]["ttl"] > 3500
        client.subscribe("chat:names")
        assert client.push("join")["join"]["info"]["conn_info"] == {"name": "Ada Lövelace"}
        client.leave()

    def test_the_same_secret_is_the_same_user_and_another_one_is_not(self, shared):
        users = [json.loads(ask_token(shared, guest=guest).body)["user"] for guest in (GUEST, GUEST, GUEST[::-1])]
        assert users[0] == users[1] != users[2]

    @pytest.mark.parametrize("origin", [None, "null", "https://evil.test", "http://localhost:{}", "https://chat.example.com", "https://localhost"])
    def test_only_the_own_page_may_ask(self, origin, shared):
        answer = ask_token(shared, Origin=origin and origin.format(shared.port))
        assert answer.status == 403 and answer["Access-Control-Allow-Origin"] is None

    @pytest.mark.parametrize("name, guest", [("", GUEST), ("%20", GUEST), ("x" * 33, GUEST), ("a%00", GUEST), ("a%E2%80%AEb", GUEST),
                                             ("%FF", GUEST), ("Ada", None), ("Ada", "short"), ("Ada", GUEST.upper())])
    def test_a_guest_needs_a_visible_name_and_a_secret(self, name, guest, shared):
        assert ask_token(shared, name, guest).status == 400

    def test_a_simple_form_of_another_site_has_no_body_to_send(self, shared):
        assert ask_token(shared, Content_Length="5").status == 400
        assert ask(shared, "/demo/token?name=Ada").status == 405

    def test_an_address_has_a_budget(self, start):
        relay = start(**with_page(rate="1/h", burst=3))
        statuses = [ask_token(relay).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert int(ask_token(relay)["Retry-After"]) > 3000
        assert relay.metrics().total("belfry_guest_tokens_total", result="issued") == 3
        assert relay.metrics().total("belfry_guest_tokens_total", result="limit") == 2

    def test_the_journal_tells_who_was_given_one(self, start):
        relay = start(**with_page())
        user = json.loads(ask_token(relay).body)["user"]
        event = relay.event("auth.guest_token")
        assert event["peer_addr"] == "127.0.0.1" and event["subject"] != user
        assert any("client.demo_page: anybody who opens the page gets a token" in line for line in relay.lines())

    def test_a_new_key_signs_from_the_reload_on(self, start):
        relay = start(**with_page())
        secret = relay.hide("n" * 64)
        (relay.directory / "hmac.key").write_text(secret)
        relay.signal(signal.SIGHUP)
        eventually(lambda: relay.metrics().total("belfry_tls_certificate_reloads_total", result="success") == 1, "the reload")
        client = relay.client()
        assert "connect" in client.connect(json.loads(ask_token(relay).body)["token"])
        client.leave()


@pytest.fixture(scope="module")
def browser(tmp_path_factory, certificates):
    browser = Browser(tmp_path_factory.mktemp("browser"), certificates / "server.pem")
    yield browser
    browser.close()


@pytest.fixture
def visit(browser):
    """Opens tabs; at the end none of them may have had anything to complain about."""
    tabs = []

    def visit(relay, name, room="", expects_trouble=False, **size):
        tab = browser.tab(f"https://localhost:{relay.port}/{room}", **size)
        tabs.append((tab, relay, expects_trouble))
        tab.becomes("!document.getElementById('entrance').hidden", "the entrance")
        tab.type(name)
        tab.press("Enter")
        is_connected(tab)
        return tab

    yield visit
    for tab, relay, expects_trouble in tabs:
        assert tab.run("violations") == []
        outside = [url for url in tab.requests if not re.match(rf"(https|wss)://localhost:{relay.port}/|data:", url)]
        assert outside == []
        # A browser reports each connection that fails; where a test cuts them that is no fault of the page.
        assert expects_trouble or tab.complaints == [], tab.complaints
        tab.close()


def is_connected(tab):
    tab.becomes("document.getElementById('state').dataset.state === 'connected'", "the page to be connected")


def say(tab, text):
    tab.run("document.getElementById('text').focus()")
    tab.type(text)
    tab.press("Enter")


def bubbles(tab):
    return tab.texts(".message .bubble")


def shows(tab, *texts):
    """Waits for these messages, in this order and nothing else."""
    eventually(lambda: bubbles(tab) == list(texts), f"{texts} to be shown, not {bubbles(tab)}")


def people(tab, *names):
    eventually(lambda: tab.texts("#people li span:nth-child(2)") == list(names), f"{names} to be here")


def picture(tab, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.picture(PICTURES / f"{name}.png")


class TestInABrowser:
    def test_two_tabs_exchange_messages(self, shared, visit):
        ada, bob = visit(shared, "Ada", "#two"), visit(shared, "Bob", "#two")
        people(ada, "Ada", "Bob")
        say(ada, "Hello, is anybody here?")
        shows(bob, "Hello, is anybody here?")
        say(bob, "I am.")
        say(bob, "Two lines")
        shows(ada, "Hello, is anybody here?", "I am.", "Two lines")
        assert ada.texts(".byline b") == ["You", "Bob", "Bob"] and bob.texts(".byline b") == ["Ada", "You", "You"]
        assert ada.run("document.querySelectorAll('.waiting, .failed').length") == 0
        picture(ada, "two-tabs")
        bob.scheme("dark")
        picture(bob, "two-tabs-dark")

    def test_who_comes_sees_what_was_said_before_and_who_is_there(self, shared, visit):
        ada = visit(shared, "Ada", "#before")
        for text in "first", "second":
            say(ada, text)
        shows(ada, "first", "second")
        bob = visit(shared, "Bob", "#before")
        shows(bob, "first", "second")
        people(bob, "Ada", "Bob")
        bob.run("document.getElementById('leave').click()")
        people(ada, "Ada")

    def test_who_was_cut_off_comes_back_and_sees_what_it_missed(self, shared, visit):
        ada, bob = visit(shared, "Ada", "#cut"), visit(shared, "Bob", "#cut", expects_trouble=True)
        say(ada, "before")
        shows(bob, "before")
        bob.offline(True)
        bob.becomes("document.getElementById('state').dataset.state === 'waiting'", "Bob to be offline")
        people(ada, "Ada")
        say(ada, "missed one")
        say(ada, "missed two")
        shows(ada, "before", "missed one", "missed two")
        picture(bob, "offline")
        bob.offline(False)
        shows(bob, "before", "missed one", "missed two")
        assert bob.texts(".note") == ["Back again: 2 missed messages recovered"]
        assert bob.text("#state-text") == "Connected again, 2 recovered"
        assert bob.texts("#log > li")[1] == "Back again: 2 missed messages recovered"
        picture(bob, "recovered")
        say(ada, "after")
        shows(bob, "before", "missed one", "missed two", "after")
        people(ada, "Ada", "Bob")

    def test_what_could_not_be_sent_says_so_and_can_be_sent_again(self, shared, visit):
        ada, bob = visit(shared, "Ada", "#unsent", expects_trouble=True), visit(shared, "Bob", "#unsent")
        ada.offline(True)
        ada.becomes("document.getElementById('state').dataset.state === 'waiting'")
        say(ada, "into the void")
        ada.becomes("document.querySelector('.failed .mark')?.textContent.startsWith('not sent')", "the failure to be shown")
        ada.offline(False)
        is_connected(ada)
        ada.run("document.querySelector('.failed button').click()")
        shows(bob, "into the void")
        shows(ada, "into the void")
        ada.becomes("!document.querySelector('.waiting, .failed')")

    def test_a_relay_that_starts_anew_is_found_again_and_what_is_lost_is_told(self, start, visit):
        relay = start(**with_page(), history={"store": "none"})
        ada = visit(relay, "Ada", "#restart", expects_trouble=True)
        say(ada, "kept in memory")
        shows(ada, "kept in memory")
        relay.stop()
        # With another key: the token that the page holds is worth nothing then.
        (relay.directory / "hmac.key").write_text(relay.hide("m" * 64))
        ada.becomes("document.getElementById('state').dataset.state !== 'connected'")
        relay.start()
        is_connected(ada)
        eventually(lambda: ada.texts(".note") == ["Back again, but the relay no longer has all that was missed"], "the loss to be told")
        say(ada, "after")
        shows(ada, "kept in memory", "after")

    @pytest.mark.parametrize("text", [
        "<img src=x onerror=\"document.title='owned'\">", "<script>document.title='owned'</script>", "</textarea><b>bold</b>",
        "\" onmouseover=\"alert(1)", "javascript:alert(1)", "&lt;b&gt;", "{{7*7}}", "\u202egnippilf"])
    def test_what_others_write_is_text(self, text, shared, visit):
        room = "#hostile" + hashlib.sha256(text.encode()).hexdigest()[:8]
        ada = visit(shared, "Ada", room)
        mallory = shared.member("mallory", [f"chat:{room[1:]}"], info={"name": text})
        mallory.publish(f"chat:{room[1:]}", {"text": text})
        shows(ada, text)
        assert ada.texts(".byline b") == [text]
        eventually(lambda: text in ada.texts("#people li span:nth-child(2)"), "the name among those who are here")
        assert ada.run("document.querySelectorAll('#log img, #log script, #log b b, #people img, #log a').length") == 0
        assert ada.run("document.title") in ("Belfry", "(1) Belfry")
        mallory.leave()

    @pytest.mark.parametrize("data", [5, "text", None, [], {}, {"text": 5}, {"text": {"a": 1}, "at": "never", "id": 7}, {"text": "", "at": 1e300}])
    def test_what_is_no_message_of_ours_breaks_nothing(self, data, shared, visit):
        room = "odd" + hashlib.sha256(json.dumps(data).encode()).hexdigest()[:8]
        ada = visit(shared, "Ada", f"#{room}")
        other = shared.member("other", [f"chat:{room}"])
        other.publish(f"chat:{room}", data)
        other.publish(f"chat:{room}", {"text": "and then"})
        eventually(lambda: bubbles(ada)[-1:] == ["and then"], "the next message")
        other.leave()

    def test_a_hostile_name_is_text_for_its_owner_too(self, shared, visit):
        name = "<b onclick=x>Eve</b>"
        eve = visit(shared, name, "#name")
        people(eve, name)
        assert eve.text("#me span:last-child") == name

    def test_rooms_are_changed_by_keyboard_and_count_what_is_unread(self, shared, visit):
        ada, bob = visit(shared, "Ada", "#lobby"), visit(shared, "Bob", "#kitchen")
        ada.becomes("document.querySelectorAll('#rooms li').length === 3")
        say(bob, "soup is ready")
        ada.becomes("document.querySelector('[data-room=kitchen] .badge')?.firstChild.data === '1'", "the message to be counted")
        assert ada.run("document.title") == "(1) Belfry"
        ada.press("ArrowDown", alt=True)
        shows(ada, "soup is ready")
        assert ada.run("location.hash") == "#kitchen" and ada.run("document.title") == "Belfry"
        ada.run("document.getElementById('text').focus()")
        ada.type("thanks")
        ada.press("Enter", shift=True)
        ada.type("a lot")
        ada.press("Enter")
        shows(bob, "soup is ready", "thanks\na lot")

    def test_another_room_can_be_opened(self, shared, visit):
        ada = visit(shared, "Ada")
        ada.run("document.getElementById('room-name').focus()")
        ada.type("attic")
        ada.press("Enter")
        ada.becomes("document.getElementById('title').textContent === '# attic'")
        people(ada, "Ada")
        assert ada.run("document.activeElement.id") == "text"

    def test_a_room_that_is_closed_says_so(self, start, visit):
        relay = start(**with_page() | {"channels": {"namespaces": {"chat": {"allow_subscribe_for_client": False}}}})
        ada = visit(relay, "Ada")
        eventually(lambda: ada.text(".empty") == "You can not be in here: permission denied", "the refusal to be shown")

    def test_after_a_reload_the_guest_is_the_same(self, shared, visit):
        ada = visit(shared, "Ada", "#reload")
        say(ada, "mine")
        shows(ada, "mine")
        ada.reload()
        is_connected(ada)
        shows(ada, "mine")
        assert ada.texts(".byline b") == ["You"]

    def test_a_refused_name_is_told_at_the_entrance(self, shared, browser):
        tab = browser.tab(f"https://localhost:{shared.port}/")
        tab.becomes("!document.getElementById('entrance').hidden")
        tab.type("a\u202eb")
        tab.press("Enter")
        tab.becomes("document.getElementById('name-trouble').textContent.includes('1 to 32 characters')", "the reason")
        tab.close()

    def test_on_a_phone_nothing_sticks_out(self, shared, visit):
        ada = visit(shared, "Ada", "#phone", width=360, height=740)
        say(ada, "W" * 300)
        shows(ada, "W" * 300)
        assert ada.run("document.documentElement.scrollWidth <= innerWidth")
        assert ada.run("document.getElementById('send').getBoundingClientRect().bottom <= innerHeight")
        ada.run("document.getElementById('show-people').click()")
        people(ada, "Ada")
        picture(ada, "phone")

    def test_what_is_read_aloud_is_marked(self, shared, visit):
        ada = visit(shared, "Ada", "#aloud")
        assert ada.run("document.getElementById('log').getAttribute('aria-live')") == "polite"
        unnamed = ada.run("""[...document.querySelectorAll("button, input, textarea")].filter((element) => element.checkVisibility()
            && !(element.textContent.trim() || element.ariaLabel || element.labels?.length)).length""")
        assert unnamed == 0
