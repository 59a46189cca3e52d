"""Dashboards, the console page and runbooks: held to each other and to ops/metrics.md, and run against a live relay, Prometheus,
Alertmanager and journald."""

import contextlib
import json
import math
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from grafana_foundation_sdk.models.prometheus import Dataquery

import tokens
from browser import Browser
from monitoring import ALERTS, PROMETHEUS, RECORDED, RELAY_ALERTS, RULES, Alertmanager, Exporter, Hook, Prometheus
from promql import FAMILIES, SAMPLES, complaints, expected_series, filled, metrics, selectors
from relay import BINARIES, ROOT
from waiting import PATIENCE, eventually
from wire import TEXT, head, request

register_default_plugins()
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "dashboards").glob("*.json"))}
RUNBOOKS = {path.stem: path.read_text() for path in sorted((ROOT / "ops/runbooks").glob("*.md")) if path.stem != "README"}
CONSOLE = (PROMETHEUS / "consoles/belfry.html").read_text()
PICTURES = ROOT / ".build/test-logs/dashboards"
NAME = "relay1"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_queries():
    """(dashboard, panel, expression) of everything that a dashboard asks Prometheus."""
    for uid, dashboard in DASHBOARDS.items():
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                yield uid, panel["title"], target["expr"]
        for annotation in dashboard["annotations"]["list"]:
            yield uid, annotation["name"], annotation["expr"]


def console_queries():
    """Expressions of the console page, its own variable filled in."""
    for quoted in re.findall(r'query "([^"]+)"', CONSOLE) + re.findall(r'data-expr="([^"]+)"', CONSOLE):
        yield quoted
    for formatted in re.findall(r'printf "([^"]*belfry_[^"]*|[^"]*process_[^"]*)"', CONSOLE):
        yield formatted.replace("'%s'", "'relay1'" if "alert=" not in formatted else "'AuditLoss'")


def blocks(language):
    """(page, line) of the fenced blocks in a language, in all runbooks and their README."""
    for name, text in (RUNBOOKS | {"README": (ROOT / "ops/runbooks/README.md").read_text()}).items():
        for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S):
            for line in block.strip().splitlines():
                yield name, line.strip()


class TestDashboards:
    def test_they_are_what_the_generator_writes(self, tmp_path):
        ran = run(sys.executable, "-B", ROOT / "dashboards/generate.py", tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert {path.name for path in tmp_path.iterdir()} == {f"{uid}.json" for uid in DASHBOARDS} and len(DASHBOARDS) == 5
        for uid in DASHBOARDS:
            written = (tmp_path / f"{uid}.json").read_text()
            assert written == (ROOT / f"dashboards/{uid}.json").read_text(), f"{uid}: run dashboards/generate.py"

    @pytest.mark.parametrize("uid", DASHBOARDS)
    def test_grafanas_own_models_read_them_whole(self, uid):
        dashboard = Dashboard.from_json(DASHBOARDS[uid])
        assert json.loads(json.dumps(dashboard, cls=JSONEncoder)) == DASHBOARDS[uid]
        targets = [target for panel in dashboard.panels for target in getattr(panel, "targets", None) or []]
        assert targets and all(isinstance(target, Dataquery) for target in targets)

    @pytest.mark.parametrize("uid", DASHBOARDS)
    def test_each_panel_has_a_unit_a_description_and_a_place_of_its_own(self, uid):
        dashboard = DASHBOARDS[uid]
        everything = dashboard["panels"]
        assert len({panel["id"] for panel in everything}) == len(everything)
        taken = set()
        for panel in everything:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
            taken |= cells
        titles = [panel["title"] for panel in panels(dashboard)]
        for panel in panels(dashboard):
            assert panel["description"].endswith((".", "…")) and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["type"] == "text" or panel["datasource"]["uid"] == "$datasource"
        assert len(titles) > 5

    def test_the_first_row_is_all_numbers_that_say_whether_it_is_well(self):
        everything = DASHBOARDS["belfry-overview"]["panels"]
        rows = [index for index, panel in enumerate(everything) if panel["type"] == "row"]
        assert rows[0] == 0 and {panel["type"] for panel in everything[1:rows[1]]} == {"stat"}
        kinds = {panel["type"] for dashboard in DASHBOARDS.values() for panel in panels(dashboard)}
        assert kinds >= {"stat", "timeseries", "heatmap", "state-timeline", "table"}

    @pytest.mark.parametrize("uid", DASHBOARDS)
    def test_they_have_the_same_variables(self, uid):
        variables = [variable["name"] for variable in DASHBOARDS[uid]["templating"]["list"]]
        assert variables == ["datasource", "job", "instance", "quantile", "runbooks"]

    def test_links_lead_to_runbooks_that_there_are(self):
        linked = re.findall(r"\$\{runbooks\}/(\w+)\.md", json.dumps(DASHBOARDS))
        assert set(linked) <= set(RUNBOOKS) and len(set(linked)) > 20

    def test_expressions_ask_for_what_is_exposed(self):
        assert [(uid, title, problem) for uid, title, expression in panel_queries() for problem in complaints(expression, RECORDED)] == []
        assert [problem for expression in console_queries() for problem in complaints(expression, RECORDED)] == []

    def test_each_metric_is_shown_or_listed_as_one_to_explore(self):
        explore = set((ROOT / "dashboards/explore-only.txt").read_text().split("\n")) - {""}
        explore = {line for line in explore if not line.startswith("#")}
        used = {SAMPLES[name].name for _, _, expression in panel_queries() for name in metrics(expression) if name in SAMPLES}
        used |= {SAMPLES[name].name for rule in RULES for name in metrics(rule["expr"]) if name in SAMPLES}
        assert set(FAMILIES) - used == explore

    def test_the_provisioning_files_are_yaml_that_names_these_dashboards(self):
        for path in (ROOT / "ops/grafana/provisioning").rglob("*.yml"):
            assert yaml.safe_load(path.read_text())["apiVersion"] == 1


class TestRunbooks:
    def test_each_alert_has_one_whose_heading_is_its_name(self):
        assert set(RUNBOOKS) == ALERTS | set(RELAY_ALERTS)
        for name, text in RUNBOOKS.items():
            assert text.startswith(f"# {name}\n"), name
            assert re.findall(r"^## (.*)$", text, re.M) == ["Meaning", "Check", "Act", "False positives"], name
            assert "```promql" in text and ("```sh" in text), name

    def test_what_they_refer_to_is_there(self):
        known = set(RUNBOOKS) | {"RelayDeadMan"}
        for name, text in RUNBOOKS.items():
            mentioned = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", text))
            assert mentioned <= known, (name, mentioned - known)
            events = re.findall(r"BELFRY_EVENT=([a-z_.]+)", text)
            listed = (ROOT / "ops/journal-events.md").read_text()
            assert [event for event in events if f"\n| {event} |" not in listed] == [], name

    def test_keys_they_name_are_keys_of_the_configuration(self):
        keys = (ROOT / "ops/belfry.yaml").read_text()
        for name, text in RUNBOOKS.items():
            for key in re.findall(r"`((?:server|tls|auth|client|limits|history|journal|side_port)\.[a-z_.]+)[:`]", text):
                if not key.startswith("auth.keys"):
                    assert f"{key.split('.')[-1]}:" in keys, (name, key)

    def test_queries_ask_for_what_is_exposed(self):
        assert [(name, problem) for name, line in blocks("promql") for problem in complaints(line, RECORDED)] == []


@pytest.fixture(scope="module")
def watched(start_shared, tmp_path_factory):
    """A relay with traffic and troubles of many kinds behind it, and a Prometheus that has seen it all."""
    assert os.environ.get("BELFRY_REAL_JOURNALD") == "1", "run it inside Tests/Conformance/with-journald.sh, as root"
    key = "k" * 40
    pseudonyms = tmp_path_factory.mktemp("keys") / "pseudonym.key"
    pseudonyms.write_text("p" * 40 + "\n")
    relay = start_shared(
        server={"node": NAME}, journal={"mode": "required", "pseudonym_key_file": str(pseudonyms)},
        api={"keys": [{"name": "ops", "key": key, "scopes": ["all"]}]},
        channels={"namespaces": {"kept": {
            "history_size": 10, "history_ttl": "1h", "allow_subscribe_for_client": True, "allow_publish_for_subscriber": True,
            "force_recovery": True}}})
    relay.hide(key)
    relay.key, relay.pseudonyms = key, pseudonyms
    with contextlib.ExitStack() as stack:
        hook = stack.enter_context(contextlib.closing(Hook()))
        alertmanager = stack.enter_context(contextlib.closing(Alertmanager(tmp_path_factory.mktemp("alertmanager"), hook)))
        prometheus = stack.enter_context(contextlib.closing(
            Prometheus(tmp_path_factory.mktemp("prometheus"), relay, alertmanager=alertmanager)))
        prometheus.hook = hook
        eventually(lambda: prometheus.value("belfry_messages_delivered_total") is not None, "the first scrape")
        for _ in range(2):
            # Seen twice, so that every counter has risen between two scrapes.
            traffic(relay)
            delivered = relay.metrics().total("belfry_messages_delivered_total")
            eventually(lambda: prometheus.value("belfry_messages_delivered_total") >= delivered, "the traffic to be scraped")
        eventually(lambda: (prometheus.value("job:belfry_delivery_budget:remaining30d") is not None
                            and prometheus.value("job:belfry_delivery_requests:rate5m") > 0), "the rules to be evaluated")
        yield relay, prometheus


def traffic(relay):
    """A small office on a bad morning."""
    members = [relay.member(f"user{n}", ["chat:room", "kept:room"]) for n in range(4)]
    for n in range(5):
        members[0].publish("chat:room", relay.body())
        members[1].publish("kept:room", relay.body())
    members[2].ask("presence", channel="chat:room")
    members[2].subscribe("locked:room")
    members[3].ask("rpc")
    members[0].ask("refresh", token=relay.token("user0"))
    members[0].ask("unsubscribe", channel="chat:room")
    late = relay.client()
    assert late.connect(relay.token("late", ttl=-60))["error"]["code"] == 109
    late.close()
    stranger = relay.client()
    stranger.send({"id": 1, "connect": {"token": relay.hide(tokens.sign(b"wrong" * 9, {"sub": "mallory"}))}})
    stranger.closing()
    violator = relay.member("violator")
    violator.send_frame(TEXT, b"\xff")
    violator.closing()
    for text in ("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", head(fields=[("Origin", "https://evil.test")])):
        request(relay.open(), text)
    plain = socket.create_connection(("127.0.0.1", relay.port))
    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    plain.close()
    relay.side("/api/info", "POST")
    for member in members:
        member.leave()


def is_conditional(expression):
    """Whether an empty answer may be right: comparisons leave out what is not so."""
    bare = re.sub(r"\{[^}]*\}", "", expression)
    return re.search(r"(==|!=|>|<|>=|<=) ?[0-9]|unless|topk|ALERTS|offset", bare) is not None


def empty_histograms(relay, expression):
    """The histograms that an expression reads and that have no observation, of which a quantile is NaN."""
    now = relay.metrics()
    for selector in selectors(promql_parser.parse(filled(expression))):
        family = SAMPLES.get(selector.name)
        if family and family.kind == "histogram":
            labels = {each.name: each.value for each in selector.matchers.matchers if each.name in family.labels}
            if now.total(f"{family.name}_count", **labels) == 0:
                yield family.name


class TestLive:
    def test_what_is_documented_is_exposed(self, watched):
        relay, _ = watched
        assert {name for name, _ in relay.metrics().series} == set(SAMPLES)

    def test_every_query_of_every_panel_answers(self, watched):
        relay, prometheus = watched
        problems = []
        for uid, title, expression in panel_queries():
            found = prometheus.query(filled(expression))
            count = expected_series(expression)
            if not found and not is_conditional(expression):
                problems.append((uid, title, "nothing came", expression))
            if count is not None and len(found) != count:
                problems.append((uid, title, f"{len(found)} series, not {count}", expression))
            if any(math.isnan(value) for _, value in found) and not any(empty_histograms(relay, expression)):
                problems.append((uid, title, "NaN, though there was traffic", expression))
        assert problems == [], "\n".join(map(str, problems))

    def test_every_rule_is_evaluated_without_an_error(self, watched):
        _, prometheus = watched
        groups = prometheus.ask("/api/v1/rules")["data"]["groups"]
        evaluated = [rule for group in groups for rule in group["rules"]]
        assert len(evaluated) == len(RULES)
        assert [(rule["name"], rule["health"], rule.get("lastError")) for rule in evaluated if rule["health"] != "ok"] == []

    def test_a_relay_that_is_well_has_no_alert_not_even_a_pending_one_but_the_dead_mans(self, watched):
        _, prometheus = watched
        # A machine that does too much at once delivers late, and answers scrapes late; both are true then.
        found = {labels["alertname"] for labels, _ in prometheus.query("ALERTS")} - {"DeliveryBurnFast", "DeliveryBurnSlow", "RelayDown"}
        assert found == {"RelayDeadMan"}

    @pytest.mark.parametrize("uid, title, series", [
        ("belfry-security", "Tokens refused, by reason", {"reason": "expired"}),
        ("belfry-security", "Handshakes failed, by reason", {"reason": "plaintext"}),
        ("belfry-security", "Operations refused for lack of permission", {"action": "subscribe"}),
        ("belfry-security", "Violations of the WebSocket protocol", {"kind": "utf8"}),
        ("belfry-security", "Upgrades", {"result": "origin"}),
        ("belfry-security", "Answers to HTTP", {"code": "404"}),
        ("belfry-security", "Server API: not let in", {"reason": "missing"}),
        ("belfry-security", "Events logged", {"event": "auth.failure"}),
        ("belfry-overview", "Commands refused", {"reason": "permission_denied"}),
        ("belfry-overview", "Going, by reason", {"by": "server", "reason": "credentials"}),
        ("belfry-overview", "Deliveries", {}),
        ("belfry-delivery", "Fan-out", {"le": "5"}),
        ("belfry-delivery", "Groups stored", {"result": "success"}),
        ("belfry-delivery", "Journal entries", {"priority": "notice"}),
        ("belfry-slo", "Requests", {}),
    ])
    def test_panels_move_with_what_happens(self, watched, uid, title, series):
        _, prometheus = watched
        moved = [value for panel_uid, panel_title, expression in panel_queries() if (panel_uid, panel_title) == (uid, title)
                 for labels, value in prometheus.query(filled(expression)) if series.items() <= number_labels(labels).items()]
        assert any(value > 0 for value in moved), moved

    def test_queries_of_the_runbooks_answer(self, watched):
        relay, prometheus = watched
        problems = []
        for name, line in blocks("promql"):
            if not prometheus.query(line) and not is_conditional(line):
                problems.append((name, line))
        assert problems == []
        # And once as the README of the runbooks says.
        line = next(line for _, line in blocks("promql"))
        assert run("promtool", "query", "instant", prometheus.url, line).returncode == 0

    def test_commands_of_the_runbooks_work(self, watched, tmp_path):
        relay, prometheus = watched
        (tmp_path / "belfry").symlink_to(BINARIES / "belfry")
        (tmp_path / "ops.key").write_text(relay.key)
        environment = relay.environment | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        subprocess.run(["journalctl", "--sync"], check=True, timeout=PATIENCE)
        places = {
            "127.0.0.1:9300": f"127.0.0.1:{relay.side_port}", "127.0.0.1:8443": f"127.0.0.1:{relay.port}",
            "/etc/belfry/belfry.yaml": relay.path, "/etc/belfry/ops.key": tmp_path / "ops.key",
            "/etc/belfry/pseudonym.key": relay.pseudonyms}
        problems, outputs = [], {}
        for line in sorted({line for _, line in blocks("sh")}):
            here = line
            for shipped, ours in places.items():
                here = here.replace(shipped, shlex.quote(str(ours)))
            ran = subprocess.run(["bash", "-o", "pipefail", "-c", here], capture_output=True, text=True, timeout=60, env=environment)
            outputs[line] = ran.stdout
            # 141: `head` has had enough.
            if ran.returncode not in (0, 141):
                problems.append((line, ran.returncode, ran.stderr[-300:]))
        assert problems == []
        said = {line: text for line, text in outputs.items() if "/api/" in line}
        assert len(said) >= 4 and all('"result"' in text for text in said.values()), said
        reasons = next(text for line, text in outputs.items() if "auth.failure" in line and "REASON" in line)
        assert re.search(r"\d+ expired", reasons)
        assert any("subject=" in text for text in outputs.values())
        # The recipe for pseudonyms makes those that the journal has.
        pseudonym = next(text for line, text in outputs.items() if "printf %s mallory" in line).strip()
        refused = run("journalctl", "-o", "cat", "--output-fields=BELFRY_SUBJECT", "BELFRY_EVENT=auth.failure",
                      f"_PID={relay.process.pid}").stdout.split()
        assert pseudonym in refused

    def test_the_console_says_what_is_wrong(self, tmp_path):
        """Of a relay that is not well: it has an alert, waits for its end, and loses its journal."""
        page = "\n".join([
            'belfry_alert_active{alert="AuditLoss"} 1', 'belfry_alert_active{alert="TokenReplay"} 0',
            'belfry_state{belfry_state="draining"} 1', 'belfry_state{belfry_state="serving"} 0', f"belfry_tls_certificate_expiry_timestamp_seconds {time.time() + 90000}", ""])
        with contextlib.ExitStack() as stack:
            exporter = stack.enter_context(contextlib.closing(Exporter(page)))
            prometheus = stack.enter_context(contextlib.closing(Prometheus(tmp_path, exporter)))
            both = 'ALERTS{alertname=~"RelayAlertActive|CertificateExpiry",alertstate="firing"}'
            eventually(lambda: len(prometheus.query(both)) == 2, "the alerts of the rules")
            with urllib.request.urlopen(f"{prometheus.url}/consoles/belfry.html", timeout=PATIENCE) as answer:
                text = answer.read().decode()
        shown = dict(re.findall(r'<div class="tile \w+"><b>([^<]*)</b><span>([^<]*)</span>', text))
        assert '<span class="verdict warn">alerts fire</span>' in text
        assert shown["Relay alerts"] == "1" and int(shown["Rule alerts"]) >= 1 and shown["State"] == "draining"
        assert shown["Certificate ends in"] == "1 days" and shown["Self-probe"] == "off"
        firing = re.search(r'<table id="firing">(.*?)</table>', text, re.S)[1]
        # Once, though Prometheus has an alert of it as well; the certificate's own.
        assert firing.count("AuditLoss</a>") == 1 and firing.count("CertificateExpiry</a>") == 1 and "RelayAlertActive" not in firing

    def test_the_console_shows_it_in_a_browser(self, watched, certificates, tmp_path):
        relay, prometheus = watched
        browser = Browser(tmp_path, certificates / "server.pem")
        try:
            tab = browser.tab(f"{prometheus.url}/consoles/belfry.html?minutes=1", width=1280, height=1150)
            tab.becomes("document.body.dataset.drawn === 'yes'", "the curves to be drawn")
            # Late deliveries of a busy machine are an alert in earnest.
            late = prometheus.query('ALERTS{alertname=~"DeliveryBurn.*",alertstate="firing"}')
            assert tab.text("h1") == ("Belfry: alerts fire" if late else "Belfry: all is well")
            tiles = dict(zip(tab.texts(".tile b"), tab.texts(".tile span")))
            assert tiles["Reachable"] == "1 of 1" and tiles["State"] == "serving" and tiles["Relay alerts"] == "0"
            assert tiles["Rule alerts"] == str(len(late))
            assert tiles["Admission, 1 h"] == "100%" and tiles["Journal lost, 1 h"] == "0" and tiles["Certificate ends in"] == "89 days"
            row = tab.texts("#relays tr:nth-child(2) td")
            assert row[:2] == [NAME, "yes"] and float(row[6]) > 0
            assert late or tab.text("#firing tr:nth-child(2)") == "Nothing."
            assert all(int(count) > 0 for count in tab.run("[...document.querySelectorAll('figure')].map((each) => each.dataset.series)"))
            assert tab.complaints == []
            outside = [url for url in tab.requests if not url.startswith((prometheus.url, "data:", "about:"))]
            assert outside == []
            PICTURES.mkdir(parents=True, exist_ok=True)
            tab.picture(PICTURES / "console.png")
            tab.scheme("dark")
            # A relay that hangs is one that cannot be reached.
            relay.signal(signal.SIGSTOP)
            eventually(lambda: prometheus.value("up") == 0, "Prometheus to miss the relay")
            tab.reload()
            assert tab.text("h1") == "Belfry: 1 of 1 relays cannot be reached"
            assert tab.texts("#relays tr:nth-child(2) td")[:2] == [NAME, "NO"]
            assert "unknown" in tab.texts(".tile span") and "serving" not in tab.texts(".tile span")
            tab.picture(PICTURES / "console-down.png")
        finally:
            relay.signal(signal.SIGCONT)
            browser.close()

    def test_who_is_on_call_hears_that_a_relay_hangs_and_that_it_is_back(self, watched):
        """The whole way with the shipped files: relay, Prometheus with the rules, Alertmanager with the routes."""
        relay, prometheus = watched
        told = prometheus.hook.told
        eventually(lambda: ("deadman", "RelayDeadMan", "firing", None) in told, "the dead man's switch")
        eventually(lambda: prometheus.value("up") == 1 and not prometheus.query('ALERTS{alertname="RelayDown"}'), "the relay to be well")
        told.clear()
        relay.signal(signal.SIGSTOP)
        try:
            eventually(lambda: ("page", "RelayDown", "firing", NAME) in told, "the page")
        finally:
            relay.signal(signal.SIGCONT)
        eventually(lambda: ("page", "RelayDown", "resolved", NAME) in told, "the end of it")


def number_labels(labels):
    """Bounds of buckets as numbers: 5 and 5.0 are one."""
    if "le" in labels and labels["le"] != "+Inf":
        return labels | {"le": f"{float(labels['le']):g}"}
    return labels
