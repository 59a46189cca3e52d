extension MetricFamily {
    /// The one table that the layout, the exposition and the operator's reference are made of.
    public var definition: FamilyDefinition {
        switch self {
        case .build:
            FamilyDefinition(
                name: "belfry_build", kind: .info, unit: .none, labels: [], help: "What is running.")
        case .state:
            FamilyDefinition(
                name: "belfry_state", kind: .stateSet, unit: .none,
                // OpenMetrics wants the family's own name as the label's.
                labels: [.closed("belfry_state", ServiceState.self)],
                help: "Where the relay is in its life.")
        case .configLastReloadSuccessful:
            .gauge(
                "config_last_reload_successful",
                help: "1 when the last load of the configuration worked, else 0.")
        case .configLastReloadSuccess:
            .gauge(
                "config_last_reload_success_timestamp_seconds", unit: .seconds, merge: .max,
                help: "When the configuration was last loaded with success.")
        case .clockStep:
            .counter(
                "clock_step_seconds", [.closed("direction", ClockDirection.self)], unit: .seconds,
                help: "By how much the time of day has jumped against the monotonic clock.")

        case .processStartTime:
            .gauge(
                "process_start_time_seconds", unit: .seconds, prefix: "", help: "When the process started.")
        case .processCPU:
            .counter(
                "process_cpu_seconds", unit: .seconds, prefix: "", help: "User and system CPU time spent.")
        case .processResidentMemory:
            .gauge("process_resident_memory_bytes", unit: .bytes, prefix: "", help: "Resident memory.")
        case .processVirtualMemory:
            .gauge("process_virtual_memory_bytes", unit: .bytes, prefix: "", help: "Virtual memory.")
        case .processOpenDescriptors: .gauge("process_open_fds", prefix: "", help: "Open file descriptors.")
        case .processMaxDescriptors:
            .gauge("process_max_fds", prefix: "", help: "The most file descriptors the process may open.")
        case .processThreads: .gauge("process_threads", prefix: "", help: "Threads of the process.")

        case .eventLoopLag:
            .histogram(
                "event_loop_lag_seconds", unit: .seconds, .latency,
                help: "How late timers fire on the event loops.")
        case .listenerAccepts: .counter("listener_accepts", help: "Connections taken from the kernel.")
        case .listenerRejects:
            .counter(
                "listener_rejects", [.closed("reason", AcceptRefusal.self)],
                help: "Connections taken from the kernel and closed before TLS.")
        case .connectionsOpen:
            .gauge("connections_open", [.closed("stage", ConnectionStage.self)], help: "Open connections.")
        case .connectionsLimit: .gauge("connections_limit", help: "The most connections that may be open.")
        case .connectionDuration:
            .histogram(
                "connection_duration_seconds", unit: .seconds, .life, help: "Life of closed connections.")
        case .connectionsClosed:
            .counter(
                "connections_closed", [.closed("by", ClosedBy.self), .closed("reason", CloseReason.self)],
                help: "Closed connections, by who ended them and why.")
        case .connectionGlitches:
            .counter(
                "connection_glitches", [.closed("kind", Glitch.self)],
                help: "Odd but tolerated protocol behaviour.")

        case .tlsHandshakes:
            .counter(
                "tls_handshakes", [.closed("version", TLSVersionLabel.self), .closed("resumed", Flag.self)],
                help: "Completed TLS handshakes.")
        case .tlsHandshakeFailures:
            .counter(
                "tls_handshake_failures", [.closed("reason", HandshakeFailure.self)],
                help: "Failed TLS handshakes.")
        case .tlsHandshakesInProgress:
            .gauge("tls_handshakes_in_progress", help: "TLS handshakes that have begun and not ended.")
        case .tlsHandshakeDuration:
            .histogram(
                "tls_handshake_seconds", [.closed("resumed", Flag.self)], unit: .seconds, .handshake,
                help: "From accept to the end of a completed TLS handshake.")
        case .tlsCiphers:
            .counter("tls_ciphers", [.closed("cipher", CipherLabel.self)], help: "Negotiated cipher suites.")
        case .tlsLegacyOffers:
            .counter(
                "tls_legacy_offers", [.closed("offered", LegacyOffer.self)],
                help: "Client hellos that offered only what is too old.")
        case .tlsCertificateExpiry:
            .gauge(
                "tls_certificate_expiry_timestamp_seconds", [.certificates], unit: .seconds, merge: .max,
                help: "When each loaded certificate expires.")
        case .tlsCertificateReloads:
            .counter(
                "tls_certificate_reloads", [.closed("result", Outcome.self)],
                help: "Certificate loads after the first.")
        case .tlsTicketKeyRotations: .counter("tls_ticket_key_rotations", help: "New session ticket keys.")

        case .httpRequests:
            .counter(
                "http_requests", [.closed("code", HTTPCode.self)],
                help: "HTTP requests answered on the public port.")
        case .wsUpgrades:
            .counter(
                "ws_upgrades", [.closed("result", UpgradeOutcome.self)],
                help: "Requests to upgrade to WebSocket.")
        case .wsProtocolErrors:
            .counter(
                "ws_protocol_errors", [.closed("kind", FrameFault.self)],
                help: "Violations of RFC 6455 by clients.")
        case .wsFramesReceived:
            .counter(
                "ws_frames_received", [.closed("opcode", FrameOpcode.self)],
                help: "WebSocket frames received.")
        case .wsFramesSent:
            .counter("ws_frames_sent", [.closed("opcode", FrameOpcode.self)], help: "WebSocket frames sent.")
        case .wsDeflateConnections:
            .counter("ws_deflate_connections", help: "Connections that agreed on compression.")
        case .wsDeflateMessages:
            .counter(
                "ws_deflate_messages", [.closed("direction", MessageDirection.self)],
                help: "Messages inflated and compressed; one for a publication, however many receive it.")
        case .wsDeflateBytes:
            .counter(
                "ws_deflate_bytes",
                [.closed("direction", MessageDirection.self), .closed("form", MessageForm.self)],
                unit: .bytes, help: "Sizes of those messages, without compression and with it.")
        case .wsPingRTT:
            .histogram("ws_ping_rtt_seconds", unit: .seconds, .latency, help: "From ping to pong.")
        case .receivedBytes:
            .counter(
                "received_bytes", [.closed("layer", ByteLayer.self)], unit: .bytes,
                help: "Bytes received, each byte counted at both layers.")
        case .sentBytes:
            .counter(
                "sent_bytes", [.closed("layer", ByteLayer.self)], unit: .bytes,
                help: "Bytes sent, each byte counted at both layers.")

        case .authAttempts: .counter("auth_attempts", help: "Tokens examined.")
        case .authFailures:
            .counter("auth_failures", [.closed("reason", AuthFailure.self)], help: "Tokens refused.")
        case .authDuration:
            .histogram("auth_seconds", unit: .seconds, .handshake, help: "Time to verify a token.")
        case .authKeys:
            .gauge("auth_keys", [.closed("alg", KeyFamily.self)], help: "Verification keys loaded.")
        case .authKeyRefresh:
            .gauge(
                "auth_key_refresh_timestamp_seconds", unit: .seconds, merge: .max,
                help: "When the keys of the issuer longest unheard of were last fetched.")
        case .authTokenRemaining:
            .histogram(
                "auth_token_remaining_seconds", unit: .seconds, .life,
                help: "Life left in a token when admitted.")
        case .authzDenials:
            .counter(
                "authz_denials", [.closed("action", DeniedOperation.self)],
                help: "Operations refused for lack of permission.")
        case .denials:
            .gauge(
                "denials", [.closed("kind", DenialKind.self)],
                help: "Blocks and revocations that operators have put in force.")
        case .guestTokens:
            .counter(
                "guest_tokens", [.closed("result", GuestTokenResult.self)],
                help: "Tokens that visitors of the chat page asked for.")

        case .recoveries:
            .counter(
                "recoveries", [.closed("outcome", RecoveryResult.self)],
                help: "Subscribes that asked for what was missed, by how that ended.")
        case .positionsLost:
            .counter(
                "positions_lost", help: "Subscriptions ended because publications were missing (2500).")
        case .messageStage:
            .histogram(
                "message_stage_seconds", [.closed("stage", MessageStage.self)], unit: .seconds, .stage,
                help: "Where the time of a publication goes, from the socket to the sockets.")
        case .messagesReceived:
            .counter(
                "messages_received", [.closed("type", MessageType.self)], help: "Client commands accepted.")
        case .messagesRejected:
            .counter(
                "messages_rejected", [.closed("reason", MessageRejection.self)],
                help: "Client commands refused.")
        case .messagesDelivered:
            .counter("messages_delivered", help: "Recipient copies of publications written to the socket.")
        case .messagesDropped:
            .counter(
                "messages_dropped", [.closed("reason", MessageLoss.self)],
                help: "Recipient copies of publications lost.")
        case .delivery:
            .histogram(
                "delivery_seconds", unit: .seconds, .latency,
                help: "From receipt of a publication to a recipient's socket write.")
        case .fanoutRecipients:
            .histogram(
                "fanout_recipients", unit: .none, .fanout, help: "Recipients per publication, by event loop.")
        case .messageSize:
            .histogram("message_size_bytes", unit: .bytes, .size, help: "Payload size of publications.")
        case .rooms: .gauge("rooms", help: "Channels with at least one subscriber.")
        case .roomMemberships: .gauge("room_memberships", help: "Subscriptions, over all channels.")
        case .users: .gauge("users", help: "Distinct users with a connection.")
        case .uniqueSources:
            .gauge(
                "unique_sources_estimate", [.closed("window", EstimateWindow.self)],
                help: "Distinct client addresses, estimated.")
        case .uniqueSubjects:
            .gauge(
                "unique_subjects_estimate", [.closed("window", EstimateWindow.self)],
                help: "Distinct authenticated users, estimated.")
        case .historyStreams:
            .gauge("history_streams", help: "Channels whose place in their stream is known.")
        case .historyPublications: .gauge("history_publications", help: "Publications kept for recovery.")
        case .historyBytes:
            .gauge("history_bytes", unit: .bytes, help: "Memory of publications kept for recovery.")
        case .historyShed:
            .counter(
                "history_shed", [.closed("what", HistoryItem.self)],
                help: "Dropped before their time because memory was short.")
        case .storeFailing:
            .gauge("store_failing", help: "1 while the store refuses changes, else 0.")
        case .storeBytes: .gauge("store_bytes", unit: .bytes, help: "Size of what is stored on disk.")
        case .storeQueueBytes:
            .gauge("store_queue_bytes", unit: .bytes, help: "Changes waiting to be stored.")
        case .storeCommits:
            .counter(
                "store_commits", [.closed("result", Outcome.self)],
                help: "Groups of changes, by what became of them.")
        case .storeCommitDuration:
            .histogram(
                "store_commit_seconds", unit: .seconds, .latency, help: "Time to write one group of changes.")
        case .storeRefused:
            .counter(
                "store_refused", [.closed("reason", StoreRefusal.self)],
                help: "Publications and records refused because they could not be stored.")
        case .storeLost:
            .counter("store_lost", help: "Publications of relaxed channels that were not stored.")
        case .storePruned:
            .counter(
                "store_pruned", [.closed("what", HistoryItem.self)],
                help: "Removed from disk before their time because the file was too large.")
        case .outboundQueueBytes:
            .gauge("outbound_queue_bytes", unit: .bytes, help: "Output waiting for clients to read.")
        case .outboundQueueMessages:
            .gauge(
                "outbound_queue_messages",
                help: "Recipient copies of publications waiting in outbound queues.")
        case .slowConsumers:
            .gauge("slow_consumers", help: "Connections whose output has waited longer than allowed.")

        case .ratelimitDecisions:
            .counter(
                "ratelimit_decisions",
                [.closed("scope", RateScope.self), .closed("decision", RateDecision.self)],
                help: "What the rate limiter said, by whose budget decided.")
        case .ratelimitTracked:
            .gauge(
                "ratelimit_tracked", [.closed("scope", RateScope.self)],
                help: "Entries in the limiter's tables.")
        case .ratelimitThrottledUsers:
            .gauge("ratelimit_throttled_users", help: "Users denied in the last minute.")
        case .overloadPressure:
            .gauge(
                "overload_pressure_ratio", [.closed("resource", OverloadResource.self)], unit: .ratio,
                merge: .max, help: "How much of a bounded resource is in use, 1 being all of it.")
        case .overloadActions:
            .counter(
                "overload_actions", [.closed("action", OverloadAction.self)],
                help: "Times that a measure against overload began.")

        case .journalEntries:
            .counter(
                "journal_entries", [.closed("priority", EntryPriority.self)],
                help: "Entries given to journald.")
        case .journalDropped:
            .counter("journal_dropped", [.closed("reason", EntryLoss.self)], help: "Journal entries lost.")
        case .journalQueueLength:
            .gauge("journal_queue_length", help: "Journal entries waiting for the writer.")
        case .journalWrite:
            .histogram(
                "journal_write_seconds", unit: .seconds, .latency,
                help: "Time of one write: an entry to journald, or the lines that wait to standard error.")
        case .journalLastVerified:
            .gauge(
                "journal_last_verified_timestamp_seconds", unit: .seconds, merge: .max,
                help: "When an own entry was last read back from the journal.")

        case .anomalyObserved:
            .gauge(
                "anomaly_observed", [.closed("detector", DetectorLabel.self)], unit: .real,
                help: "What a detector saw at its last evaluation, in its own unit.")
        case .anomalyExpected:
            .gauge(
                "anomaly_expected", [.closed("detector", DetectorLabel.self)], unit: .real,
                help: "What the detector would have thought usual.")
        case .anomalyScore:
            .gauge(
                "anomaly_score", [.closed("detector", DetectorLabel.self)], unit: .real,
                help: "How far that is from usual, 1 being the level at which it fires.")
        case .anomalyLearning:
            .gauge(
                "anomaly_learning", [.closed("detector", DetectorLabel.self)],
                help: "1 while a detector has not seen enough to judge, else 0.")
        case .alertActive:
            .gauge("alert_active", [.closed("alert", AlertLabel.self)], help: "Alerts that fire now.")
        case .alertFirings:
            .counter(
                "alert_firings", [.closed("alert", AlertLabel.self)],
                help: "Alerts that began; less those active, those that ended.")
        case .alertDeliveries:
            .counter(
                "alert_deliveries",
                [.closed("receiver", AlertReceiver.self), .closed("result", Outcome.self)],
                help: "Posts of alerts to receivers.")
        case .detectorTick:
            .histogram(
                "detector_tick_seconds", unit: .seconds, .stage, help: "Time to judge ten seconds of traffic."
            )
        case .selfprobes:
            .counter(
                "selfprobe_runs", [.closed("result", ProbeResult.self)],
                help: "Round trips of a message through the public port.")
        case .selfprobeDuration:
            .histogram(
                "selfprobe_seconds", unit: .seconds, .handshake,
                help: "Time of a successful round trip: TLS, token, subscription, publication and its return."
            )
        case .selfprobeLastSuccess:
            .gauge(
                "selfprobe_last_success_timestamp_seconds", unit: .seconds, merge: .max,
                help: "When a round trip last succeeded.")

        case .sideportRequests:
            .counter(
                "sideport_requests", [.closed("path", SidePortPath.self)],
                help: "Requests to the side port, by path.")
        case .sideportAnswers:
            .counter(
                "sideport_answers", [.closed("code", SidePortCode.self)],
                help: "The same requests, by the status of their answers.")
        case .streamClients:
            .gauge(
                "stream_clients", [.closed("stream", SideStream.self)],
                help: "Clients that follow a stream of the side port.")
        case .streamDropped:
            .counter(
                "stream_dropped", [.closed("stream", SideStream.self)],
                help: "Entries of a stream that a slow follower did not get.")
        case .apiCalls:
            .counter(
                "api_calls",
                [.closed("method", APICallMethod.self), .closed("result", APICallResult.self)],
                help: "Calls of the server API.")
        case .apiDenials:
            .counter(
                "api_denials", [.closed("reason", APICallDenial.self)],
                help: "Calls of the server API that were not let in.")
        case .apiPending:
            .gauge("api_pending", help: "Questions of the server API that event loops have not answered.")
        case .expositionDuration:
            .gauge("exposition_seconds", unit: .seconds, help: "Time the previous scrape took to render.")
        case .expositionBytes: .gauge("exposition_bytes", unit: .bytes, help: "Size of the previous scrape.")
        case .loggedEvents:
            .counter(
                "logged_events", [FamilyDefinition.Label(name: "event", values: .events)],
                help: "Events, logged or lost, so that every log line has its counter.")
        }
    }
}

extension FamilyDefinition.Label {
    fileprivate static var certificates: Self { Self(name: "name", values: .certificates) }
}
