"""The console at `/` of the side port, and what it lives on: /status, its stream, /top. Scripted clients are the truth."""

import base64
import hashlib
import json
import re
import signal
import socket
import threading

import pytest

from browser import Browser
from relay import ROOT
from streams import EventStream
from waiting import eventually

# Where the pictures stay.
PICTURES = ROOT / ".build/test-logs/console"
PHONE = {"width": 360, "height": 740}


def status(relay):
    code, headers, body = relay.side("/status")
    assert (code, headers["Content-Type"]) == (200, "application/json")
    return json.loads(body)


def status_becomes(relay, look, what):
    """Looks are taken once a second."""
    return eventually(lambda: (now := status(relay)) and look(now) and now, what)


def policy_of(headers):
    rules = (rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    return {name: value for name, value in rules}


class Stream(EventStream):
    """One follower of /status/stream."""

    def __init__(self, relay, last=None):
        super().__init__(relay, "/status/stream", last_id=last)
        relay.closeables.append(self)


class Cable:
    """Between a browser and the side port; it can be cut and mended."""

    def __init__(self, relay):
        self.target, self.is_cut, self.open = relay.side_port, False, set()
        # What went by, each way.
        self.heads, self.answers = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self.open |= {near, far}
            threading.Thread(target=self.carry, args=(near, far, self.heads.append), daemon=True).start()
            threading.Thread(target=self.carry, args=(far, near, self.answers.append), daemon=True).start()

    def carry(self, source, sink, note):
        try:
            while data := source.recv(65536):
                note(data)
                sink.sendall(data)
        except OSError:
            pass  # cut
        for end in source, sink:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other direction was first

    def cut(self):
        self.is_cut = True
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already

    def mend(self):
        self.is_cut = False

    def close(self):
        self.cut()
        self.listener.close()
        for end in self.open:
            end.close()


@pytest.fixture(scope="module")
def shared(start_shared):
    return start_shared()


class TestStatus:
    def test_it_tells_what_scripted_clients_have_done(self, start):
        relay = start()
        ada, bob = relay.member("ada", ["chat:a", "chat:b"]), relay.member("bob", ["chat:a"])
        gone = relay.member("carol", ["chat:a"])
        for number in range(5):
            ada.publish("chat:a", relay.body())
        for _ in range(5):
            bob.push("pub"), gone.push("pub")
        gone.leave()
        relay.client().connect(relay.token("late", ttl=-60))
        ada.ask("publish", channel="locked:x", data={})
        relay.metric_becomes("belfry_messages_delivered_total", 15)
        now = status_becomes(relay, lambda now: now["traffic"]["deliveries"]["total"] == 15 and now["connections"]["open"] == 2, "the truth")
        assert now["connections"]["stages"] == {"tls": 0, "http": 0, "auth": 0, "active": 2, "closing": 0}
        assert now["population"] == {"users": 2, "rooms": 2, "memberships": 3}
        totals = {name: rates["total"] for name, rates in now["traffic"].items()}
        assert (totals["accepts"], totals["closes"], totals["publications"], totals["refusals"], totals["auth_failures"]) == (4, 2, 5, 2, 1)
        assert {(close["by"], close["reason"]): close["total"] for close in now["closes"]} == {("client", "normal"): 1, ("server", "credentials"): 1}
        assert now["delivery"]["count"] == 15 and 0 < now["delivery"]["p50"] <= now["delivery"]["p99"] < 5
        assert (now["state"], now["verdict"]) == ("serving", {"level": "ok", "text": "All is well", "reasons": []})
        assert now["certificates"][0]["name"] == "localhost" and now["certificates"][0]["days_left"] > 20
        assert now["store"]["path"].endswith("history.db") and now["store"]["is_failing"] is False
        assert now["process"]["open_descriptors"] > 5 and now["process"]["resident_bytes"] > 1 << 20
        assert [loop["is_alive"] for loop in now["loops"]] == [True, True]

    def test_rates_are_of_the_time_that_was(self, start):
        relay = start()
        ada = relay.member("ada", ["chat:a"])
        for _ in range(30):
            ada.publish("chat:a", relay.body())
        now = status_becomes(relay, lambda now: now["traffic"]["publications"]["total"] == 30, "30 publications")
        rate = now["traffic"]["publications"]
        # Over the time since the start, which was a second or more.
        assert 0 < rate["rate60s"] <= rate["rate10s"] <= 60
        # The curves have what the counters have, to the unit.
        later = status_becomes(relay, lambda now: now["history"]["points"] and now["history"]["points"][-1]["connections"] == 1, "a step")
        points = status_becomes(relay, lambda now: sum(point["publications"] for point in now["history"]["points"]) > 0, "the step")["history"]["points"]
        assert later["history"]["step_seconds"] == 5
        assert sum(point["publications"] * 5 for point in points) == pytest.approx(30, rel=0.15)

    def test_a_follower_that_comes_back_misses_nothing(self, shared):
        stream = Stream(shared)
        first, name, data = stream.next()
        second, _, later = stream.next()
        assert name == "status" and later["uptime"] > data["uptime"] and "history" not in data
        assert shared.metrics().total("belfry_stream_clients", stream="status") == 1
        stream.close()
        shared.metric_becomes("belfry_stream_clients", 0, stream="status")
        number = int(second.split("-")[1])
        again = Stream(shared, last=second)
        assert [again.next()[0].split("-")[1] for _ in range(3)] == [str(number + place) for place in (1, 2, 3)]
        foreign = Stream(shared, last="ffff-3")
        assert foreign.next()[1] == "gap"
        again.close(), foreign.close()

    def test_heavy_hitters_are_those_who_sent_most(self, start):
        relay = start()
        ada, bob = relay.member("ada", ["chat:a"]), relay.member("bob", ["chat:a", "chat:b"])
        for _ in range(8):
            ada.publish("chat:a", relay.body())
        code, _, body = relay.side("/top")
        tables = {(table["by"], table["measure"]): table for table in json.loads(body)["tables"]}
        ada_hash = relay.event("auth.success")["subject"]
        senders = tables["user", "messages.received"]
        assert code == 200 and senders["entries"][0] == {"key": ada_hash, "count": 10, "error": 0, "share": round(10 / 13, 4)}
        assert tables["network", "connections"]["entries"] == [{"key": "127.0.0.0/24", "count": 2, "error": 0, "share": 1}]
        assert [entry["count"] for entry in tables["room", "members"]["entries"]] == [2, 1]
        assert "chat:" not in body.decode()
        ada.leave(), bob.leave()

    def test_who_was_loudest_within_the_last_minute_is_told_from_sketches(self, start):
        relay = start(alerts={"tick": "1s"})
        ada, bob = relay.member("ada", ["chat:a"]), relay.member("bob", ["chat:a", "chat:b"])
        for _ in range(8):
            ada.publish("chat:a", relay.body())
        bob.publish("chat:b", relay.body())

        def recent():
            tables = json.loads(relay.side("/top")[2])["tables"]
            return {(table["by"], table["measure"]): table for table in tables if "window_seconds" in table}

        def is_there(tables):
            return tables and tables["user", "publications"]["total"] == 9 and tables

        tables = eventually(lambda: is_there(recent()), "a tick with all of it")
        ada_hash, bob_hash = (event["subject"] for event in relay.events("auth.success"))
        counts = {key: [(entry["key"], entry["count"], entry["error"]) for entry in table["entries"]] for key, table in tables.items()}
        assert counts["user", "publications"] == [(ada_hash, 8, 0), (bob_hash, 1, 0)]
        assert counts["network", "connections.accepted"][0][0] == "127.0.0.0/24"
        assert [count for _, count, _ in counts["room", "publications"]] == [8, 1]
        # Each publication of ada went to both, bob's to himself.
        assert [count for _, count, _ in counts["room", "deliveries"]] == [16, 1]
        assert all(1 <= table["window_seconds"] <= 6 and not table["sampled"] for table in tables.values())
        # A minute later it is forgotten; the open connections keep theirs.
        eventually(lambda: recent()["user", "publications"]["total"] == 0, "the end of the window")
        ada.leave(), bob.leave()

    def test_without_detectors_there_is_no_recent_traffic_to_tell(self, start):
        relay = start(alerts={"enabled": False})
        tables = json.loads(relay.side("/top")[2])["tables"]
        assert tables and not any("window_seconds" in table for table in tables)

    def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(self, shared):
        code, headers, body = shared.side("/")
        assert (code, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        policy = policy_of(headers)
        for name in ("default-src", "base-uri", "form-action", "frame-ancestors"):
            assert policy[name] == "'none'"
        assert policy["connect-src"] == "'self'"
        for name, element in ("style-src", b"style"), ("script-src", b'script type="module"'):
            content = re.search(b"<" + element + b">(.*?)</" + element.split()[0] + b">", body, re.S)[1]
            assert policy[name] == f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"
        assert "Set-Cookie" not in headers and headers["Cache-Control"] == "no-store"


@pytest.fixture(scope="module")
def browser(tmp_path_factory, certificates):
    browser = Browser(tmp_path_factory.mktemp("browser"), certificates / "server.pem")
    yield browser
    browser.close()


@pytest.fixture
def visit(browser):
    """Opens the console; at the end no page may have had anything to complain about."""
    tabs = []

    def visit(relay, expects_trouble=False, stub="", port=None, **size):
        port = port or relay.side_port
        tab = browser.tab(f"http://127.0.0.1:{port}/", **size)
        tabs.append((tab, port, expects_trouble))
        if stub:
            tab.call("Page.addScriptToEvaluateOnNewDocument", source=stub)
            tab.reload()
        is_live(tab)
        return tab

    yield visit
    for tab, port, expects_trouble in tabs:
        assert tab.run("violations") == []
        outside = [url for url in tab.requests if not re.match(rf"http://127\.0\.0\.1:{port}/|data:", url)]
        assert outside == []
        # A browser reports each connection that fails; where a test cuts them that is no fault of the page.
        assert expects_trouble or tab.complaints == [], tab.complaints
        tab.close()


def is_live(tab):
    tab.becomes("document.getElementById('link').dataset.link === 'live' && !document.getElementById('console').hidden", "the console to be live")


def shows(tab, selector, text):
    eventually(lambda: tab.text(selector) == text, f"{selector} to show {text!r}, not {tab.text(selector)!r}")


def row(tab, body, head):
    """The cells of the row with this heading."""
    return tab.run(f"[...[...document.querySelectorAll('#{body} tr')].find((row) => row.cells[0].textContent === {json.dumps(head)})?.cells ?? []].map((cell) => cell.textContent)")


def see(tab, what):
    """Scrolls there, so that it is asked for."""
    tab.run(f"document.getElementById('{what}').scrollIntoView({{ block: 'center' }})")


def picture(tab, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    tab.picture(PICTURES / f"{name}.png")


HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">", "<script>document.title='owned'</script>", "\" onmouseover=\"alert(1)",
    "javascript:alert(1)", "&lt;b&gt;", "{{7*7}}", "</table><h1>all is lost</h1>", "\u202egnippilf",
]

# An answer of /alerts, and a status that says so: the page's side of the contract.
ALERT = {
    "fingerprint": "2b5d3a90c1d2e4f7", "name": "CredentialStuffing", "state": "firing", "severity": "critical", "shadow": False, "flapping": True,
    "key": {"label": "client_net", "value": "203.0.113.0/24"}, "labels": {}, "since": "2026-11-28T21:14:02.123Z", "fired": "2026-11-28T21:14:02.123Z",
    "updated": "2026-11-28T21:14:32.123Z", "resolved": None, "detector": "failing_subjects", "observed": 61, "expected": 3, "unit": "subjects",
    "score": 61, "limit": 12, "window_seconds": 60, "peak": 73,
    "contributors": [{"label": "client_net", "value": "203.0.113.0/24", "count": 61, "share": 0.93}],
    "summary": "Many subjects fail from one network <b>(client_net 203.0.113.0/24)</b>: 61 subjects over 60 s",
    "description": "Tokens of many subjects were refused.", "action": "Block the network.",
    "runbook_url": "https://runbooks.test/CredentialStuffing.md", "journal": "journalctl --since @1795900000 BELFRY_EVENT=auth.failure",
}
EVIL = ALERT | {"fingerprint": "0000000000000001", "name": "SlowConsumers", "severity": "warning", "runbook_url": "javascript:alert(1)", "flapping": False}


def stub_of(alerts):
    """Lets the relay's own answers through, with these alerts in them."""
    awake = [alert for alert in alerts if not alert["shadow"]]
    counts = {level: sum(alert["severity"] == level for alert in awake) for level in ("critical", "warning", "info")}
    counts["shadow"] = len(alerts) - len(awake)
    firing = [{"name": alert["name"], "severity": alert["severity"], "count": 1, "shadow": alert["shadow"]} for alert in alerts]
    return """
        window.stubbed = { alerts: %s, status: %s };
        const real = window.fetch;
        const patched = (text) => JSON.stringify({ ...JSON.parse(text), ...stubbed.status });
        window.fetch = async (path, options) => {
          if (path === "/alerts") return new Response(JSON.stringify({ alerts: stubbed.alerts }));
          const answer = await real(path, options);
          return path === "/status" ? new Response(patched(await answer.text())) : answer;
        };
        const RealSource = window.EventSource;
        window.EventSource = class extends RealSource {
          addEventListener(name, listen) {
            super.addEventListener(name, name === "status" ? (event) => listen({ data: patched(event.data) }) : listen);
          }
        };
    """ % (json.dumps(alerts), json.dumps({
        "alerts": counts | {"firing": firing},
        "verdict": {"level": "critical", "text": "1 critical alert fires: CredentialStuffing", "reasons": [{"level": "critical", "text": "1 critical alert fires: CredentialStuffing"}]},
    }))


class TestInABrowser:
    def test_it_shows_what_scripted_clients_have_done(self, start, visit):
        relay = start()
        ada, bob = relay.member("ada", ["chat:a", "chat:b"]), relay.member("bob", ["chat:a"])
        relay.client().connect(relay.token("late", ttl=-60))
        for _ in range(7):
            ada.publish("chat:a", relay.body())
        tab = visit(relay)
        shows(tab, "#verdict-text", "All is well")
        shows(tab, "#card-clients .value", "2")
        shows(tab, "#card-clients .note", "2 users in 2 channels, 3 subscriptions")
        eventually(lambda: "14 since the start" in tab.text("#card-deliveries .note"), "the deliveries")
        eventually(lambda: re.fullmatch(r"[\d.]+ (µs|ms)", tab.text("#card-latency .value")), "the delivery time")
        eventually(lambda: row(tab, "stages", "active") == ["active", "2"], "the stages")
        eventually(lambda: row(tab, "closes", "not let in") == ["not let in", "server", "1", "1"], "what closes connections")
        assert "1 token refused since the start" in tab.text("#card-refusals .note")
        eventually(lambda: re.search(r"Certificate.*localhost: \d+ days left", tab.text("#health")), "the certificate")
        see(tab, "top")
        eventually(lambda: "127.0.0.0/24" in tab.texts("#top th.who"), "the networks")
        ada_hash = relay.event("auth.success")["subject"]
        assert ada_hash in tab.texts("#top th.who")
        see(tab, "connections")
        eventually(lambda: len(tab.texts("#connections-rows tr")) == 2, "both connections")
        shows(tab, "#connections-caption", "2 connections, open")
        assert tab.run("document.title").startswith("✓ All is well")
        # A change shows by itself.
        carol = relay.member("carol")
        shows(tab, "#card-clients .value", "3")
        carol.leave()
        shows(tab, "#card-clients .value", "2")
        eventually(lambda: row(tab, "closes", "left in order") == ["left in order", "client", "1", "1"], "the goodbye")
        tab.run("scrollTo(0, 0)")
        picture(tab, "busy")
        tab.scheme("dark")
        picture(tab, "busy-dark")
        ada.leave(), bob.leave()

    def test_nobody_there_is_shown_too(self, start, visit):
        tab = visit(start())
        shows(tab, "#verdict-text", "All is well")
        shows(tab, "#card-clients .value", "0")
        shows(tab, "#card-latency .note", "nothing was delivered in the last minute")
        shows(tab, "#closes", "none has closed yet")
        see(tab, "connections")
        shows(tab, "#connections-rows", "nobody")
        picture(tab, "empty")

    def test_the_curves_grow(self, shared, visit):
        tab = visit(shared)
        tab.becomes("document.querySelector('#card-clients [data-series]') !== null", "a curve")
        assert "Clients over the last ten minutes. connected: now" in tab.run("document.querySelector('#card-clients svg').getAttribute('aria-label')")

    def test_connections_are_sorted_and_filtered(self, start, visit):
        relay = start()
        members = [relay.member(f"user{number}", [f"chat:{name}" for name in "abc"[:number]]) for number in range(3)]
        tab = visit(relay)
        see(tab, "connections")
        channels = "[...document.querySelectorAll('#connections-rows tr')].map((row) => row.cells[8].textContent).join()"
        eventually(lambda: len(tab.texts("#connections-rows tr")) == 3, "three connections")
        tab.run("document.querySelector('[data-sort=rooms] button').click()")
        tab.becomes(f"{channels} === '2,1,0'", "the order by channels")
        assert tab.run("document.querySelector('[data-sort=rooms]').getAttribute('aria-sort')") == "descending"
        tab.run("document.querySelector('[data-sort=rooms] button').click()")
        tab.becomes(f"{channels} === '0,1,2'", "the other order")
        tab.run("document.getElementById('filter-room').focus()")
        tab.type("chat:b")
        tab.press("Enter")
        tab.becomes(f"{channels} === '2'", "the one in chat:b")
        shows(tab, "#connections-caption", "1 connection that match, open")
        tab.run("document.querySelector('#filter [type=reset]').click()")
        tab.becomes(f"{channels} === '0,1,2'", "all again")
        members.pop().leave()
        tab.run("const state = document.getElementById('filter-state'); state.value = 'closed'; state.dispatchEvent(new Event('change'))")
        tab.becomes("document.getElementById('connections-rows').textContent.includes('left in order (1000)')", "who has left")

    def test_a_talkers_connections_are_one_step_away(self, start, visit):
        relay = start()
        ada, bob = relay.member("ada"), relay.member("bob")
        ada_hash = relay.event("auth.success")["subject"]
        tab = visit(relay)
        see(tab, "top")
        tab.becomes(f"[...document.querySelectorAll('#top button')].find((button) => button.textContent === '{ada_hash}')?.click() ?? [...document.querySelectorAll('#top button')].length", "the talkers")
        eventually(lambda: tab.texts("#connections-rows td:first-child") == [ada_hash], "her connection")
        ada.leave(), bob.leave()

    @pytest.mark.parametrize("name", HOSTILE)
    def test_what_clients_call_themselves_is_text(self, name, shared, visit):
        client = shared.client()
        client.connect(shared.token("mallory"), name=name)
        tab = visit(shared)
        see(tab, "connections")
        # The relay itself writes what would turn the line around as an escape.
        shown = name.replace("\u202e", "\\u{202e}")
        eventually(lambda: shown in tab.texts("#connections-rows .client"), "the name")
        assert tab.run("document.querySelectorAll('main img, main script, main h1 + h1, #connections h1').length") == 0
        assert "owned" not in tab.run("document.title")
        client.leave()

    def test_what_users_are_called_is_text(self, start, visit):
        relay = start(journal={"mode": "stderr", "plain_subjects": True})
        name = "<img src=x onerror=alert(1)>"
        relay.member(name)
        tab = visit(relay)
        see(tab, "top")
        eventually(lambda: name in tab.texts("#top th.who"), "the talker")
        see(tab, "connections")
        eventually(lambda: name in tab.texts("#connections-rows .name"), "the connection")
        assert tab.run("document.querySelectorAll('main img').length") == 0

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_on_a_phone_nothing_sticks_out(self, scheme, shared, visit):
        client = shared.client()
        client.connect(shared.token("ada"), name="W" * 64)
        tab = visit(shared, stub=stub_of([ALERT, EVIL]), **PHONE)
        tab.scheme(scheme)
        see(tab, "top")
        see(tab, "connections")
        eventually(lambda: "W" * 64 in tab.texts("#connections-rows .client"), "the connection")
        eventually(lambda: len(tab.texts("#alerts > li")) == 2, "the alerts")
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        # Only what scrolls in itself may be wider than the page.
        wide = tab.run("""[...document.querySelectorAll("body *")].filter((element) => !element.closest(".scroll, .unseen, svg, .skip")
            && element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML.slice(0, 80))""")
        assert wide == []
        tab.run("scrollTo(0, 0)")
        picture(tab, f"phone-{scheme}")
        client.leave()

    def test_the_switch_overrules_the_system(self, shared, visit):
        tab = visit(shared)
        tab.scheme("light")
        paper = "getComputedStyle(document.body).backgroundColor"
        light = tab.run(paper)
        tab.scheme("dark")
        dark = tab.run(paper)
        assert light != dark
        tab.run("document.getElementById('theme').click()")
        assert (tab.run(paper), tab.text("#theme")) == (light, "Light")
        tab.reload()
        is_live(tab)
        assert tab.run(paper) == light
        tab.run("document.getElementById('theme').click()")
        tab.scheme("light")
        assert tab.run(paper) == dark
        tab.run("document.getElementById('theme').click()")
        assert (tab.run(paper), tab.text("#theme")) == (light, "Auto")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_stands_out_from_its_ground(self, scheme, shared, visit):
        """WCAG 2.2, 1.4.3: 4.5 to 1."""
        tab = visit(shared, stub=stub_of([ALERT, EVIL]))
        tab.scheme(scheme)
        eventually(lambda: len(tab.texts("#alerts > li")) == 2, "the alerts")
        weak = tab.run("""(() => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
          const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
          const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, place) => sum + v * [.2126, .7152, .0722][place], 0);
          const ground = (element) => { for (; element; element = element.parentElement) { const color = rgb(getComputedStyle(element).backgroundColor); if (color[3] === 255) return color; } return rgb("white"); };
          const weak = [];
          for (const element of document.querySelectorAll("body *")) {
            if (!element.checkVisibility() || element.closest(":disabled, svg, .unseen") || ![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
            const [one, other] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
            const contrast = (one + .05) / (other + .05);
            if (contrast < 4.5) weak.push(`${element.className} ${element.textContent.slice(0, 30)} ${contrast.toFixed(2)}`);
          }
          return weak;
        })()""")
        assert weak == []

    def test_alerts_in_the_shadow_are_shown_as_such(self, shared, visit):
        shadow = ALERT | {"shadow": True, "flapping": False}
        tab = visit(shared, stub=stub_of([shadow]))
        eventually(lambda: len(tab.texts("#alerts > li")) == 1, "the alert")
        shows(tab, "#alerts-title", "One alert, 1 in shadow")
        assert "in shadow: wakes nobody" in tab.text("#alerts li .marks")
        assert tab.text("#announcer") == ""

    def test_alerts_are_told_with_their_evidence(self, shared, visit):
        tab = visit(shared, stub=stub_of([ALERT, EVIL]))
        eventually(lambda: len(tab.texts("#alerts > li")) == 2, "the alerts")
        shows(tab, "#verdict-text", "1 critical alert fires: CredentialStuffing")
        assert tab.texts("#alerts h3") == [ALERT["summary"]] * 2
        assert tab.run("document.querySelector('#alerts li').className") == "alert level-critical"
        text = tab.text("#alerts li")
        for part in ("61 subjects", "3 subjects", "73 subjects", "93 %", "Block the network.", ALERT["journal"], "comes and goes", "203.0.113.0/24"):
            assert part in text, part
        assert tab.run("document.querySelectorAll('#alerts h3 b').length") == 0
        # A runbook is a link only where it is one.
        assert tab.run("[...document.querySelectorAll('#alerts a')].map((link) => link.href)") == [ALERT["runbook_url"]]
        assert "javascript:alert(1)" in tab.texts("#alerts code")
        assert tab.text("#announcer") == f"critical: {ALERT['summary']}. warning: {EVIL['summary']}"
        assert tab.run("document.getElementById('announcer').getAttribute('role')") == "alert"
        tab.run("document.querySelector('#alerts button').click()")
        tab.becomes("['Copied', 'Selected'].includes(document.querySelector('#alerts button').textContent)", "the command to be copied")
        picture(tab, "alerts")
        tab.scheme("dark")
        picture(tab, "alerts-dark")
        # When they are over the page is calm again.
        tab.run("stubbed.alerts = []; stubbed.status.alerts = { critical: 0, warning: 0, info: 0, firing: [] }")
        tab.becomes("document.getElementById('alerts-section').hidden", "the alerts to be gone")

    def test_without_a_part_that_raises_alerts_nothing_is_asked(self, shared, visit):
        tab = visit(shared, stub=stub_of([]) + "stubbed.status = { alerts: null };")
        tab.becomes("document.getElementById('link').dataset.link === 'live'")
        assert tab.run("document.getElementById('alerts-section').hidden")

    def test_who_was_cut_off_is_told_and_comes_back(self, start, visit):
        relay = start()
        cable = Cable(relay)
        tab = visit(relay, expects_trouble=True, port=cable.port)
        eventually(lambda: b"".join(cable.answers).count(b"event: status") > 1, "events on their way")
        cable.cut()
        tab.becomes("document.getElementById('link').dataset.link === 'stale'", "the page to say that it is stale")
        # What was well is no longer said to be.
        assert tab.text("#verdict-text").startswith("No news from the relay since ")
        assert tab.run("document.getElementById('verdict').dataset.level") == "critical"
        assert tab.run("document.getElementById('console').classList.contains('stale')")
        picture(tab, "stale")
        ada = relay.member("ada")
        cable.mend()
        is_live(tab)
        shows(tab, "#card-clients .value", "1")
        shows(tab, "#verdict-text", "All is well")
        # With what it saw last, so that nothing is missing.
        assert any(head.startswith(b"GET /status/stream") and b"\r\nLast-Event-ID: " in head for head in cable.heads)
        tab.becomes("document.querySelectorAll('#console.stale').length === 0")
        ada.leave()
        cable.close()

    def test_a_relay_that_stands_still_is_told(self, start, visit):
        relay = start()
        tab = visit(relay)
        relay.signal(signal.SIGSTOP)
        tab.becomes("document.getElementById('link').dataset.link === 'stale'", "the page to say that it is stale")
        relay.signal(signal.SIGCONT)
        is_live(tab)

    def test_a_relay_that_starts_anew_is_found_again(self, start, visit):
        relay = start()
        tab = visit(relay, expects_trouble=True)
        relay.stop()
        tab.becomes("document.getElementById('link').dataset.link === 'stale'", "the page to say that it is stale")
        relay.start()
        is_live(tab)
        ada = relay.member("ada")
        shows(tab, "#card-clients .value", "1")
        ada.leave()

    def test_a_drain_is_shown(self, start, visit):
        relay = start(server={"drain": "20s"})
        members = [relay.member(f"user{number}") for number in range(3)]
        tab = visit(relay, expects_trouble=True)
        shows(tab, "#card-clients .value", "3")
        relay.signal(signal.SIGTERM)
        eventually(lambda: tab.text("#verdict-text").startswith("Draining: "), "the drain to be shown")
        assert tab.run("document.getElementById('verdict').dataset.level") == "notice"
        assert tab.text("#life").startswith("draining, up")
        picture(tab, "draining")
        relay.signal(signal.SIGTERM)
        for member in members:
            member.closing()
        relay.ended()

    def test_everything_is_reached_by_keyboard_in_the_order_of_the_page(self, shared, visit):
        tab = visit(shared, stub=stub_of([ALERT]))
        eventually(lambda: len(tab.texts("#alerts > li")) == 1, "the alert")
        see(tab, "connections")
        tab.becomes("document.querySelectorAll('#connections-rows tr').length > 0")
        tab.run("scrollTo(0, 0); document.body.focus(); window.visited = []")
        order = """(() => {
          const now = document.activeElement;
          if (now === document.body || visited.includes(now)) return null;
          const isBehind = !visited.length || Boolean(visited.at(-1).compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING);
          visited.push(now);
          const name = now.ariaLabel || now.getAttribute("aria-label") || now.labels?.[0]?.textContent.trim() || now.textContent.trim();
          return { name, isBehind, isShown: getComputedStyle(now).outlineStyle !== "none", id: now.id };
        })()"""
        found = []
        while True:
            tab.press("Tab")
            entry = tab.run(order)
            if entry is None:
                break
            found.append(entry)
            assert len(found) < 200
        assert all(entry["isBehind"] and entry["name"] and entry["isShown"] for entry in found), found
        names = [entry["name"] for entry in found]
        assert names[:2] == ["Skip to how it is", "Theme: system"]
        for name in ("Copy the command that shows the entries of CredentialStuffing", "What it means", "Runbook CredentialStuffing",
                     "Sort by messages in", "Show", "All", "/metrics", "/alerts"):
            assert name in names, name
        assert [entry["id"] for entry in found if entry["id"].startswith("filter")] == ["filter-state", "filter-subject", "filter-source", "filter-room"]

    def test_tables_and_curves_have_names(self, shared, visit):
        tab = visit(shared, stub=stub_of([ALERT]))
        see(tab, "top")
        # Those of the last minute come with the first tick.
        tab.becomes("document.querySelectorAll('#top table').length === 9")
        assert tab.run("[...document.querySelectorAll('table')].filter((table) => !table.caption?.textContent.trim()).length") == 0
        assert tab.run("[...document.querySelectorAll('th')].filter((head) => !['row', 'col'].includes(head.scope)).length") == 0
        assert tab.run("[...document.querySelectorAll('svg')].filter((svg) => !svg.getAttribute('aria-label') && svg.getAttribute('aria-hidden') !== 'true').length") == 0
        levels = tab.run("[...document.querySelectorAll('main h1, main h2, main h3')].filter((head) => head.checkVisibility()).map((head) => Number(head.tagName[1]))")
        assert levels[0] == 1 and levels.count(1) == 1 and all(next_ <= level + 1 for level, next_ in zip(levels, levels[1:]))
        assert tab.run("document.documentElement.lang") == "en"

    def test_without_scripts_the_figures_are_there(self, start, browser):
        relay = start()
        ada = relay.member("ada", ["chat:a"])
        status_becomes(relay, lambda now: now["population"]["users"] == 1, "one user")
        tab = browser.tab(f"http://127.0.0.1:{relay.side_port}/")
        tab.call("Emulation.setScriptExecutionDisabled", value=True)
        tab.call("Page.reload")
        eventually(lambda: tab.text(".static h1") == "All is well", "the figures")
        rows = dict(tab.run("[...document.querySelectorAll('.static tr')].map((row) => [row.cells[0].textContent, row.cells[1].textContent])"))
        assert rows["Users"] == "1" and rows["Connections: active"] == "1" and rows["Subscriptions"] == "1"
        picture(tab, "without-scripts")
        tab.close()
        ada.leave()
