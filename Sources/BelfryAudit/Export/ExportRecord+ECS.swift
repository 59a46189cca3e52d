import BelfryObserve

// Elastic Common Schema: event.* says what happened, source.* who did it; what ECS has no name for stands under belfry.*.

extension ExportRecord {
    private static let ecsVersion = "8.17.0"

    var ecs: JSONValue {
        var members = JSONMembers()
        members.add("@timestamp", text: time)
        members.add("ecs", .object([("version", .text(Self.ecsVersion))]))
        members.add("message", text: message)
        members.add("log", .object([("level", .text(levelName)), ("logger", .text("belfry"))]))
        members.add("event", ecsEvent)
        members.add("service", ecsService)
        members.add("process", ecsProcess)
        members.add("source", ecsSource)
        members.add("user", ecsUser)
        members.add("tls", ecsTLS)
        members.add("http", ecsHTTP)
        members.add("rule", ecsRule)
        members.add("belfry", fields(except: [.event, .schema]))
        return members.object
    }

    private var levelName: String {
        Priority(rawValue: UInt8(clamping: priority))?.name ?? "info"
    }

    private var ecsEvent: JSONMembers {
        let (category, types) = ecsCategory
        var event = JSONMembers()
        event.add("kind", text: kind == .alertFiring || kind == .alertResolved ? "alert" : "event")
        event.add("category", .list(category.map { .text($0) }))
        event.add("type", .list(types.map { .text($0) }))
        event.add("action", text: kind.name)
        event.add("outcome", text: isFailure ? "failure" : "success")
        event.add("reason", text: self[.reason])
        event.add("code", text: kind.messageID)
        event.add("module", text: "belfry")
        event.add("dataset", text: kind.isAudit ? "belfry.audit" : "belfry.log")
        event.add("sequence", number: number(.seq))
        event.add("hash", text: self[.chain])
        event.add("severity", number: Int64(priority))
        event.add(
            "duration",
            number: number(.durationMS).map { $0.multipliedReportingOverflow(by: 1_000_000).partialValue })
        return event
    }

    /// event.category and event.type, from ECS's closed lists.
    private var ecsCategory: ([String], [String]) {
        switch kind {
        case .authSuccess, .authGuestToken: (["authentication"], ["start"])
        case .authFailure: (["authentication"], ["denied"])
        case .authExpiredSession: (["authentication", "session"], ["end"])
        case .authTokenReuse: (["authentication", "intrusion_detection"], ["info"])
        case .authRevoked: (["iam"], ["user", "deletion"])
        case .authRestored: (["iam"], ["user", "change"])
        case .authzDenied, .ratelimitEngaged, .ratelimitReleased, .ratelimitDisconnect:
            (["session"], ["info", "denied"].dropLast(isFailure ? 0 : 1).map { $0 })
        case .connOpen: (["network"], ["connection", "start"])
        case .connClose: (["network"], ["connection", "end"])
        case .connRejected: (["network"], ["connection", "denied"])
        case .tlsHandshakeFailed, .tlsLegacyOffer, .wsProtocolError: (["network"], ["protocol", "error"])
        case .wsUpgradeRejected: (["web"], ["access", "error"])
        case .consumerSlow, .messageDropped, .positionLost: (["network"], ["info"])
        case .configLoaded, .configRejected, .logLevelChanged, .tlsCertLoaded, .authKeysLoaded,
            .authKeysFailed:
            (["configuration"], ["change"])
        case .serviceStart, .serviceReady: (["process"], ["start"])
        case .serviceStopping, .serviceStopped: (["process"], ["end"])
        case .adminRequest: (["api"], ["change"])
        case .tapOpened, .tapClosed: (["api"], ["access"])
        case .alertFiring, .alertResolved: (["intrusion_detection"], ["info"])
        case .listenerOpen, .listenerError, .tlsCertExpiring, .tlsTicketsRotated, .historyShed,
            .overloadChanged, .alertDeliveryFailed, .clockStepped, .probeFailed, .probePassed,
            .storeOpened, .storeFailed, .storeHealed, .journalGap:
            (["host"], ["info"])
        }
    }

    private var ecsService: JSONMembers {
        var service = JSONMembers()
        service.add("name", text: "belfry")
        service.add("type", text: "belfry")
        service.add("version", text: kind == .serviceStart ? self[.version] : nil)
        return service
    }

    private var ecsProcess: JSONMembers {
        var process = JSONMembers()
        process.add("pid", number: self[trusted: "_PID"].flatMap { Int64($0) })
        return process
    }

    private var ecsSource: JSONMembers {
        var source = JSONMembers()
        // Aggregated entries may stand for many.
        let address = self[.peerAddr]
        source.add("address", text: address)
        source.add("ip", text: address == EventAggregator.many ? nil : address)
        source.add("port", number: number(.peerPort))
        return source
    }

    private var ecsUser: JSONMembers {
        var user = JSONMembers()
        user.add("hash", text: self[.subject])
        // Elsewhere BY is the side that closed a connection.
        let isOperator = [.authRevoked, .authRestored].contains(kind)
        user.add("name", text: self[.actor] ?? (isOperator ? self[.by] : nil))
        return user
    }

    private var ecsTLS: JSONMembers {
        var tls = JSONMembers()
        tls.add("version", text: tlsVersion)
        tls.add("version_protocol", text: tlsVersion == nil ? nil : "tls")
        tls.add("cipher", text: self[.cipher])
        return tls
    }

    private var ecsHTTP: JSONMembers {
        guard [.wsUpgradeRejected, .adminRequest].contains(kind), let status = number(.status) else {
            return JSONMembers()
        }
        var http = JSONMembers()
        http.add("response", .object([("status_code", .number(status))]))
        return http
    }

    private var ecsRule: JSONMembers {
        var rule = JSONMembers()
        rule.add("name", text: self[.alert])
        return rule
    }
}
