import BelfryObserve

// Open Cybersecurity Schema Framework: a class says which questions an event answers, an activity what was done. What the
// class has no attribute for stands under unmapped.

/// Class and activity of an event, by their ids.
struct OCSFClass: Sendable {
    let id: Int64
    let activity: Int64
    var name = "Other"

    /// The first digit of the class.
    var category: Int64 { id / 1_000 }
    /// OCSF derives it so.
    var type: Int64 { id * 100 + activity }

    static func authentication(_ activity: Int64) -> Self { Self(id: 3002, activity: activity) }
    static func authorization(_ name: String) -> Self { Self(id: 3003, activity: 99, name: name) }
    static func network(_ activity: Int64, _ name: String = "Other") -> Self {
        Self(id: 4001, activity: activity, name: name)
    }
    static func web(_ activity: Int64, _ name: String = "Other") -> Self {
        Self(id: 4002, activity: activity, name: name)
    }
    static func finding(_ activity: Int64) -> Self { Self(id: 2004, activity: activity) }
    static func lifecycle(_ activity: Int64, _ name: String = "Other") -> Self {
        Self(id: 6002, activity: activity, name: name)
    }
    static func api(_ activity: Int64, _ name: String = "Other") -> Self {
        Self(id: 6003, activity: activity, name: name)
    }
    static let error = Self(id: 6008, activity: 1)
}

extension EventKind {
    /// Activities: 3002 1 logon, 2 logoff, 3 ticket; 4001 1 open, 2 close, 4 fail, 5 refuse; 4002 3 GET; 6002 3 start,
    /// 4 stop, 8 update; 6003 2 read; 2004 1 create, 3 close; 99 what the class has no word for.
    var ocsf: OCSFClass {
        switch self {
        case .authSuccess, .authFailure: .authentication(1)
        case .authExpiredSession: .authentication(2)
        case .authGuestToken: .authentication(3)
        case .authzDenied: .authorization("Deny")
        case .authRevoked: .authorization("Revoke")
        case .authRestored: .authorization("Restore")
        case .ratelimitEngaged, .ratelimitReleased, .ratelimitDisconnect: .authorization("Limit")
        case .authTokenReuse, .alertFiring: .finding(1)
        case .alertResolved: .finding(3)
        case .connOpen: .network(1)
        case .connClose: .network(2)
        case .connRejected: .network(5)
        case .tlsHandshakeFailed: .network(4)
        case .tlsLegacyOffer: .network(99, "Legacy Offer")
        case .consumerSlow, .messageDropped, .positionLost: .network(99, "Slow")
        case .wsUpgradeRejected: .web(3)
        case .wsProtocolError: .web(99, "Protocol Error")
        case .adminRequest: .api(99, "Call")
        case .tapOpened: .api(2)
        case .tapClosed: .api(99, "End")
        case .serviceStart, .serviceReady: .lifecycle(3)
        case .serviceStopping, .serviceStopped: .lifecycle(4)
        case .configLoaded, .configRejected, .logLevelChanged, .tlsCertLoaded, .tlsTicketsRotated,
            .authKeysLoaded:
            .lifecycle(8)
        case .listenerOpen, .tlsCertExpiring, .storeOpened, .storeHealed, .clockStepped, .probePassed:
            .lifecycle(99, "Notice")
        case .listenerError, .authKeysFailed, .historyShed, .overloadChanged, .alertDeliveryFailed,
            .probeFailed, .storeFailed, .journalGap:
            .error
        }
    }
}

extension ExportRecord {
    private static let ocsfVersion = "1.3.0"

    var ocsf: JSONValue {
        let ocsf = kind.ocsf
        var members = JSONMembers()
        members.add("class_uid", number: ocsf.id)
        members.add("category_uid", number: ocsf.category)
        members.add("activity_id", number: ocsf.activity)
        members.add("activity_name", text: ocsf.activity == 99 ? ocsf.name : nil)
        members.add("type_uid", number: ocsf.type)
        members.add("time", number: milliseconds)
        members.add("severity_id", number: severity)
        members.add("status_id", number: isFailure ? 2 : 1)
        members.add("status_detail", text: self[.reason])
        members.add("message", text: message)
        members.add("metadata", metadata)
        addClassAttributes(ocsf, to: &members)
        members.add("unmapped", fields(except: [.event, .schema, .seq, .time]))
        return members.object
    }

    /// Informational 1, low 2, medium 3, high 4.
    private var severity: Int64 {
        switch priority {
        case ..<4: 4
        case 4: 3
        case 5: 2
        default: 1
        }
    }

    private var metadata: JSONMembers {
        var product = JSONMembers()
        product.add("name", text: "Belfry")
        product.add("vendor_name", text: "Belfry")
        var metadata = JSONMembers()
        metadata.add("version", text: Self.ocsfVersion)
        metadata.add("product", product)
        metadata.add("event_code", text: kind.name)
        metadata.add("log_name", text: kind.isAudit ? "belfry.audit" : "belfry.log")
        metadata.add("log_provider", text: "journald")
        metadata.add("sequence", number: number(.seq))
        metadata.add("uid", text: self[trusted: "__CURSOR"])
        return metadata
    }

    /// What the class requires, and what it recommends and is known.
    private func addClassAttributes(_ ocsf: OCSFClass, to members: inout JSONMembers) {
        if [3002, 3003].contains(ocsf.id) { members.add("user", user) }
        if [3002, 4001, 4002, 6003].contains(ocsf.id) { members.add("src_endpoint", source) }
        if [3002, 4001, 4002].contains(ocsf.id) { members.add("dst_endpoint", destination) }
        switch ocsf.id {
        case 4001: members.add("tls", tls)
        case 4002: addWeb(to: &members)
        case 2004: members.add("finding_info", finding)
        case 6002: members.add("app", .object([("name", .text("Belfry")), ("vendor_name", .text("Belfry"))]))
        case 6003: addAPI(to: &members)
        default: break
        }
    }

    private var user: JSONMembers {
        var user = JSONMembers()
        user.add("uid", text: self[.subject] ?? "unknown")
        return user
    }

    private var source: JSONMembers {
        var endpoint = JSONMembers()
        let address = self[.peerAddr]
        if let address, address != EventAggregator.many {
            endpoint.add("ip", text: address)
        } else {
            endpoint.add("name", text: address ?? "unknown")
        }
        endpoint.add("port", number: number(.peerPort))
        return endpoint
    }

    private var destination: JSONMembers {
        var endpoint = JSONMembers()
        endpoint.add("svc_name", text: "belfry")
        endpoint.add("name", text: self[.listener])
        return endpoint
    }

    private var tls: JSONMembers {
        var tls = JSONMembers()
        tls.add("version", text: tlsVersion)
        tls.add("cipher", text: tlsVersion == nil ? nil : self[.cipher])
        return tls
    }

    private func addWeb(to members: inout JSONMembers) {
        members.add("http_request", .object([("http_method", .text("GET"))]))
        members.add("http_response", number(.status).map { .object([("code", .number($0))]) })
    }

    private var finding: JSONMembers {
        var finding = JSONMembers()
        finding.add("title", text: self[.alert] ?? "TokenReuse")
        finding.add("uid", text: self[.fingerprint] ?? self[.jtiHash] ?? "unknown")
        finding.add("desc", text: self[.summary])
        return finding
    }

    private func addAPI(to members: inout JSONMembers) {
        let operation = self[.path] ?? self[.kind] ?? kind.name
        members.add("api", .object([("operation", .text(operation))]))
        members.add(
            "actor", .object([("user", .object([("name", .text(self[.actor] ?? "unknown"))]))]))
        members.add("http_request", self[.method].map { .object([("http_method", .text($0))]) })
    }
}
