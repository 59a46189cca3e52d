"""Delivery and capacity: how messages spread, where they wait, and what is running out."""

from .overview import STATE, STATES
from .panels import BLUE, GREEN, ORANGE, RED, Row, build, heat, lines, mean, number, quantile, rate, series, timeline, total

HISTORY = "belfry_history"


def now():
    return Row("Now", [
        number("Delivery, quantile $quantile", "From receipt to a recipient's socket write.", "s", quantile("belfry_delivery_seconds"),
               limits=[(None, GREEN), (0.05, ORANGE), (0.1, RED)], missing="no traffic", runbooks=["DeliveryLatencyShift"]),
        number("Waiting", "Bytes that clients have not read yet.", "bytes", f"sum({series('belfry_outbound_queue_bytes')})",
               limits=[(None, GREEN), (64 << 20, ORANGE), (512 << 20, RED)], runbooks=["SlowConsumers"]),
        number("Slow clients", "Connections whose output waits longer than allowed.", "none", f"sum({series('belfry_slow_consumers')})",
               limits=[(None, GREEN), (5, ORANGE), (50, RED)], runbooks=["SlowConsumers"]),
        number("Loop lag, quantile $quantile", "How late timers fire on the event loops.", "s", quantile("belfry_event_loop_lag_seconds"),
               limits=[(None, GREEN), (0.025, ORANGE), (0.1, RED)], missing="unknown", runbooks=["DeliveryLatencyShift"]),
        number("Processor", "Cores in use, all chosen relays together.", "none", total("process_cpu_seconds_total"), limits=[(None, BLUE)],
               decimals=2),
        number("Tightest resource", "The highest pressure over all resources and relays.", "percentunit",
               f"max({series('belfry_overload_pressure_ratio')})", limits=[(None, GREEN), (0.8, ORANGE), (0.9, RED)],
               runbooks=["ResourcePressure"]),
        number("Store", "Whether changes can be stored.", "none", f"max({series('belfry_store_failing')})",
               mapping={0: ("well", GREEN), 1: ("FAILING", RED)}, missing="unknown", runbooks=["StoreFailing"]),
        number("Journal waits", "Entries waiting for the writer.", "none", f"max({series('belfry_journal_queue_length')})",
               limits=[(None, GREEN), (1000, ORANGE), (4000, RED)], runbooks=["AuditLoss"]),
    ])


def spread():
    return Row("How messages spread", [
        heat("Fan-out", "Recipients per publication and loop: how many publications went to how many.", "none", "belfry_fanout_recipients",
             runbooks=["FanoutAmplification"]),
        heat("Sizes", "Payload of publications.", "bytes", "belfry_message_size_bytes"),
        lines("Deliveries for each publication", "The mean. It rises with large rooms.", "none",
              {"copies": f"{total('belfry_messages_delivered_total')} / (sum({rate('belfry_message_size_bytes_count')}) > 0)"},
              runbooks=["FanoutAmplification"]),
        lines("Where the time goes", "Mean of each stage of a publication's way.", "s", {"{{stage}}": mean("belfry_message_stage_seconds", "stage")},
              stacked=True, runbooks=["DeliveryLatencyShift"]),
        lines("Slowest of each stage", "The chosen quantile.", "s", {"{{stage}}": quantile("belfry_message_stage_seconds", by="stage")},
              runbooks=["DeliveryLatencyShift"]),
        lines("Copies lost", "By reason. slow: the reader was cut; closed: it was gone.", "cps",
              {"{{reason}}": total("belfry_messages_dropped_total", "reason")}, stacked=True, runbooks=["SlowConsumers", "DeliveryBurnFast"]),
        lines("Waiting for clients", "Bytes in outbound queues, by relay.", "bytes", {"{{instance}}": series("belfry_outbound_queue_bytes")},
              runbooks=["SlowConsumers"]),
        lines("Waiting copies", "Copies of publications in outbound queues.", "none", {"{{instance}}": series("belfry_outbound_queue_messages")},
              runbooks=["SlowConsumers"]),
        lines("Ping to pong", "Network and client together; the relay's own share is the loop lag.", "s",
              {"median": quantile("belfry_ws_ping_rtt_seconds", "0.5"), "quantile $quantile": quantile("belfry_ws_ping_rtt_seconds")}),
        lines("Frames received", "By opcode.", "cps", {"{{opcode}}": total("belfry_ws_frames_received_total", "opcode")}, stacked=True),
        lines("Frames sent", "By opcode.", "cps", {"{{opcode}}": total("belfry_ws_frames_sent_total", "opcode")}, stacked=True),
        lines("Bytes", "On the wire, and of those the payload.", "Bps",
              {"received: {{layer}}": total("belfry_received_bytes_total", "layer"), "sent: {{layer}}": total("belfry_sent_bytes_total", "layer")}),
        lines("Compression saves", "Share of the bytes of compressed messages.", "percentunit",
              {"{{direction}}": f"1 - sum by (direction) ({rate('belfry_ws_deflate_bytes_total', 'form=' + chr(34) + 'compressed' + chr(34))}) / "
                                f"(sum by (direction) ({rate('belfry_ws_deflate_bytes_total', 'form=' + chr(34) + 'plain' + chr(34))}) > 0)"}),
        lines("Compressed messages", "And connections that agreed on compression.", "cps",
              {"{{direction}}": total("belfry_ws_deflate_messages_total", "direction"),
               "connections": total("belfry_ws_deflate_connections_total")}),
        lines("Recoveries", "Subscribes that asked for what was missed, by how that ended; and positions that were lost.", "cps",
              {"{{outcome}}": total("belfry_recoveries_total", "outcome"), "positions lost": total("belfry_positions_lost_total")}, stacked=True,
              runbooks=["ReconnectStorm"]),
    ])


def process():
    return Row("What is running out", [
        lines("Pressure", "How much of each bounded resource is in use.", "percentunit",
              {"{{resource}}, {{instance}}": series("belfry_overload_pressure_ratio")}, high=1, limits=[(0.9, RED)],
              runbooks=["ResourcePressure", "RelayOverloaded"]),
        lines("Measures against overload", "Times that one began.", "cps", {"{{action}}": total("belfry_overload_actions_total", "action")},
              stacked=True, runbooks=["RelayOverloaded"]),
        timeline("State", "Of each relay.",
                 {"{{instance}}": f"max by (instance) ({STATE})"}, width=8,
                 mapping=STATES,
                 limits=[(None, GREEN), (2, ORANGE), (4, RED)], runbooks=["RelayOverloaded", "RelayRestarting"]),
        lines("Processor", "Cores in use.", "none", {"{{instance}}": rate("process_cpu_seconds_total")}),
        lines("Memory", "Resident.", "bytes", {"{{instance}}": series("process_resident_memory_bytes")}, runbooks=["ResourcePressure"]),
        lines("Descriptors", "Open, and the most there may be.", "none",
              {"open: {{instance}}": series("process_open_fds"), "limit: {{instance}}": series("process_max_fds")}, log=True, low=None,
              runbooks=["ResourcePressure"]),
        lines("Connections", "Open, and the most there may be.", "none",
              {"open: {{instance}}": f"sum by (instance) ({series('belfry_connections_open')})",
               "limit: {{instance}}": series("belfry_connections_limit")}, log=True, low=None, runbooks=["ResourcePressure"]),
        lines("Loop lag", "How late timers fire on the event loops.", "s",
              {"median": quantile("belfry_event_loop_lag_seconds", "0.5"), "quantile $quantile": quantile("belfry_event_loop_lag_seconds")},
              limits=[(0.1, RED)], runbooks=["DeliveryLatencyShift"]),
        lines("Threads", "Of the process; steady unless something leaks.", "none", {"{{instance}}": series("process_threads")}),
    ])


def store():
    return Row("History and store", [
        lines("Kept in memory", "Publications for recovery.", "bytes", {"{{instance}}": series(f"{HISTORY}_bytes")}, runbooks=["ResourcePressure"]),
        lines("Streams and publications", "Kept for recovery.", "none",
              {"channels": f"sum({series(f'{HISTORY}_streams')})", "publications": f"sum({series(f'{HISTORY}_publications')})"}),
        lines("Dropped before their time", "From memory (shed) and from disk (pruned), because it was full.", "cps",
              {"memory: {{what}}": total(f"{HISTORY}_shed_total", "what"), "disk: {{what}}": total("belfry_store_pruned_total", "what")},
              stacked=True, runbooks=["ResourcePressure"]),
        lines("Time to store a group", "Median and the chosen quantile.", "s",
              {"median": quantile("belfry_store_commit_seconds", "0.5"), "quantile $quantile": quantile("belfry_store_commit_seconds")},
              runbooks=["StoreFailing"]),
        lines("Groups stored", "By what became of them.", "cps", {"{{result}}": total("belfry_store_commits_total", "result")}, stacked=True,
              runbooks=["StoreFailing"]),
        lines("Refused and lost", "Publications that could not be stored: durable ones are refused, relaxed ones lose their history.", "cps",
              {"refused: {{reason}}": total("belfry_store_refused_total", "reason"), "lost": total("belfry_store_lost_total")}, stacked=True,
              runbooks=["StoreFailing"]),
        lines("On disk", "Size of the store.", "bytes", {"{{instance}}": series("belfry_store_bytes")}),
        lines("Waiting for the disk", "Changes not stored yet.", "bytes", {"{{instance}}": series("belfry_store_queue_bytes")},
              runbooks=["StoreFailing"]),
        lines("Questions open", "Of the server API, to the event loops.", "none", {"{{instance}}": series("belfry_api_pending")}),
    ])


def eyes():
    return Row("Journal and side port", [
        lines("Journal entries", "Handed to journald, by priority.", "cps", {"{{priority}}": total("belfry_journal_entries_total", "priority")},
              stacked=True),
        lines("Journal entries lost", "By reason.", "cps", {"{{reason}}": total("belfry_journal_dropped_total", "reason")}, stacked=True,
              runbooks=["AuditLoss", "JournalLoss"]),
        lines("Time of one write", "To journald.", "s", {"quantile $quantile": quantile("belfry_journal_write_seconds")}, runbooks=["JournalLoss"]),
        lines("Journal last read back", "Age of the last entry that the relay found again in the journal.", "s",
              {"{{instance}}": f"time() - ({series('belfry_journal_last_verified_timestamp_seconds')} > 0)"}, limits=[(120, RED)],
              runbooks=["AuditLoss"]),
        lines("Journal queue", "Entries waiting for the writer.", "none", {"{{instance}}": series("belfry_journal_queue_length")},
              runbooks=["JournalLoss"]),
        lines("Side port's answers", "By status.", "cps", {"{{code}}": total("belfry_sideport_answers_total", "code")}, stacked=True),
        lines("Followers of streams", "Alerts, status, tap.", "none", {"{{stream}}": f"sum by (stream) ({series('belfry_stream_clients')})"}),
        lines("Dropped from streams", "Entries that a slow follower did not get.", "cps",
              {"{{stream}}": total("belfry_stream_dropped_total", "stream")}, stacked=True),
        lines("Cost of a scrape", "Time the relay took to render the previous page.", "s", {"{{instance}}": series("belfry_exposition_seconds")},
              limits=[(0.01, ORANGE)], runbooks=["SeriesBudgetExceeded"]),
        lines("Size of a scrape", "The promise is 80 KB.", "bytes", {"{{instance}}": series("belfry_exposition_bytes")}, limits=[(80000, RED)],
              runbooks=["SeriesBudgetExceeded"]),
        lines("Series", "Samples of a scrape; the promise is 800.", "none", {"{{instance}}": series("scrape_samples_scraped")},
              limits=[(800, RED)], runbooks=["SeriesBudgetExceeded"]),
        timeline("Configuration", "Whether the last load worked.",
                 {"{{instance}}": series("belfry_config_last_reload_successful")}, width=8,
                 mapping={0: ("refused", RED), 1: ("good", GREEN)}, limits=[(None, RED), (1, GREEN)], runbooks=["ConfigReloadFailed"]),
    ])


def dashboard():
    return build("belfry-delivery", "Belfry / Delivery and capacity", "How messages spread, where they wait, and what is running out.",
                 [now(), spread(), process(), store(), eyes()])
