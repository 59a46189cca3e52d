"""SLO: what users notice, how fast the budget of errors burns, and how much of it is left."""

from .panels import GREEN, ORANGE, RED, Row, build, lines, note, number, rate, total

WINDOWS = ("5m", "30m", "1h", "6h", "3d")
JOB = '{job=~"$job"}'
OBJECTIVE = 0.001
TITLES = {"admission": "Admission: those who may come in do", "delivery": "Delivery: copies are written within 100 ms"}


def left(sli, runbooks):
    return number("Budget left", "Of 30 days' errors; below 0 the objective is missed.", "percentunit",
                  f"min(job:belfry_{sli}_budget:remaining30d{JOB})", width=6, decimals=1,
                  limits=[(None, RED), (0, ORANGE), (0.25, GREEN)], missing="no rules", runbooks=runbooks)


def good(sli, runbooks):
    return number("Good, 3 days", "Share of requests that went well. Objective 99.9 %.", "percentunit",
                  f"min(1 - job:belfry_{sli}_errors:ratio_rate3d{JOB})", width=6, decimals=3,
                  limits=[(None, RED), (0.99, ORANGE), (1 - OBJECTIVE, GREEN)], missing="no rules", runbooks=runbooks)


def burn(sli, runbooks):
    return lines("Burn rate", "1 uses up the budget in exactly 30 days. Pages: 14.4 in 1h and 5m, 6 in 6h and 30m. Ticket: 1 in 3d and 6h.",
                 "none", {f"{window}": f"max(job:belfry_{sli}_errors:ratio_rate{window}{JOB}) / {OBJECTIVE}" for window in WINDOWS}, width=12,
                 height=9, limits=[(1, ORANGE), (6, ORANGE), (14.4, RED)], runbooks=runbooks)


def down(sli, runbooks):
    return lines("Budget, burning down", "Of the last 30 days.", "percentunit",
                 {"{{job}}": f"job:belfry_{sli}_budget:remaining30d{JOB}"}, width=12, height=9, low=None, high=1,
                 limits=[(0, RED)], runbooks=runbooks)


def objective(sli, causes):
    name = sli.capitalize()
    runbooks = [f"{name}BurnFast", f"{name}BurnSlow"]
    return Row(TITLES[sli], [
        left(sli, runbooks), good(sli, runbooks),
        number("Burns now", "Burn rate over an hour. 1 is sustainable, 14.4 pages.", "none",
               f"max(job:belfry_{sli}_errors:ratio_rate1h{JOB}) / {OBJECTIVE}", width=6, decimals=2,
               limits=[(None, GREEN), (1, ORANGE), (14.4, RED)], missing="no rules", runbooks=runbooks),
        number("Requests", "A second, over five minutes.", "cps", f"sum(job:belfry_{sli}_requests:rate5m{JOB})", width=6, decimals=1,
               limits=[(None, "blue")], missing="no rules"),
        burn(sli, runbooks), down(sli, runbooks), causes,
    ])


ADMISSION = lines(
    "What the failures are", "Failures that count against the objective, by cause.", "cps", {
        "turned away: {{reason}}": total("belfry_listener_rejects_total", "reason", 'reason=~"max_connections|overload|descriptors|error"'),
        "handshake: internal": total("belfry_tls_handshake_failures_total", "", 'reason="internal"'),
        "upgrade: limit": total("belfry_ws_upgrades_total", "", 'result="limit"'),
        "token: internal": total("belfry_auth_failures_total", "", 'reason="internal"'),
        "self-probe: {{result}}": total("belfry_selfprobe_runs_total", "result", 'result!="passed"'),
    }, width=24, stacked=True, runbooks=["AdmissionBurnFast"])
DELIVERY = lines(
    "What the failures are", "Copies that count against the objective: late ones, and those the relay lost.", "cps", {
        "later than 100 ms": f"sum({rate('belfry_delivery_seconds_count')}) - "
                             f"sum({rate('belfry_delivery_seconds_bucket', 'le=' + chr(34) + '0.1' + chr(34))})",
        "lost: {{reason}}": total("belfry_messages_dropped_total", "reason", 'reason=~"overload|internal"'),
    }, width=24, stacked=True, runbooks=["DeliveryBurnFast"])


def dashboard():
    explanation = note(
        "How to read this", "What the two objectives count.",
        "**Admission** counts connects against failures that are ours: no room, no descriptor, an internal error, a failed self-probe. Bad "
        "tokens, foreign origins and limits per user are the client's and have alerts of their own. **Delivery** counts every copy of every "
        "publication; late is more than 100 ms from receipt to the socket. Copies lost by a slow or departed reader are the reader's. The rules "
        "are in `ops/prometheus/rules.yml`.")
    return build("belfry-slo", "Belfry / SLO", "What users notice, how fast the budget of errors burns, and how much of it is left.",
                 [objective("admission", ADMISSION), objective("delivery", DELIVERY), Row("Notes", [explanation])], time_from="now-24h")
