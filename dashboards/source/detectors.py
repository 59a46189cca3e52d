"""Detectors: what each of the sixteen saw, what it thought usual, and how near it is to firing."""

from .panels import GREEN, ORANGE, RED, Row, build, lines, number, quantile, rate, series, timeline, total
from .vocabulary import DETECTORS, SIGNALS

assert list(SIGNALS) == DETECTORS, "a detector has come or gone"


def of(metric, detector):
    return f"max({series(metric, f'detector={chr(34)}{detector}{chr(34)}')})"


def now():
    return Row("Now", [
        number("Alerts active", "Instances that fire, over all alerts.", "none", f"sum({series('belfry_alert_active')})", width=4,
               runbooks=["RelayAlertActive"]),
        number("Highest score", "1 is the level at which a detector fires; it clears below 0.6.", "none",
               f"max({series('belfry_anomaly_score')})", width=4, decimals=2, limits=[(None, GREEN), (0.6, ORANGE), (1, RED)]),
        number("Still learning", "Detectors that have not seen enough; their static limits hold all the same.", "none",
               f"max(sum by (instance) ({series('belfry_anomaly_learning')}))", width=4, limits=[(None, GREEN), (1, ORANGE)]),
        number("Ticks", "Judgements a minute, of the relay that has fewest; six are right.", "none",
               f"60 * min({rate('belfry_detector_tick_seconds_count')})", width=4, decimals=1,
               limits=[(None, ORANGE), (5, GREEN)], runbooks=["DetectorsStalled"]),
        number("Began today", "Alerts that began in the last 24 hours.", "none",
               f"sum(round(increase({series('belfry_alert_firings_total')}[24h])))", width=4, limits=[(None, GREEN), (1, ORANGE), (20, RED)]),
        number("Pushes failed, 1 h", "Posts to Alertmanager and webhooks that did not get through.", "none",
               f"sum(round(increase({series('belfry_alert_deliveries_total', 'result=' + chr(34) + 'failure' + chr(34))}[1h])))", width=4,
               runbooks=["AlertPushFailing"]),
        timeline("How near to firing", "Score of each detector: orange from 0.6, red from 1.",
                 {"{{detector}}": f"max by (detector) ({series('belfry_anomaly_score')})"}, width=12, height=11,
                 limits=[(None, GREEN), (0.6, ORANGE), (1, RED)]),
        timeline("Active alerts", "Of the relays' own eighteen.", {"{{alert}}": f"max by (alert) ({series('belfry_alert_active')})"}, width=12,
                 height=11, limits=[(None, "transparent"), (1, RED)], runbooks=["RelayAlertActive"]),
    ])


def signals():
    panels = []
    for detector, (title, alerts) in SIGNALS.items():
        panels.append(lines(
            f"{title}", f"Detector {detector}: what it saw in its last window against what is usual now. The gap is filled.", "short",
            {"observed": of("belfry_anomaly_observed", detector), "expected": of("belfry_anomaly_expected", detector)},
            width=6, height=7, between=("observed", "expected"), sort=False, runbooks=alerts))
    return Row("Observed against expected", panels)


def machinery():
    return Row("The machinery", [
        timeline("Learning", "Where a detector has not seen enough to judge.",
                 {"{{detector}}": f"max by (detector) ({series('belfry_anomaly_learning')})"}, width=12, height=10,
                 mapping={0: ("judges", GREEN), 1: ("learns", ORANGE)}, limits=[(None, GREEN), (1, ORANGE)]),
        lines("Alerts that began", "By name, within the interval shown.", "none",
              {"{{alert}}": f"sum by (alert) (increase({series('belfry_alert_firings_total')}[$__rate_interval])) > 0"}, width=12, height=10,
              stacked=True),
        lines("Pushes", "To Alertmanager and webhooks.", "cps",
              {"{{receiver}}: {{result}}": total("belfry_alert_deliveries_total", "receiver, result")}, width=12, stacked=True,
              runbooks=["AlertPushFailing"]),
        lines("Time of a tick", "To judge ten seconds of traffic.", "s",
              {"median": quantile("belfry_detector_tick_seconds", "0.5"), "quantile $quantile": quantile("belfry_detector_tick_seconds")},
              width=12, runbooks=["DetectorsStalled"]),
    ])


def dashboard():
    return build("belfry-detectors", "Belfry / Detectors", "What each detector saw, what it thought usual, and how near it is to firing.",
                 [now(), signals(), machinery()], time_from="now-6h")
