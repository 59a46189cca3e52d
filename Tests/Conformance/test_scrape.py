"""What a scrape does to those who talk: with --long only, since it is measured in time."""

import json
import statistics
import subprocess
import threading

import pytest

from relay import BINARIES

ROUNDS = 6
# Seconds; Prometheus's default is fifteen.
INTERVAL = 5.0
# About half of what a loop of this class of machine delivers.
CONNECTIONS, ROOMS, RATE = 500, 5, 300
# One in twenty more, and what two halves of one series without scrapes differ by on a busy machine.
BAR, NOISE = 1.05, 0.10

pytestmark = pytest.mark.long


class Scraper:
    """Prometheus in a hurry."""

    def __init__(self, relay):
        self.relay, self.over, self.scrapes = relay, threading.Event(), 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(INTERVAL):
            status, _, body = self.relay.side("/metrics", Accept="application/openmetrics-text;version=1.0.0")
            assert status == 200 and body.endswith(b"# EOF\n")
            self.scrapes += 1

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.scrapes


def bench(relay):
    ran = subprocess.run(
        [BINARIES / "belfry", "bench", "--url", f"wss://127.0.0.1:{relay.port}/connection/websocket", "--insecure",
         "--config", relay.path, "--connections", str(CONNECTIONS), "--rooms", str(ROOMS), "--rate", str(RATE),
         "--duration", "11s", "--channel-prefix", "quiet:room", "--json"], capture_output=True, text=True, env=relay.environment,
        timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def test_a_scrape_under_load_does_not_delay_what_is_delivered(start):
    relay = start(server={"loops": 1}, limits={"enabled": False})
    tails = {"alone": [], "scraped": []}
    bench(relay)
    for _ in range(ROUNDS):
        tails["alone"].append(bench(relay)["latency_p99_us"] / 1000)
        scraper = Scraper(relay)
        tails["scraped"].append(bench(relay)["latency_p99_us"] / 1000)
        assert scraper.stop() >= 2
    alone, scraped = (statistics.median(tails[name]) for name in ("alone", "scraped"))
    print(f"p99 of delivery: {alone:.2f} ms alone, {scraped:.2f} ms scraped; {tails}")
    assert scraped <= (BAR + NOISE) * alone
