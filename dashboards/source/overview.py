"""Overview: is it well, and if not, what is it?"""

from .panels import BLUE, GREEN, ORANGE, RED, SELECT, Row, build, heat, lines, number, quantile, rows, series, timeline, total
from .vocabulary import RULE_ALERTS

STATES = {1: ("serving", GREEN), 2: ("starting", BLUE), 3: ("draining", ORANGE), 4: ("overloaded", RED)}
STATE = " or ".join(
    f"{value} * ({series('belfry_state', f'belfry_state={chr(34)}{name}{chr(34)}')} == 1)" for value, (name, _) in STATES.items())
FIRING = f'ALERTS{{alertstate="firing",alertname=~"{"|".join(RULE_ALERTS)}"}}'
FAILED_PROBES = ('sum(increase(' + series("belfry_selfprobe_runs_total", 'result!="passed"') + "[10m]))")


def well():
    return Row("Is it well?", [
        number("Reachable", "1 when Prometheus reaches every chosen relay's side port, 0 when it misses one.", "none",
               f"min(up{{{SELECT}}})", mapping={0: ("DOWN", RED), 1: ("up", GREEN)}, limits=[(None, RED), (1, GREEN)],
               missing="not watched", runbooks=["RelayDown"]),
        number("State", "The worst state among the chosen relays.", "none", f"max({STATE})", mapping=STATES,
               limits=[(None, GREEN), (2, ORANGE), (4, RED)], missing="unknown", runbooks=["RelayOverloaded"]),
        number("Relay alerts", "Alerts that the relays' own detectors have raised and not resolved. Below: which.", "none",
               f"sum({series('belfry_alert_active')})", missing="unknown", runbooks=["RelayAlertActive"]),
        number("Rule alerts", "Alerts that Prometheus makes of rules.yml, the dead man's switch left out.", "none",
               f"count({FIRING}) or vector(0)", missing="unknown"),
        number("Self-probe", "Time since a message last made the round trip through the public port.", "s",
               f"max(time() - ({series('belfry_selfprobe_last_success_timestamp_seconds')} > 0))",
               limits=[(None, GREEN), (120, ORANGE), (300, RED)], missing="off", runbooks=["SelfProbeFailing"]),
        number("Admission, 1 h", "Of those who may come in, how many did. Objective 99.9 %.", "percentunit",
               'min(1 - job:belfry_admission_errors:ratio_rate1h{job=~"$job"})', decimals=2,
               limits=[(None, RED), (0.9856, ORANGE), (0.999, GREEN)], missing="no rules", runbooks=["AdmissionBurnFast"]),
        number("Delivery, 1 h", "Copies of publications written within 100 ms. Objective 99.9 %.", "percentunit",
               'min(1 - job:belfry_delivery_errors:ratio_rate1h{job=~"$job"})', decimals=2,
               limits=[(None, RED), (0.9856, ORANGE), (0.999, GREEN)], missing="no rules", runbooks=["DeliveryBurnFast"]),
        number("Journal lost, 1 h", "Journal entries lost in the last hour. Anything but 0 is a hole in the audit trail.", "none",
               f"sum(round(increase({series('belfry_journal_dropped_total')}[1h])))", missing="unknown", runbooks=["AuditLoss"]),
    ])


def what():
    return Row("If not, what?", [
        rows("Firing now: the relays' alerts", "One line an alert. Who and why: GET /alerts on the relay's side port.",
             {"": f"{series('belfry_alert_active')} > 0"}, width=8, rename={"Value": "instances", "alert": "Alert", "instance": "Relay"},
             link=("Alert", "${runbooks}/${__data.fields.Alert}.md")),
        rows("Firing now: rules", "Alerts that Prometheus makes.", {"": FIRING}, width=8, hide=("alertstate", "Value", "alert"),
             rename={"alertname": "Alert", "severity": "Severity", "instance": "Relay"},
             link=("Alert", "${runbooks}/${__data.fields.Alert}.md")),
        rows("What runs", "Version and commit of each relay, and the libraries it was built with.", {"": series("belfry_build_info")},
             width=8, hide=("Value",), rename={"instance": "Relay"}, missing="nothing"),
        timeline("Alerts over time", "When which alert of the relays was active.",
                 {"{{alert}}": f"max by (alert) ({series('belfry_alert_active')})"}, height=10,
                 limits=[(None, "transparent"), (1, RED)], runbooks=["RelayAlertActive"]),
    ])


def here():
    return Row("Who is here", [
        lines("Connections by stage", "tls: shaking hands; http: before the upgrade; auth: before the token; active; closing.", "none",
              {"{{stage}}": f"sum by (stage) ({series('belfry_connections_open')})"}, stacked=True, runbooks=["ConnectionFlood"]),
        lines("Coming and turned away", "Connections taken from the kernel, and those closed before TLS, by reason.", "cps",
              {"accepted": total("belfry_listener_accepts_total"),
               "turned away: {{reason}}": total("belfry_listener_rejects_total", "reason") + " > 0"}, runbooks=["ConnectionFlood"]),
        lines("Going, by reason", "Why connections ended, and who ended them. The reasons are explained in ops/metrics.md.", "cps",
              {"{{by}}: {{reason}}": total("belfry_connections_closed_total", "by, reason") + " > 0"}, stacked=True,
              runbooks=["ReconnectStorm"]),
        number("Users", "Distinct users with a connection; one who is on two relays counts twice.", "none",
               f"sum({series('belfry_users')})", limits=[(None, BLUE)], width=4),
        number("Connections", "Open now.", "none", f"sum({series('belfry_connections_open')})", limits=[(None, BLUE)], width=4),
        number("Room for more", "Share of server.max_connections in use.", "percentunit",
               f"max(sum by (instance) ({series('belfry_connections_open')}) / sum by (instance) ({series('belfry_connections_limit')}))",
               limits=[(None, GREEN), (0.8, ORANGE), (0.95, RED)], width=4, runbooks=["ResourcePressure"]),
        number("Rooms", "Channels with a subscriber.", "none", f"sum({series('belfry_rooms')})", limits=[(None, BLUE)], width=4),
        number("Subscriptions", "Over all channels.", "none", f"sum({series('belfry_room_memberships')})", limits=[(None, BLUE)], width=4),
        number("Tokens accepted", "Share of the tokens examined that were good.", "percentunit",
               f"1 - {total('belfry_auth_failures_total')} / ({total('belfry_auth_attempts_total')} > 0)",
               limits=[(None, RED), (0.5, ORANGE), (0.9, GREEN)], missing="none came", width=4, runbooks=["AuthFailureBurst"]),
    ])


def work():
    return Row("What they do, and how well it goes", [
        lines("Commands accepted", "Client commands, by kind.", "cps", {"{{type}}": total("belfry_messages_received_total", "type")},
              stacked=True, runbooks=["MessageRateSpike"]),
        lines("Commands refused", "By reason.", "cps", {"{{reason}}": total("belfry_messages_rejected_total", "reason")}, stacked=True,
              runbooks=["ErrorRatioShift"]),
        lines("Deliveries", "Copies of publications written to sockets, and those lost.", "cps",
              {"delivered": total("belfry_messages_delivered_total"), "lost: {{reason}}": total("belfry_messages_dropped_total", "reason")},
              runbooks=["FanoutAmplification", "TrafficVanished"]),
        lines("Time to deliver", "From receipt of a publication to a recipient's socket write; the line is the objective.", "s",
              {"median": quantile("belfry_delivery_seconds", "0.5"), "quantile $quantile": quantile("belfry_delivery_seconds")},
              limits=[(0.1, RED)], runbooks=["DeliveryLatencyShift"]),
        heat("Time to deliver, all of it", "How many copies took how long.", "s", "belfry_delivery_seconds", width=8,
             runbooks=["DeliveryBurnFast"]),
        lines("Self-probe", "Round trips of the relay's own message, and how long they took.", "s",
              {"quantile $quantile": quantile("belfry_selfprobe_seconds")}, runbooks=["SelfProbeFailing"]),
        lines("Volume", "Bytes on the wire: received above, sent below.", "Bps",
              {"received: {{instance}}": total("belfry_received_bytes_total", "instance", 'layer="wire"'),
               "sent: {{instance}}": "-" + total("belfry_sent_bytes_total", "instance", 'layer="wire"')}, low=None),
        lines("Errors' budget left", "Of 30 days; 1 is all of it, below 0 the objective is missed.", "percentunit",
              {"admission": 'job:belfry_admission_budget:remaining30d{job=~"$job"}',
               "delivery": 'job:belfry_delivery_budget:remaining30d{job=~"$job"}'}, low=None, high=1, limits=[(0, RED)],
              runbooks=["AdmissionBurnSlow", "DeliveryBurnSlow"]),
        lines("Processor", "Cores in use, by relay.", "none", {"{{instance}}": total("process_cpu_seconds_total", "instance")},
              runbooks=["DeliveryLatencyShift"]),
    ])


def dashboard():
    return build("belfry-overview", "Belfry / Overview", "Is it well, and if not, what is it?", [well(), what(), here(), work()])
