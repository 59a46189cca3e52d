"""Security: who is refused and why, what TLS looks like, whom limits hold back."""

from .panels import BLUE, GREEN, ORANGE, RED, Row, build, heat, lines, number, quantile, rate, rows, series, timeline, total
from .vocabulary import RELAY_ALERTS

ATTACKS = ["AuthFailureBurst", "CredentialStuffing", "DistributedStuffing", "TokenReplay", "AddressChurn", "ConnectionFlood",
           "TlsFailureSpike", "TlsDowngradeProbe", "LimiterSaturation", "AuditLoss", "ExpiryOrClock"]
assert set(ATTACKS) <= set(RELAY_ALERTS)
EXPIRY = series("belfry_tls_certificate_expiry_timestamp_seconds")


def now():
    return Row("Now", [
        number("Attack alerts", "Active alerts of the detectors that look for attackers.", "none",
               f"sum({series('belfry_alert_active', f'alert=~{chr(34)}{chr(124).join(ATTACKS)}{chr(34)}')})", missing="unknown", width=4),
        number("Tokens refused", "Share of the tokens examined, in the last interval.", "percentunit",
               f"{total('belfry_auth_failures_total')} / ({total('belfry_auth_attempts_total')} > 0)",
               limits=[(None, GREEN), (0.1, ORANGE), (0.5, RED)], missing="none came", width=4, runbooks=["AuthFailureBurst"]),
        number("Handshakes failed", "Share of the TLS handshakes that ended.", "percentunit",
               f"{total('belfry_tls_handshake_failures_total')} / "
               f"(({total('belfry_tls_handshakes_total')} + {total('belfry_tls_handshake_failures_total')}) > 0)",
               limits=[(None, GREEN), (0.15, ORANGE), (0.5, RED)], missing="none came", width=4, runbooks=["TlsFailureSpike"]),
        number("Certificate ends in", "The first of all loaded certificates to end.", "s", f"min(({EXPIRY} > 0) - time())",
               limits=[(None, RED), (3 * 86400, ORANGE), (14 * 86400, GREEN)], missing="none loaded", width=4,
               runbooks=["CertificateExpiry", "CertificateExpirySoon"]),
        number("Users held back", "Denied by a limit within the last minute.", "none", f"sum({series('belfry_ratelimit_throttled_users')})",
               limits=[(None, GREEN), (1, ORANGE)], width=4, runbooks=["LimiterSaturation"]),
        number("Kept out", "Blocks and revocations in force.", "none", f"sum({series('belfry_denials')})", limits=[(None, BLUE)], width=4),
        timeline("Attack alerts over time", "When which was active.",
                 {"{{alert}}": f"max by (alert) ({series('belfry_alert_active', f'alert=~{chr(34)}{chr(124).join(ATTACKS)}{chr(34)}')})"},
                 height=7, limits=[(None, "transparent"), (1, RED)], runbooks=["RelayAlertActive"]),
    ])


def tokens():
    return Row("Tokens and rights", [
        lines("Tokens refused, by reason", "expired alone is a client or an issuer; signature, malformed and alg are somebody who tries.",
              "cps", {"{{reason}}": total("belfry_auth_failures_total", "reason")}, stacked=True,
              runbooks=["AuthFailureBurst", "CredentialStuffing", "DistributedStuffing"]),
        lines("Tokens examined", "All, and those refused.", "cps",
              {"examined": total("belfry_auth_attempts_total"), "refused": total("belfry_auth_failures_total")}),
        lines("Operations refused for lack of permission", "By what was asked.", "cps",
              {"{{action}}": total("belfry_authz_denials_total", "action")}, stacked=True, runbooks=["ErrorRatioShift"]),
        lines("Distinct client addresses", "Estimated, in ten minutes and in a day.", "none",
              {"{{window}}": f"sum by (window) ({series('belfry_unique_sources_estimate')})"},
              runbooks=["ConnectionFlood", "DistributedStuffing"]),
        lines("Distinct users", "Estimated, in ten minutes and in a day.", "none",
              {"{{window}}": f"sum by (window) ({series('belfry_unique_subjects_estimate')})"}, runbooks=["AddressChurn"]),
        lines("Time to verify a token", "Median and the chosen quantile.", "s",
              {"median": quantile("belfry_auth_seconds", "0.5"), "quantile $quantile": quantile("belfry_auth_seconds")}),
        lines("Life left in tokens", "When they were admitted. A short life makes a stolen token worth little.", "s",
              {"a tenth has less than": quantile("belfry_auth_token_remaining_seconds", "0.1"),
               "median": quantile("belfry_auth_token_remaining_seconds", "0.5")}),
        lines("Keys", "Verification keys loaded, by kind.", "none", {"{{alg}}": f"max by (alg) ({series('belfry_auth_keys')})"},
              runbooks=["ExpiryOrClock"]),
        lines("Age of the issuers' keys", "Since the issuer longest unheard of last published; where none is fetched, since the load.", "s",
              {"{{instance}}": f"time() - ({series('belfry_auth_key_refresh_timestamp_seconds')} > 0)"}, runbooks=["ExpiryOrClock"]),
        lines("Blocks and revocations", "In force, by kind.", "none", {"{{kind}}": f"max by (kind) ({series('belfry_denials')})"}),
        lines("Guests' tokens", "What visitors of the chat page were answered.", "cps",
              {"{{result}}": total("belfry_guest_tokens_total", "result")}, stacked=True),
        lines("Clock steps", "By how much the time of day jumped within ten minutes.", "s",
              {"{{direction}}": f"sum by (direction) (increase({series('belfry_clock_step_seconds_total')}[10m]))"}, limits=[(1, RED)],
              runbooks=["ExpiryOrClock"]),
    ])


def tls():
    return Row("TLS", [
        lines("Handshakes", "Completed, by version; resumed ones cost a tenth.", "cps",
              {"TLS {{version}}, resumed: {{resumed}}": total("belfry_tls_handshakes_total", "version, resumed")}, stacked=True),
        lines("Handshakes failed, by reason", "client_alert_certificate: clients do not trust our certificate. plaintext: scanners.", "cps",
              {"{{reason}}": total("belfry_tls_handshake_failures_total", "reason")}, stacked=True, runbooks=["TlsFailureSpike"]),
        lines("Old offers", "Hellos that offer only what is too old.", "cps", {"{{offered}}": total("belfry_tls_legacy_offers_total", "offered")},
              stacked=True, runbooks=["TlsDowngradeProbe"]),
        lines("Time of a handshake", "From accept to the end.", "s",
              {"full, quantile $quantile": quantile("belfry_tls_handshake_seconds", labels='resumed="no"'),
               "resumed, quantile $quantile": quantile("belfry_tls_handshake_seconds", labels='resumed="yes"')}),
        lines("Cipher suites", "Negotiated.", "cps", {"{{cipher}}": total("belfry_tls_ciphers_total", "cipher")}, stacked=True),
        lines("Handshakes in progress", "Begun and not ended. Many with few accepts are half-open ones.", "none",
              {"{{instance}}": series("belfry_tls_handshakes_in_progress")}, runbooks=["ConnectionFlood"]),
        rows("Certificates", "When each ends.", {"": f"1000 * ({EXPIRY} > 0)"}, unit="dateTimeFromNow",
             rename={"name": "Certificate", "instance": "Relay", "Value": "Ends"},
             runbooks=["CertificateExpiry"]),
        lines("Certificate loads and ticket keys", "Each load on SIGHUP, and each new key of session tickets.", "cps",
              {"load: {{result}}": total("belfry_tls_certificate_reloads_total", "result"),
               "ticket key": total("belfry_tls_ticket_key_rotations_total")}, width=12, runbooks=["ConfigReloadFailed"]),
    ])


def edge():
    return Row("At the edge", [
        lines("Turned away before TLS", "By reason.", "cps", {"{{reason}}": total("belfry_listener_rejects_total", "reason")}, stacked=True,
              runbooks=["ConnectionFlood"]),
        lines("Answers to HTTP", "By status; 101 is an upgrade.", "cps", {"{{code}}": total("belfry_http_requests_total", "code")}, stacked=True),
        lines("Upgrades", "origin: a page that may not. bad_request, version: not a browser.", "cps",
              {"{{result}}": total("belfry_ws_upgrades_total", "result")}, stacked=True),
        lines("Violations of the WebSocket protocol", "By kind.", "cps", {"{{kind}}": total("belfry_ws_protocol_errors_total", "kind")},
              stacked=True, runbooks=["ErrorRatioShift"]),
        lines("Oddities", "Tolerated, but many of one kind are a broken client or a probe.", "cps",
              {"{{kind}}": total("belfry_connection_glitches_total", "kind")}, stacked=True),
        lines("Events logged", "Journal entries by event, the ordinary coming and going left out.", "cps",
              {"{{event}}": total("belfry_logged_events_total", "event", 'event!~"conn.open|conn.close|auth.success"') + " > 0"}, stacked=True),
    ])


def limits():
    return Row("Limits and operators", [
        lines("Limiter's decisions", "By whose budget. dry_run would have been denied.", "cps",
              {"{{scope}}: {{decision}}": total("belfry_ratelimit_decisions_total", "scope, decision", 'decision!="allow"')}, stacked=True,
              runbooks=["LimiterSaturation"]),
        lines("Share denied", "Of all the limiter's decisions.", "percentunit",
              {"{{scope}}": f"sum by (scope) ({rate('belfry_ratelimit_decisions_total', 'decision=~' + chr(34) + 'deny|dry_run' + chr(34))}) / "
                            f"(sum by (scope) ({rate('belfry_ratelimit_decisions_total')}) > 0)"}, high=1, runbooks=["LimiterSaturation"]),
        lines("Budgets tracked", "Entries in the limiter's tables.", "none",
              {"{{scope}}": f"sum by (scope) ({series('belfry_ratelimit_tracked')})"}),
        lines("Server API", "Calls, by method and result.", "cps",
              {"{{method}}: {{result}}": total("belfry_api_calls_total", "method, result") + " > 0"}, stacked=True),
        lines("Server API: not let in", "By what was wrong with the key.", "cps", {"{{reason}}": total("belfry_api_denials_total", "reason")},
              stacked=True),
        lines("Side port", "Requests by path.", "cps", {"{{path}}": total("belfry_sideport_requests_total", "path")}, stacked=True),
        heat("Life of connections", "How long those that closed had lived. A floor of short ones is a probe or a crash loop of clients.", "s",
             "belfry_connection_duration_seconds", width=24, height=7, runbooks=["ReconnectStorm"]),
    ])


def dashboard():
    return build("belfry-security", "Belfry / Security", "Who is refused and why, what TLS looks like, whom limits hold back.",
                 [now(), tokens(), tls(), edge(), limits()])
