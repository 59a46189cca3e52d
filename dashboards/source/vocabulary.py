"""What the dashboards know of the relay: its alerts and its detectors."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def values(metric, label):
    """The values of a label, from ops/metrics.md, which a test holds to the code."""
    for line in (ROOT / "ops/metrics.md").read_text().splitlines():
        if line.startswith(f"| `{metric}` "):
            labels = line.split("|")[3]
            return re.search(rf"\b{label}: ([^;]*)", labels)[1].strip().split(", ")
    raise KeyError(metric)


DETECTORS = values("belfry_anomaly_observed", "detector")
RELAY_ALERTS = values("belfry_alert_active", "alert")
# Those that Prometheus makes, but for the one that always fires.
RULE_ALERTS = sorted(
    set(re.findall(r"^ +- alert: (\w+)$", (ROOT / "ops/prometheus/rules.yml").read_text(), re.M)) - {"RelayDeadMan"})

# What a detector counts, in the words of ops/anomaly.md, and the alerts it raises.
SIGNALS = {
    "auth_failures": ("Failed authentications", ["AuthFailureBurst"]),
    "failing_subjects": ("Different failing subjects of one network", ["CredentialStuffing"]),
    "slow_stuffing": ("Networks with one or two failures each", ["DistributedStuffing"]),
    "token_replay": ("Networks that use one token at once", ["TokenReplay"]),
    "address_churn": ("Networks of one user", ["AddressChurn"]),
    "connection_flood": ("Accepted connections", ["ConnectionFlood"]),
    "tls_failures": ("Failed handshakes", ["TlsFailureSpike", "TlsDowngradeProbe"]),
    "message_rate": ("Messages of the busiest sender", ["MessageRateSpike"]),
    "fanout": ("Deliveries of the busiest room", ["FanoutAmplification"]),
    "slow_consumers": ("Connections that do not take their messages", ["SlowConsumers"]),
    "reconnects": ("Users who come back", ["ReconnectStorm"]),
    "delivery_latency": ("Time to deliver", ["DeliveryLatencyShift"]),
    "error_ratio": ("Refused commands", ["ErrorRatioShift"]),
    "silence": ("Messages", ["TrafficVanished"]),
    "limiter_saturation": ("Users held back by limits", ["LimiterSaturation"]),
    "limits": ("Static limits: journal, certificates, keys, clock", ["AuditLoss", "ExpiryOrClock"]),
}
