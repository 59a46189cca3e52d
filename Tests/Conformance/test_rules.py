"""Prometheus rules and Alertmanager routes: each alert fires when it should, says how to go on, and reaches whom it concerns."""

import json
import re
import subprocess
import time

import pytest
import yaml

from monitoring import ALERTS, PROMETHEUS, RECORDED, RELAY_ALERTS, RULES, Alertmanager, History
from promql import complaints
from relay import ROOT

CONFIGURATION = ROOT / "ops/alertmanager/alertmanager.yml"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def unfolded(name):
    """A rule's expression, with the ratios that other rules record put in place: what is left are rates of five minutes."""
    expression = next(rule["expr"] for rule in RULES if name in (rule.get("alert"), rule.get("record")))
    return re.sub(r"job:\w+:ratio_rate\w+", lambda recorded: f"({unfolded(recorded[0])})", expression)


@pytest.mark.parametrize("expression, complaint", [
    ("rate(belfry_nothing_total[5m])", "belfry_nothing_total is not exposed"),
    ("rate(belfry_users[5m])", "rate of belfry_users, which is no counter"),
    ("sum(increase(belfry_listener_accepts_total[30s]))", "a window of"),
    ("histogram_quantile(0.9, sum by (stage) (rate(belfry_message_stage_seconds_bucket[5m])))", "le is lost"),
    ("histogram_quantile(0.9, sum without (le) (rate(belfry_message_stage_seconds_bucket[5m])))", "le is lost"),
    ('belfry_alert_active{alert="AuditLos"}', "alert is never AuditLos"), ('belfry_users{user="ada"}', "has no label user"),
])
def test_the_walk_through_promql_finds_what_is_wrong(expression, complaint):
    assert any(complaint in problem for problem in complaints(expression)), complaints(expression)


class TestRules:
    @pytest.mark.parametrize("kind, name", [("config", "scrape.yml"), ("rules", "rules.yml")])
    def test_promtool_has_nothing_to_say(self, kind, name):
        ran = run("promtool", "check", kind, "--lint=all", "--lint-fatal", PROMETHEUS / name)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    @pytest.mark.parametrize("name", ["rules_test.yml", "rules_long_test.yml"])
    def test_each_rule_fires_when_it_should(self, name):
        ran = run("promtool", "test", "rules", PROMETHEUS / name)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def test_each_alert_is_tested_firing_not_quite_and_resolved(self):
        cases = {}
        for name in ("rules_test.yml", "rules_long_test.yml"):
            for test in yaml.safe_load((PROMETHEUS / name).read_text())["tests"]:
                for case in test.get("alert_rule_test", []):
                    cases.setdefault(case["alertname"], []).append(bool(case["exp_alerts"]))
        assert cases.keys() == ALERTS
        for name, fires in cases.items():
            # The dead man's switch is never quiet.
            assert any(fires) and (name == "RelayDeadMan" or fires.count(False) >= 2), name

    @pytest.fixture(scope="class")
    def four_days(self, tmp_path_factory):
        """Ten requests a second; on the second day 5 % fail for five hours, from half past the fourth day on 0.2 %."""
        def failing(hour):
            return 0.05 if 24 <= hour < 29 else 0.002 if hour >= 84 else 0

        begin = int(time.time()) // 300 * 300 - 97 * 3600
        times = [begin + 300 * step for step in range(96 * 12 + 1)]
        series = {}
        for sli in ("admission", "delivery"):
            series[f"job:belfry_{sli}_requests:rate5m"] = [(at, 10) for at in times]
            failures = [10 * failing((at - begin) / 3600) for at in times]
            series[f"job:belfry_{sli}_failures:rate5m"] = list(zip(times, failures))
            for hours in (1, 6):
                series[f"job:belfry_{sli}_failures:increase{hours}h"] = [
                    (at, 300 * sum(failures[max(0, step - 12 * hours):step])) for step, at in enumerate(times)]
        history = History(tmp_path_factory.mktemp("history"), series)
        yield lambda expression, hour: history.query(expression, time=begin + 3600 * hour)
        history.close()

    @pytest.mark.parametrize("sli", ["admission", "delivery"])
    @pytest.mark.parametrize("hour, fast, slow, what", [
        (23, False, False, "nothing has failed"), (25, True, True, "the outage"), (28.9, True, True, "hours later"),
        (31, False, True, "the page is over when the burning is"), (36, False, False, "the three days still show it, six hours are clean"),
        (86, False, False, "two hours of the slow fire are a third of what six hours need"), (88, False, True, "four hours are enough"),
    ])
    def test_burn_rates_over_days_of_history(self, four_days, sli, hour, fast, slow, what):
        for name, fires in (("Fast", fast), ("Slow", slow)):
            assert bool(four_days(unfolded(f"{sli.capitalize()}Burn{name}"), hour)) == fires, (name, what)

    def test_a_budget_burns_down(self, four_days):
        left = [four_days(unfolded("job:belfry_admission_budget:remaining30d"), hour)[0][1] for hour in (23, 29, 84, 96)]
        # 5 h of 5 % in 29 h, in 84 h; and 12 h of 0.2 % in 96 h: times 1,000, for the budget is a thousandth.
        assert left == pytest.approx([1, 1 - 250 / 29, 1 - 250 / 84, 1 - (250 + 24) / 96], rel=0.03)

    def test_expressions_ask_for_what_is_exposed(self):
        assert [problem for rule in RULES for problem in complaints(rule["expr"], RECORDED)] == []

    def test_each_alert_of_the_relay_has_its_severity(self):
        table = re.findall(r"^\| ([A-Z]\w+) \| (critical|warning|info)", (ROOT / "ops/anomaly.md").read_text(), re.M)
        expected = {name: severity for name, severity in table if name in RELAY_ALERTS}
        found = {}
        for rule in RULES:
            if rule.get("alert") == "RelayAlertActive":
                for name in re.search(r'alert=~?"([^"]*)"', rule["expr"])[1].split("|"):
                    assert name not in found
                    found[name] = rule["labels"]["severity"]
        assert found == expected and set(found) == set(RELAY_ALERTS)

    def test_each_alert_says_what_where_and_how_to_go_on(self):
        for rule in RULES:
            if "alert" in rule:
                assert {"summary", "description", "runbook"} <= rule["annotations"].keys(), rule["alert"]
                assert rule["labels"]["severity"] in ("critical", "warning", "info", "none")
                assert rule["alert"] == "RelayAlertActive" or rule["annotations"]["runbook"] == f"ops/runbooks/{rule['alert']}.md"


class TestRoutes:
    def test_amtool_accepts_the_configuration(self):
        ran = run("amtool", "check-config", CONFIGURATION)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    @pytest.mark.parametrize("receiver, labels", [
        ("deadman", "alertname=RelayDeadMan severity=none"), ("page", "alertname=RelayDown severity=critical"),
        ("page", "alertname=AuthFailureBurst severity=critical instance=relay1"), ("ticket", "alertname=SlowConsumers severity=warning"),
        ("ticket", "alertname=DeliveryBurnSlow severity=warning job=belfry"), ("record", "alertname=TlsDowngradeProbe severity=info"),
        ("page", "alertname=ExpiryOrClock severity=critical item=certificate"), ("ticket", "alertname=SomethingElse"),
    ])
    def test_an_alert_goes_to_whom_it_concerns(self, receiver, labels):
        def route(expected):
            return run("amtool", "config", "routes", "test", f"--config.file={CONFIGURATION}", f"--verify.receivers={expected}",
                       *labels.split()).returncode

        assert route(receiver) == 0
        assert route("page" if receiver != "page" else "ticket") == 1

    def test_every_severity_of_the_rules_has_a_route(self):
        routed = " ".join(sum((route["matchers"] for route in yaml.safe_load(CONFIGURATION.read_text())["route"]["routes"]), []))
        for severity in {rule["labels"]["severity"] for rule in RULES if "alert" in rule} - {"none"}:
            assert f'severity="{severity}"' in routed

    @pytest.mark.parametrize("alert, status, expected", [
        ({"alertname": "RelayAlertActive", "alert": "AuditLoss", "severity": "critical", "instance": "relay1"}, "firing",
         ["[critical] AuditLoss on relay1", "AuditLoss on relay1", "alert: AuditLoss", "https://runbooks.example.com/belfry/AuditLoss.md"]),
        ({"alertname": "DeliveryBurnFast", "severity": "critical"}, "resolved",
         ["[resolved] DeliveryBurnFast", "Resolved: ", "until: ", "https://runbooks.example.com/belfry/DeliveryBurnFast.md"]),
    ])
    def test_the_templates_say_what_where_and_how_to_go_on(self, alert, status, expected, tmp_path):
        summary = f"{alert.get('alert', alert['alertname'])} on relay1"
        data = {"receiver": "page", "status": status, "groupLabels": {}, "commonLabels": alert, "commonAnnotations": {}, "externalURL": "",
                "alerts": [{"status": status, "labels": alert, "annotations": {"summary": summary}, "startsAt": "2026-11-28T03:00:00Z",
                            "endsAt": "2026-11-28T04:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"}]}
        (tmp_path / "data.json").write_text(json.dumps(data))
        rendered = run(
            "amtool", "template", "render", f"--template.glob={CONFIGURATION.parent}/templates/*.tmpl", f"--template.data={tmp_path}/data.json",
            '--template.text={{ template "belfry.title" . }}\n{{ template "belfry.text" . }}')
        assert rendered.returncode == 0, rendered.stderr
        assert rendered.stdout.startswith(expected[0] + "\n")
        assert [text for text in expected if text not in rendered.stdout] == []

    @pytest.fixture(scope="class")
    def alertmanager(self, tmp_path_factory):
        alertmanager = Alertmanager(tmp_path_factory.mktemp("alertmanager"))
        yield alertmanager
        alertmanager.close()

    def test_a_pushed_alert_silences_its_twin_on_the_same_relay_only(self, alertmanager):
        twins = [{"alertname": "RelayAlertActive", "alert": name, "severity": "critical", "instance": "push1", "job": "belfry"}
                 for name in RELAY_ALERTS]
        other = {"alertname": "RelayAlertActive", "alert": "elsewhere", "severity": "critical", "instance": "push2"}
        alertmanager.post(*twins, other, other | {"alert": "AuditLoss"})
        assert not any(is_silent for _, is_silent in alertmanager.silenced())
        alertmanager.post(*(
            {"alertname": name, "severity": "critical", "instance": "push1", "client_net": "192.0.2.0/24"} for name in RELAY_ALERTS))
        silent = {(labels["alert"], labels["instance"]) for labels, is_silent in alertmanager.silenced() if is_silent}
        assert silent == {(name, "push1") for name in RELAY_ALERTS}

    def test_a_relay_that_is_down_silences_what_follows_from_it_and_nothing_else(self, alertmanager):
        here = {"severity": "critical", "instance": "down1", "job": "belfry"}
        follow = ["SelfProbeFailing", "TrafficVanished", "ReconnectStorm", "DetectorsStalled", "StoreFailing"]
        stay = ["JournalLoss", "CertificateExpiry", "CredentialStuffing"]
        alertmanager.post(*(here | {"alertname": name} for name in follow + stay))
        alertmanager.post(here | {"alertname": "SelfProbeFailing", "instance": "down2"})
        alertmanager.post({"alertname": "AdmissionBurnFast", "severity": "critical", "job": "belfry"})
        alertmanager.post(here | {"alertname": "RelayDown"})
        answer = alertmanager.silenced()
        silent = {labels["alertname"] for labels, is_silent in answer if is_silent and labels.get("instance", "down1") == "down1"}
        assert silent == {*follow, "AdmissionBurnFast"}
        assert not any(is_silent for labels, is_silent in answer if labels.get("instance") == "down2")
