"""A real Prometheus that watches a relay by the shipped configuration, only faster."""

import http.server
import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

from promql import FAMILIES
from relay import ROOT, free_port
from waiting import PATIENCE, eventually

PROMETHEUS = ROOT / "ops/prometheus"


def rules(name="rules.yml"):
    """Every rule of the shipped file."""
    groups = yaml.safe_load((PROMETHEUS / name).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


RULES = rules()
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
ALERTS = {rule["alert"] for rule in RULES if "alert" in rule}
RELAY_ALERTS = FAMILIES["belfry_alert_active"].labels["alert"]


class Process:
    """A daemon with an HTTP API of its own."""

    def __init__(self, directory, command, ready):
        self.log = Path(directory) / f"{command[0]}.log"
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log.open("wb"), stderr=subprocess.STDOUT)
        try:
            eventually(lambda: self.answers(ready), f"{command[0]} to be ready")
        except AssertionError as error:
            self.close()
            raise AssertionError(self.log.read_text()[-3000:]) from error

    def answers(self, path):
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, path, **fields):
        """The answer to a form, and its status."""
        data = urllib.parse.urlencode(fields, doseq=True).encode() if fields else None
        try:
            with urllib.request.urlopen(self.url + path, data, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Prometheus(Process):
    """Scrapes and judges every second; with an Alertmanager, what the rules ask to last minutes lasts three."""

    def __init__(self, directory, relay, name="relay1", alertmanager=None):
        directory = Path(directory)
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = yaml.safe_load((PROMETHEUS / "scrape.yml").read_text())
        configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        del configuration["alerting"]
        if alertmanager:
            target = alertmanager.url.removeprefix("http://")
            configuration["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]}
        (job,) = configuration["scrape_configs"]
        job["scrape_timeout"] = "1s"
        job["static_configs"] = [{"targets": [f"127.0.0.1:{relay.side_port}"], "labels": {"instance": name}}]
        groups = yaml.safe_load((PROMETHEUS / "rules.yml").read_text())
        for group in groups["groups"]:
            group.pop("interval", None)
            for rule in group["rules"]:
                if alertmanager and "for" in rule:
                    rule["for"] = "3s"
        (directory / "rules.yml").write_text(json.dumps(groups))
        (directory / "prometheus.json").write_text(json.dumps(configuration))
        super().__init__(directory, [
            "prometheus", f"--config.file={directory}/prometheus.json", f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address={self.url.removeprefix('http://')}", f"--web.console.templates={PROMETHEUS}/consoles",
            # The Alertmanager is found after five seconds; alerts that fired before must be sent again.
            "--rules.alert.resend-delay=1s",
        ], "/-/ready")

    def query(self, expression, **options):
        """Label sets and values. Anything but a clean success fails."""
        answer = self.ask("/api/v1/query", query=expression, **options)
        assert answer["status"] == "success", f"{expression}: {answer}"
        assert not answer.get("warnings"), f"{expression}: {answer['warnings']}"
        data = answer["data"]
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(found["metric"], float(found["value"][1])) for found in data["result"]]

    def value(self, expression):
        """The sum of what comes back; None for nothing."""
        found = self.query(expression)
        return sum(value for _, value in found) if found else None


class History(Prometheus):
    """A Prometheus that scrapes nothing and knows what it was given: `series` maps a name to (time, value) pairs."""

    def __init__(self, directory, series):
        page = []
        for name, samples in series.items():
            page += [f"# TYPE {name} gauge"] + [f'{name}{{job="belfry"}} {value} {time}' for time, value in samples]
        (directory / "history").write_text("\n".join(page) + "\n# EOF\n")
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "--quiet", "openmetrics", directory / "history", directory / "data"],
                       check=True, timeout=60, stdout=subprocess.DEVNULL)
        (directory / "prometheus.yml").write_text("{}")
        self.url = f"http://127.0.0.1:{free_port()}"
        Process.__init__(self, directory, [
            "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address={self.url.removeprefix('http://')}"], "/-/ready")


class Alertmanager(Process):
    """With the shipped configuration, or with its receivers replaced by webhooks of a test, which are told at once."""

    def __init__(self, directory, hook=None):
        self.url = f"http://127.0.0.1:{free_port()}"
        path = ROOT / "ops/alertmanager/alertmanager.yml"
        if hook:
            configuration = yaml.safe_load(path.read_text())
            configuration["templates"] = [f"{path.parent}/templates/*.tmpl"]
            configuration["receivers"] = [
                {"name": receiver["name"], "webhook_configs": [{"url": f"{hook.url}/{receiver['name']}"}]}
                for receiver in configuration["receivers"]]
            for route in [configuration["route"], *configuration["route"]["routes"]]:
                route |= {"group_wait": "0s", "group_interval": "1s"}
            path = Path(directory) / "alertmanager.json"
            path.write_text(json.dumps(configuration))
        super().__init__(directory, [
            "prometheus-alertmanager", f"--config.file={path}", f"--storage.path={directory}/data",
            f"--web.listen-address={self.url.removeprefix('http://')}", "--cluster.listen-address="], "/-/ready")

    def post(self, *alerts):
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200

    def silenced(self):
        """Labels of each alert, and whether an inhibition silences it."""
        return [(alert["labels"], bool(alert["status"]["inhibitedBy"])) for alert in self.ask("/api/v2/alerts")]


class Listener:
    """A small HTTP server on a thread of its own: `answer` takes a request's body and returns one."""

    def __init__(self):
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = listener.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.side_port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join(PATIENCE)
        self.server.server_close()


class Hook(Listener):
    """A receiver of webhooks; remembers (receiver, alertname, status, instance) of each alert it is told of."""

    def __init__(self):
        self.told = []
        super().__init__()

    def answer(self, body):
        message = json.loads(body)
        self.told.extend((message["receiver"], alert["labels"]["alertname"], alert["status"], alert["labels"].get("instance"))
                         for alert in message["alerts"])
        return b""


class Exporter(Listener):
    """A relay as Prometheus sees it, of which a page of metrics is all there is."""

    def __init__(self, page):
        self.page = page
        super().__init__()

    def answer(self, body):
        return self.page.encode()
