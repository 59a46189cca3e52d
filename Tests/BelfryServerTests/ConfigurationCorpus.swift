import Testing

/// A configuration that must be refused, and the first line of the report.
struct Malformed: Sendable, CustomTestStringConvertible {
    let text: String
    let report: String

    init(_ text: String, _ report: String) {
        self.text = text
        self.report = report
    }

    var testDescription: String { report }
}

extension Malformed {
    // Names that are wrong, and names in the wrong place.
    static let keys = [
        Malformed("sever: {}", "belfry.yaml:4:1: sever: unknown key (did you mean \"server\"?)"),
        Malformed("Server: {}", "belfry.yaml:4:1: Server: unknown key (did you mean \"server\"?)"),
        Malformed("side-port: {}", "belfry.yaml:4:1: side-port: unknown key (did you mean \"side_port\"?)"),
        Malformed("metrics: {}", "belfry.yaml:4:1: metrics: unknown key"),
        Malformed(
            "server: {lissen: []}", "belfry.yaml:4:10: server.lissen: unknown key (did you mean \"listen\"?)"),
        Malformed(
            "server:\n  loop: 1", "belfry.yaml:5:3: server.loop: unknown key (did you mean \"loops\"?)"),
        Malformed(
            "server: {insecure: true}",
            "belfry.yaml:4:10: server.insecure: unknown key (did you mean \"client.insecure\"?)"),
        Malformed(
            "insecure: true", "belfry.yaml:4:1: insecure: unknown key (did you mean \"client.insecure\"?)"),
        Malformed(
            "client: {PING: 25s}", "belfry.yaml:4:10: client.PING: unknown key (did you mean \"ping\"?)"),
        Malformed(
            "client: {orgins: []}", "belfry.yaml:4:10: client.orgins: unknown key (did you mean \"origins\"?)"
        ),
        Malformed(
            "client: {max_mesage: 1KiB}",
            "belfry.yaml:4:10: client.max_mesage: unknown key (did you mean \"max_message\"?)"),
        Malformed("client: {webhooks: {}}", "belfry.yaml:4:10: client.webhooks: unknown key"),
        Malformed(
            "limits: {users: {}}", "belfry.yaml:4:10: limits.users: unknown key (did you mean \"user\"?)"),
        Malformed(
            "limits: {user: {publish: {brust: 1}}}",
            "belfry.yaml:4:27: limits.user.publish.brust: unknown key (did you mean \"burst\"?)"),
        Malformed(
            "limits:\n  user:\n    publishes: {}",
            "belfry.yaml:6:5: limits.user.publishes: unknown key (did you mean \"publish\"?)"),
        Malformed("channels: {chat: {}}", "belfry.yaml:4:12: channels.chat: unknown key"),
        Malformed(
            "channels: {default: {presense: true}}",
            "belfry.yaml:4:22: channels.default.presense: unknown key (did you mean \"presence\"?)"),
        Malformed(
            "channels: {namespaces: {chat: {history_length: 10}}}",
            "belfry.yaml:4:32: channels.namespaces.chat.history_length: unknown key"),
        Malformed(
            "api: {key: []}", "belfry.yaml:4:7: api.key: unknown key (did you mean \"keys\"?)"),
        Malformed(
            "alerts: {detectors: {CredentialStufing: off}}",
            "belfry.yaml:4:22: alerts.detectors.CredentialStufing: unknown key (did you mean \"CredentialStuffing\"?)"
        ),
        Malformed(
            "alerts: {detectors: {AuditLoss: maybe}}",
            "belfry.yaml:4:33: alerts.detectors.AuditLoss: expected one of \"on\", \"shadow\", \"off\", found \"maybe\""
        ),
        Malformed(
            "alerts: {alertmanager: [\"http://user:pass@am:9093\"]}",
            "belfry.yaml:4:25: alerts.alertmanager[0]: expected an https:// or http:// URL of at most 1024 bytes, "
                + "without user or fragment, found a single value"),
        Malformed(
            "alerts: {webhook: [{secret_file: \"\"}]}",
            "belfry.yaml:4:20: alerts.webhook[0]: missing: url"),
        Malformed("alert: {}", "belfry.yaml:4:1: alert: unknown key (did you mean \"alerts\"?)"),
        Malformed("<<: {}", "belfry.yaml:4:1: <<: unknown key"),
        Malformed("\"\": 1", "belfry.yaml:4:1: unknown key"),
        Malformed("? [a]\n: 1", "belfry.yaml:4:3: expected a name as key, found a list or a section"),
        Malformed("1: 2", "belfry.yaml:4:1: 1: unknown key"),
    ]

    private static let addressText =
        "expected a numeric address and a port, as 127.0.0.1:8443 or [::]:8443, found "

    static let server = [
        Malformed("server: 8443", "belfry.yaml:4:9: server: expected a section, found a single value"),
        Malformed("server: [a]", "belfry.yaml:4:9: server: expected a section, found a list"),
        Malformed(
            "server: {listen: \"0.0.0.0:8443\"}",
            "belfry.yaml:4:18: server.listen: expected a list of 1 to 16 values, found a single value"),
        Malformed(
            "server: {listen: []}",
            "belfry.yaml:4:18: server.listen: expected a list of 1 to 16 values, found 0"),
        Malformed(
            "server: {listen: }",
            "belfry.yaml:4:18: server.listen: expected a list of 1 to 16 values, found nothing"),
        Malformed(
            "server: {listen: [\"8443\"]}", "belfry.yaml:4:19: server.listen[0]: \(addressText)\"8443\""),
        Malformed(
            "server: {listen: [\":8443\"]}", "belfry.yaml:4:19: server.listen[0]: \(addressText)\":8443\""),
        Malformed(
            "server: {listen: [\"localhost:8443\"]}",
            "belfry.yaml:4:19: server.listen[0]: \(addressText)\"localhost:8443\""),
        Malformed(
            "server: {listen: [\"127.0.0.1:65536\"]}",
            "belfry.yaml:4:19: server.listen[0]: \(addressText)\"127.0.0.1:65536\""),
        Malformed(
            "server: {listen: [\"127.0.0.1:-1\"]}",
            "belfry.yaml:4:19: server.listen[0]: \(addressText)\"127.0.0.1:-1\""),
        Malformed(
            "server: {listen: [\"256.0.0.1:80\"]}",
            "belfry.yaml:4:19: server.listen[0]: \(addressText)\"256.0.0.1:80\""),
        Malformed(
            "server: {listen: [\"::1:80\"]}", "belfry.yaml:4:19: server.listen[0]: \(addressText)\"::1:80\""),
        Malformed(
            "server: {listen: [\"[::1]\"]}", "belfry.yaml:4:19: server.listen[0]: \(addressText)\"[::1]\""),
        Malformed(
            "server: {listen: [\"[127.0.0.1]:80\"]}",
            "belfry.yaml:4:19: server.listen[0]: \(addressText)\"[127.0.0.1]:80\""),
        Malformed("server: {listen: [[]]}", "belfry.yaml:4:19: server.listen[0]: \(addressText)a list"),
        Malformed(
            "server: {listen: [\"127.0.0.1:80\", \"127.0.0.1:80\"]}",
            "belfry.yaml:4:35: server.listen[1]: stands in the list twice"),
        Malformed(
            "server: {loops: -1}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"-1\""),
        Malformed(
            "server: {loops: 257}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"257\""),
        Malformed(
            "server: {loops: 1.5}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"1.5\""),
        Malformed(
            "server: {loops: \"1\"}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"1\""),
        Malformed(
            "server: {loops: auto}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"auto\""),
        Malformed(
            "server: {loops: 0x10}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"0x10\""),
        Malformed(
            "server: {loops: 1_0}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"1_0\""),
        Malformed(
            "server: {loops: 99999999999999999999}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found \"99999999999999999999\""
        ),
        Malformed(
            "server: {loops: }",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found nothing"),
        Malformed(
            "server: {loops: ~}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found nothing"),
        Malformed(
            "server: {loops: [1]}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found a list"),
        Malformed(
            "server: {loops: {a: 1}}",
            "belfry.yaml:4:17: server.loops: expected a whole number from 0 to 256, found a section"),
        Malformed(
            "server: {node: \"a b\"}",
            "belfry.yaml:4:16: server.node: expected 0 to 64 letters, digits, - or _ or ., found \"a b\""),
        Malformed(
            "server: {node: \"a\\nb\"}",
            "belfry.yaml:4:16: server.node: expected 0 to 64 letters, digits, - or _ or ., found \"a\u{FFFD}b\""
        ),
        Malformed(
            "server: {drain: 30}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"30\""
        ),
        Malformed(
            "server: {drain: 61m}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"61m\""
        ),
        Malformed(
            "server: {drain: -1s}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"-1s\""
        ),
        Malformed(
            "server: {drain: 1.5s}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"1.5s\""
        ),
        Malformed(
            "server: {drain: 30sec}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"30sec\""
        ),
        Malformed(
            "server: {drain: 30 s}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"30 s\""
        ),
        Malformed(
            "server: {drain: s}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found \"s\""
        ),
        Malformed(
            "server: {drain: 9223372036854775807d}",
            "belfry.yaml:4:17: server.drain: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, "
                + "found \"9223372036854775807d\""),
        Malformed(
            "server: {max_connections: 0}",
            "belfry.yaml:4:27: server.max_connections: expected a whole number from 1 to 10000000, found \"0\""
        ),
    ]

    static let tls = [
        Malformed(
            "tls2: {min_version: \"1.1\"}", "belfry.yaml:4:1: tls2: unknown key (did you mean \"tls\"?)"),
        Malformed(
            "server: {min_version: \"1.2\"}",
            "belfry.yaml:4:10: server.min_version: unknown key (did you mean \"tls.min_version\"?)"),
    ]

    static let auth = [
        Malformed("jwt: {}", "belfry.yaml:4:1: jwt: unknown key"),
        Malformed(
            "limits: {hmac_secret: x}",
            "belfry.yaml:4:10: limits.hmac_secret: unknown key (did you mean \"auth.hmac_secret\"?)"),
    ]

    private static let originText =
        "expected an origin as https://chat.example.com, https://*.example.com or *, found "

    static let client = [
        Malformed(
            "client: {insecure: yes}",
            "belfry.yaml:4:20: client.insecure: expected true or false, found \"yes\""),
        Malformed(
            "client: {insecure: \"true\"}",
            "belfry.yaml:4:20: client.insecure: expected true or false, found \"true\""),
        Malformed(
            "client: {insecure: True}",
            "belfry.yaml:4:20: client.insecure: expected true or false, found \"True\""),
        Malformed(
            "client: {insecure: 1}", "belfry.yaml:4:20: client.insecure: expected true or false, found \"1\""),
        Malformed(
            "client: {insecure: on}",
            "belfry.yaml:4:20: client.insecure: expected true or false, found \"on\""),
        Malformed(
            "client: {insecure: }", "belfry.yaml:4:20: client.insecure: expected true or false, found nothing"
        ),
        Malformed(
            "client: {allow_anonymous: null}",
            "belfry.yaml:4:27: client.allow_anonymous: expected true or false, found nothing"),
        Malformed(
            "client: {origins: \"*\"}",
            "belfry.yaml:4:19: client.origins: expected a list of 0 to 256 values, found a single value"),
        Malformed("client: {origins: [null]}", "belfry.yaml:4:20: client.origins[0]: \(originText)nothing"),
        Malformed(
            "client: {origins: [\"null\"]}", "belfry.yaml:4:20: client.origins[0]: \(originText)\"null\""),
        Malformed(
            "client: {origins: [example.com]}",
            "belfry.yaml:4:20: client.origins[0]: \(originText)\"example.com\""),
        Malformed(
            "client: {origins: [\"https://a.example/path\"]}",
            "belfry.yaml:4:20: client.origins[0]: \(originText)\"https://a.example/path\""),
        Malformed(
            "client: {origins: [\"https://a.example\", \"\"]}",
            "belfry.yaml:4:41: client.origins[1]: \(originText)\"\""),
        Malformed(
            "client: {allow_missing_origin: maybe}",
            "belfry.yaml:4:32: client.allow_missing_origin: expected true or false, found \"maybe\""),
        Malformed(
            "client: {max_message: 64}",
            "belfry.yaml:4:23: client.max_message: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 1KiB to 16MiB, found \"64\""),
        Malformed(
            "client: {max_message: 1023B}",
            "belfry.yaml:4:23: client.max_message: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 1KiB to 16MiB, found \"1023B\""),
        Malformed(
            "client: {max_message: 17MiB}",
            "belfry.yaml:4:23: client.max_message: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 1KiB to 16MiB, found \"17MiB\""),
        Malformed(
            "client: {max_message: 64kib}",
            "belfry.yaml:4:23: client.max_message: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 1KiB to 16MiB, found \"64kib\""),
        Malformed(
            "client: {max_message: 9999999999GiB}",
            "belfry.yaml:4:23: client.max_message: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 1KiB to 16MiB, found \"9999999999GiB\""),
        Malformed(
            "client: {max_queue: 2GiB}",
            "belfry.yaml:4:21: client.max_queue: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 4KiB to 1GiB, found \"2GiB\""),
        Malformed(
            "client: {max_queue: 32KiB}",
            "belfry.yaml:4:21: client.max_queue: must hold one message of client.max_message at least"),
        Malformed(
            "client: {max_message: 2MiB}",
            "belfry.yaml:4:9: client.max_queue: must hold one message of client.max_message at least"),
        Malformed(
            "client: {ping: 1500ms}",
            "belfry.yaml:4:16: client.ping: expected a duration in whole seconds (s, m, h, d) from 1s to 10m, found \"1500ms\""
        ),
        Malformed(
            "client: {ping: 25}",
            "belfry.yaml:4:16: client.ping: expected a duration in whole seconds (s, m, h, d) from 1s to 10m, found \"25\""
        ),
        Malformed(
            "client: {ping: 601s}",
            "belfry.yaml:4:16: client.ping: expected a duration in whole seconds (s, m, h, d) from 1s to 10m, found \"601s\""
        ),
        Malformed(
            "client: {pong: 499ms}",
            "belfry.yaml:4:16: client.pong: expected a duration with unit (ms, s, m, h, d) from 500ms to 5m, "
                + "found \"499ms\""),
        Malformed(
            "client: {pong: 25s}", "belfry.yaml:4:16: client.pong: must be shorter than client.ping (25s)"),
        Malformed(
            "client: {ping: 8s}", "belfry.yaml:4:9: client.pong: must be shorter than client.ping (8s)"),
        Malformed(
            "client: {connect_deadline: 0s}",
            "belfry.yaml:4:28: client.connect_deadline: expected a duration with unit (ms, s, m, h, d) from 1s to 1m, "
                + "found \"0s\""),
        Malformed(
            "client: {write_deadline: 1h}",
            "belfry.yaml:4:26: client.write_deadline: expected a duration with unit (ms, s, m, h, d) from 1s to 2m, "
                + "found \"1h\""),
        Malformed(
            "client: {expired_grace: forever}",
            "belfry.yaml:4:25: client.expired_grace: expected a duration in whole seconds (s, m, h, d) from 0s to 10m, "
                + "found \"forever\""),
        Malformed(
            "client: {channels: 0}",
            "belfry.yaml:4:20: client.channels: expected a whole number from 1 to 10000, found \"0\""),
        Malformed(
            "client: {commands_per_frame: 10001}",
            "belfry.yaml:4:30: client.commands_per_frame: expected a whole number from 1 to 10000, found \"10001\""
        ),
    ]

    static let personalChannel = [
        Malformed(
            "client: {personal_channel: {namespace: me}}",
            "belfry.yaml:4:40: client.personal_channel.namespace: channels.namespaces has no such namespace")
    ]

    static let compression = [
        Malformed(
            "client: {compression: true}",
            "belfry.yaml:4:23: client.compression: expected a section, found a single value"),
        Malformed(
            "client: {compression: {enabled: 1}}",
            "belfry.yaml:4:33: client.compression.enabled: expected true or false, found \"1\""),
        Malformed(
            "client: {compression: {level: 0}}",
            "belfry.yaml:4:31: client.compression.level: expected a whole number from 1 to 9, found \"0\""),
        Malformed(
            "client: {compression: {min_size: 63B}}",
            "belfry.yaml:4:34: client.compression.min_size: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 64B to 1MiB, found \"63B\""),
        Malformed(
            "client: {compression: {max_size: 17MiB}}",
            "belfry.yaml:4:34: client.compression.max_size: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) "
                + "from 1KiB to 16MiB, found \"17MiB\""),
        Malformed(
            "client: {compression: {min_size: 2KiB, max_size: 1KiB}}",
            "belfry.yaml:4:50: client.compression.max_size: must not be smaller than client.compression.min_size"
        ),
    ]

    private static let nameText = "expected 2 to 64 letters, digits, - or _, found "

    static let channels = [
        Malformed("channels: true", "belfry.yaml:4:11: channels: expected a section, found a single value"),
        Malformed(
            "channels: {default: [presence]}",
            "belfry.yaml:4:21: channels.default: expected a section, found a list"),
        Malformed(
            "channels: {default: {presence: 1}}",
            "belfry.yaml:4:32: channels.default.presence: expected true or false, found \"1\""),
        Malformed(
            "channels: {default: {channel_regex: \"^[a-z\"}}",
            "belfry.yaml:4:37: channels.default.channel_regex: the pattern has a class without its end (character 2)"
        ),
        Malformed(
            "channels: {namespaces: {chat: {channel_regex: [a]}}}",
            "belfry.yaml:4:47: channels.namespaces.chat.channel_regex: expected a regular expression of at most 255 "
                + "bytes, found a list"),
        Malformed(
            "channels: {default: {client_publish_debounce_interval: 61s}}",
            "belfry.yaml:4:56: channels.default.client_publish_debounce_interval: expected a duration with unit "
                + "(ms, s, m, h, d) from 0s to 1m, found \"61s\""),
        Malformed(
            "channels: {default: {subscription_type: map_clients}}",
            "belfry.yaml:4:41: channels.default.subscription_type: \"map_clients\" is not available yet in this release"
        ),
        Malformed(
            "channels: {default: {subscribe_proxy_enabled: true}}",
            "belfry.yaml:4:22: channels.default.subscribe_proxy_enabled: Belfry does not have this option: it asks no "
                + "application on a client's behalf; use subscription tokens and the allow_… options"),
        Malformed(
            "channels: {namespaces: {chat: {publish_cel: \"true\"}}}",
            "belfry.yaml:4:32: channels.namespaces.chat.publish_cel: Belfry does not have this option: it has no "
                + "expressions; use subscription tokens and the allow_… options"),
        Malformed(
            "channels: {namespaces: {chat: {shared_poll: {}}}}",
            "belfry.yaml:4:32: channels.namespaces.chat.shared_poll: Belfry does not have this option: it has stream "
                + "subscriptions only"),
        Malformed(
            "channels: {default: {publication_data_format: xml}}",
            "belfry.yaml:4:47: channels.default.publication_data_format: expected one of \"\", \"json\", "
                + "\"json_object\", \"binary\", found \"xml\""),
        Malformed(
            "channels: {default: {allowed_delta_types: [xdelta]}}",
            "belfry.yaml:4:44: channels.default.allowed_delta_types[0]: expected one of \"fossil\", found \"xdelta\""
        ),
        Malformed(
            "channels: {namespaces: [chat]}",
            "belfry.yaml:4:24: channels.namespaces: expected a section, found a list"),
        Malformed(
            "channels: {namespaces: {c: {}}}", "belfry.yaml:4:25: channels.namespaces.c: \(nameText)\"c\""),
        Malformed(
            "channels: {namespaces: {\"a:b\": {}}}",
            "belfry.yaml:4:25: channels.namespaces.a:b: \(nameText)\"a:b\""),
        Malformed(
            "channels: {namespaces: {\"größe\": {}}}",
            "belfry.yaml:4:25: channels.namespaces.größe: \(nameText)\"größe\""),
        Malformed(
            "channels: {namespaces: {chat: true}}",
            "belfry.yaml:4:31: channels.namespaces.chat: expected a section, found a single value"),
        Malformed(
            "channels: {namespaces: {chat: {join_leave: sometimes}}}",
            "belfry.yaml:4:44: channels.namespaces.chat.join_leave: expected true or false, found \"sometimes\""
        ),
        Malformed(
            "channels: {namespaces: {chat: {allow_subscribe_for_clients: true}}}",
            "belfry.yaml:4:32: channels.namespaces.chat.allow_subscribe_for_clients: unknown key "
                + "(did you mean \"allow_subscribe_for_client\"?)"),
        Malformed(
            "channels: {namespaces: {chat: {}, chat: {}}}",
            "belfry.yaml:4:25: chat: duplicate key: it stands twice in the same section"),
    ]

    private static let rateText = "expected a rate from 1 to 100000 per s, m or h, as 20/s, or off, found "

    static let limits = [
        Malformed("limits: off", "belfry.yaml:4:9: limits: expected a section, found a single value"),
        Malformed(
            "limits: {enabled: off}",
            "belfry.yaml:4:19: limits.enabled: expected true or false, found \"off\""),
        Malformed(
            "limits: {user: {publish: 20/s}}",
            "belfry.yaml:4:26: limits.user.publish: expected a section, found a single value"),
        Malformed(
            "limits: {user: {publish: {rate: 20}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"20\""),
        Malformed(
            "limits: {user: {publish: {rate: 0/s}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"0/s\""),
        Malformed(
            "limits: {user: {publish: {rate: 100001/s}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"100001/s\""),
        Malformed(
            "limits: {user: {publish: {rate: 20/d}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"20/d\""),
        Malformed(
            "limits: {user: {publish: {rate: 20/}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"20/\""),
        Malformed(
            "limits: {user: {publish: {rate: /s}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"/s\""),
        Malformed(
            "limits: {user: {publish: {rate: 20/s/s}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"20/s/s\""),
        Malformed(
            "limits: {user: {publish: {rate: -20/s}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"-20/s\""),
        Malformed(
            "limits: {user: {publish: {rate: 1.5/s}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"1.5/s\""),
        Malformed(
            "limits: {user: {publish: {rate: 20/S}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"20/S\""),
        Malformed(
            "limits: {user: {publish: {rate: false}}}",
            "belfry.yaml:4:33: limits.user.publish.rate: \(rateText)\"false\""),
        Malformed(
            "limits: {channel: {publish: {burst: 0}}}",
            "belfry.yaml:4:37: limits.channel.publish.burst: expected a whole number from 1 to 1000000, found \"0\""
        ),
        Malformed(
            "limits: {address: {connections: -1}}",
            "belfry.yaml:4:33: limits.address.connections: expected a whole number from 0 to 1000000, found \"-1\""
        ),
        Malformed(
            "limits: {connection: {commands: {burst: 1000001}}}",
            "belfry.yaml:4:41: limits.connection.commands.burst: expected a whole number from 1 to 1000000, "
                + "found \"1000001\""),
        Malformed(
            "limits: {budgets: 999}",
            "belfry.yaml:4:19: limits.budgets: expected a whole number from 1000 to 100000000, found \"999\""),
        Malformed(
            "limits: {refusal_window: 0s}",
            "belfry.yaml:4:26: limits.refusal_window: expected a duration with unit (ms, s, m, h, d) from 1s to 1h, "
                + "found \"0s\""),
        Malformed(
            "limits: {refusals_before_disconnect: many}",
            "belfry.yaml:4:38: limits.refusals_before_disconnect: expected a whole number from 0 to 100000, "
                + "found \"many\""),
    ]

    static let others = [
        Malformed(
            "broker: {kind: redis}",
            "belfry.yaml:4:16: broker.kind: \"redis\" is not available yet in this release"),
        Malformed(
            "broker: {kind: kafka}",
            "belfry.yaml:4:16: broker.kind: \"kafka\" is not available yet in this release"),
        Malformed(
            "broker: {kind: mqtt}",
            "belfry.yaml:4:16: broker.kind: expected one of \"memory\", found \"mqtt\""),
        Malformed("broker: memory", "belfry.yaml:4:9: broker: expected a section, found a single value"),
        Malformed(
            "history: {path: \"\"}",
            "belfry.yaml:4:17: history.path: expected a path of 1 to 1024 bytes, absolute or relative to this file, "
                + "found \"\""),
        Malformed(
            "history: {max_bytes: 1000}",
            "belfry.yaml:4:22: history.max_bytes: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) from 1MiB "
                + "to 1024GiB, found \"1000\""),
        Malformed(
            "history: {max_queue: 1KiB}",
            "belfry.yaml:4:22: history.max_queue: expected a size with unit (B, KB, KiB, MB, MiB, GB, GiB) from 1MiB "
                + "to 16GiB, found \"1KiB\""),
        Malformed(
            "channels: {default: {durability: maybe}}",
            "belfry.yaml:4:34: channels.default.durability: expected one of \"acknowledged\", \"relaxed\", found "
                + "\"maybe\""),
        Malformed(
            "history: {store: file}",
            "belfry.yaml:4:18: history.store: expected one of \"sqlite\", \"none\", found \"file\""),
        Malformed(
            "side_port: {listen: \"9300\"}", "belfry.yaml:4:21: side_port.listen: \(addressText)\"9300\""),
        Malformed(
            "side_port: {listen: [\"127.0.0.1:9300\"]}",
            "belfry.yaml:4:21: side_port.listen: \(addressText)a list"),
        Malformed(
            "side_port: {listen: \"0.0.0.0:8443\"}",
            "belfry.yaml:4:21: side_port.listen: server.listen has the same address"),
        Malformed(
            "journal: {mode: syslog}",
            "belfry.yaml:4:17: journal.mode: expected one of \"auto\", \"required\", \"stderr\", found \"syslog\""
        ),
        Malformed(
            "journal: {level: notice!}",
            "belfry.yaml:4:18: journal.level: expected one of \"err\", \"warning\", \"notice\", \"info\", "
                + "\"debug\", found \"notice!\""),
        Malformed(
            "journal: {on_failure: stop}",
            "belfry.yaml:4:23: journal.on_failure: expected one of \"continue\", \"refuse_new\", found \"stop\""
        ),
        Malformed(
            "journal: {canary: 2h}",
            "belfry.yaml:4:19: journal.canary: expected a duration with unit (ms, s, m, h, d) from 0s to 1h, found "
                + "\"2h\""),
        Malformed(
            "journal: {chain_key_file: nowhere.key}",
            "belfry.yaml:4:27: journal.chain_key_file: nowhere.key: no such file"),
        Malformed(
            "journal: {audit_queue: 63}",
            "belfry.yaml:4:24: journal.audit_queue: expected a whole number from 64 to 1000000, found \"63\""),
        Malformed(
            "journal: {info_queue: 1000001}",
            "belfry.yaml:4:23: journal.info_queue: expected a whole number from 64 to 1000000, found \"1000001\""
        ),
        Malformed(
            "journal: {pseudonym_key_file: nowhere.key}",
            "belfry.yaml:4:31: journal.pseudonym_key_file: nowhere.key: no such file"),
        Malformed(
            "journal: {plain_subjects: never}",
            "belfry.yaml:4:27: journal.plain_subjects: expected true or false, found \"never\""),
    ]

    // Only the beginning of the line is compared: the reason is libyaml's.
    static let syntax = [
        Malformed("server: {", "belfry.yaml:5:1: not valid YAML:"),
        Malformed("server: [", "belfry.yaml:5:1: not valid YAML:"),
        Malformed("server: \"", "belfry.yaml:4:10: not valid YAML:"),
        Malformed("\tserver: {}", "belfry.yaml:4:1: not valid YAML:"),
        Malformed("server:\n\tloops: 1", "belfry.yaml:5:1: not valid YAML:"),
        Malformed("server: {}}", "belfry.yaml:4:11: not valid YAML:"),
        Malformed("- server", "belfry.yaml:4:1: not valid YAML:"),
        Malformed("server", "belfry.yaml:5:1: not valid YAML:"),
        Malformed("server: a: b", "belfry.yaml:4:10: not valid YAML:"),
        Malformed("server: {}\n  tls: {}", "belfry.yaml:5:3: not valid YAML:"),
        Malformed("server: @x", "belfry.yaml:4:9: not valid YAML:"),
        Malformed("server: %x", "belfry.yaml:4:9: not valid YAML:"),
        Malformed("server: \"\\q\"", "belfry.yaml:4:10: not valid YAML:"),
        Malformed("server: {}\n---\nserver: {}", "belfry.yaml:5:1: not valid YAML:"),
        Malformed("server: {}\n...\n# end\nserver: {}", "belfry.yaml:7:1: not valid YAML:"),
        Malformed("server: *x", "belfry.yaml:4:9: not valid YAML: found undefined alias"),
        Malformed("server: &x {}", "belfry.yaml:4:9: anchors, aliases and tags are not supported"),
        Malformed("server: {node: &x a}", "belfry.yaml:4:16: anchors, aliases and tags are not supported"),
        Malformed("&x server: {}", "belfry.yaml:4:1: expected a name as key"),
        Malformed(
            "server: {loops: !!int 1}", "belfry.yaml:4:17: anchors, aliases and tags are not supported"),
        Malformed("server: !secret {}", "belfry.yaml:4:9: anchors, aliases and tags are not supported"),
        Malformed("server: {loops: 1, loops: 2}", "belfry.yaml:4:10: loops: duplicate key"),
        Malformed(
            "server: {loops: 1}\nclient: {}\nserver: {loops: 2}", "belfry.yaml:4:1: server: duplicate key"),
        Malformed("server: {loops: 1, \"loops\": 2}", "belfry.yaml:4:10: loops: duplicate key"),
        Malformed("tls: {}", "belfry.yaml:2:1: tls: duplicate key"),
        Malformed("a\u{0}b: 1", "belfry.yaml:4:2: not valid YAML: control characters"),
        Malformed("a\u{7}b: 1", "belfry.yaml:4:2: not valid YAML: control characters"),
        Malformed(
            "x: \(String(repeating: "[", count: 100))\(String(repeating: "]", count: 100))",
            "belfry.yaml:4:20: too large"),
        Malformed("x: \(String(repeating: "[", count: 5_000))", "belfry.yaml:4:"),
        Malformed("x: \(String(repeating: "{a: ", count: 5_000))", "belfry.yaml:4:"),
        Malformed("x: [\(String(repeating: "a,", count: 30_000))]", "belfry.yaml:4:"),
        Malformed(
            "a: &a [x]\nb: [\(String(repeating: "*a,", count: 20))]",
            "belfry.yaml:5:1: anchors, aliases and tags are not supported"),
    ]

    private static let noKey =
        "missing: a key: hmac_secret_file, hmac_keys, public_keys, jwks or issuers; without one, and without "
        + "client.allow_anonymous, nobody can connect"
    private static let pair = "tls: {certificate: tls/server.pem, private_key: tls/server.key}\n"
    private static let key = "auth: {hmac_secret_file: auth/hmac.key}\n"

    /// A configuration that is right but for one public key, whose brace stands in column 22 of line 2.
    private static func publicKey(_ fields: String, _ report: String) -> Malformed {
        Malformed(pair + "auth: {public_keys: [{\(fields)}]}", "belfry.yaml:2:" + report)
    }

    // What a file as a whole lacks.
    static let whole = [
        Malformed("", "belfry.yaml:1:1: tls.certificate: missing: a certificate; the relay speaks TLS only"),
        Malformed(
            "# only a comment\n",
            "belfry.yaml:1:1: tls.certificate: missing: a certificate; the relay speaks TLS only"),
        Malformed(
            "---\n", "belfry.yaml:2:1: tls.certificate: missing: a certificate; the relay speaks TLS only"),
        Malformed("hello", "belfry.yaml:1:1: expected a section, found a single value"),
        Malformed("[1, 2]", "belfry.yaml:1:1: expected a section, found a list"),
        Malformed(pair, "belfry.yaml:1:1: auth: \(noKey)"),
        Malformed(pair + "auth: {issuer: me}", "belfry.yaml:2:7: auth: \(noKey)"),
        Malformed(pair + "auth: {hmac_secret: \"\"}", "belfry.yaml:2:7: auth: \(noKey)"),
        Malformed(
            pair + "auth: {public_keys: [{alg: EdDSA, file: auth/public.pem}]}\nclient: {demo_page: true}",
            "belfry.yaml:3:21: client.demo_page: missing: auth.hmac_secret_file, which signs the tokens of the page's "
                + "visitors"),
        Malformed(
            pair + "auth: {hmac_secret_file: auth/hmac.key, user_id_claim: uid}\nclient: {demo_page: true}",
            "belfry.yaml:3:21: client.demo_page: visitors are named by sub, and auth.user_id_claim is uid"),
        Malformed(
            "tls: {certificate: tls/server.pem}\n" + key,
            "belfry.yaml:1:20: tls.certificate: missing: tls.private_key, the key of this certificate"),
        Malformed(
            "tls: {private_key: tls/server.key}\n" + key,
            "belfry.yaml:1:20: tls.private_key: missing: tls.certificate, which this key belongs to"),
        Malformed(
            "tls: {certificate: no.pem, private_key: tls/server.key}\n" + key,
            "belfry.yaml:1:20: tls.certificate: no.pem: no such file"),
        Malformed(
            "tls: {certificate: tls, private_key: tls/server.key}\n" + key,
            "belfry.yaml:1:20: tls.certificate: tls: not a regular file"),
        Malformed(
            "tls: {certificate: /dev/null, private_key: tls/server.key}\n" + key,
            "belfry.yaml:1:20: tls.certificate: /dev/null: not a regular file"),
        Malformed(
            "tls: {certificate: \"\", private_key: tls/server.key}\n" + key,
            "belfry.yaml:1:20: tls.certificate: expected a path of 1 to 1024 bytes, absolute or relative to this file, "
                + "found \"\""),
        Malformed(
            "tls: {certificates: [{certificate: tls/rsa.pem}]}\n" + key,
            "belfry.yaml:1:22: tls.certificates[0]: missing: both files"),
        Malformed(
            "tls: {certificates: [{certificate: tls/rsa.pem, key: tls/rsa.key}]}\n" + key,
            "belfry.yaml:1:49: tls.certificates[0].key: unknown key"),
        Malformed(
            "tls: {certificates: {certificate: tls/rsa.pem}}\n" + key,
            "belfry.yaml:1:21: tls.certificates: expected a list of 0 to 8 values, found a section"),
        Malformed(
            "tls: {certificate: tls/server.pem, private_key: tls/server.key, min_version: 1.1}\n" + key,
            "belfry.yaml:1:78: tls.min_version: expected one of \"1.2\", \"1.3\", found \"1.1\""),
        Malformed(
            "tls: {certificate: tls/server.pem, private_key: tls/server.key, handshake_timeout: 61s}\n" + key,
            "belfry.yaml:1:84: tls.handshake_timeout: expected a duration with unit (ms, s, m, h, d) from 1s to 1m, "
                + "found \"61s\""),
        Malformed(
            "tls: {certificate: tls/server.pem, private_key: tls/server.key, ticket_rotation: 59s}\n" + key,
            "belfry.yaml:1:82: tls.ticket_rotation: expected a duration with unit (ms, s, m, h, d) from 1m to 7d, "
                + "found \"59s\""),
        Malformed(
            "tls: {certificate: tls/server.pem, private_key: tls/server.key, client_ca: tls/none.pem}\n"
                + key,
            "belfry.yaml:1:76: tls.client_ca: tls/none.pem: no such file"),
        Malformed(
            "tls: {certificate: tls/server.pem, private_key: tls/server.key, client_certificate: maybe}\n"
                + key,
            "belfry.yaml:1:85: tls.client_certificate: expected one of \"required\", \"optional\", found \"maybe\""
        ),
        Malformed(
            pair + "auth: {hmac_secret: abc, require_cnf: true}",
            "belfry.yaml:2:39: auth.require_cnf: no token can be bound to a certificate without tls.client_ca"
        ),
        Malformed(
            pair + "auth: {hmac_secret: abc, denials: 99}",
            "belfry.yaml:2:35: auth.denials: expected a whole number from 100 to 1000000, found \"99\""),
        Malformed(
            pair + "auth: {hmac_secret: abc, hmac_secret_file: auth/hmac.key}",
            "belfry.yaml:2:21: auth.hmac_secret: auth.hmac_secret_file is set as well; keep one"),
        Malformed(
            pair + "auth: {hmac_secret_file: auth/none.key}",
            "belfry.yaml:2:26: auth.hmac_secret_file: auth/none.key: no such file"),
        Malformed(
            pair + "auth: {hmac_secret_file: auth/empty.key}",
            "belfry.yaml:2:26: auth.hmac_secret_file: auth/empty.key: is empty"),
        Malformed(
            pair + "auth: {hmac_secret_file: auth/huge.key}",
            "belfry.yaml:2:26: auth.hmac_secret_file: auth/huge.key: is too large"),
        Malformed(
            pair + "auth: {hmac_secret: {file: x}}",
            "belfry.yaml:2:21: auth.hmac_secret: expected a secret of at most 1024 bytes, found a section"),
        Malformed(
            pair + "auth: {hmac_secret: \(String(repeating: "x", count: 1_025))}",
            "belfry.yaml:2:21: auth.hmac_secret: expected a secret of at most 1024 bytes, found a single value"
        ),
        Malformed(
            pair + "auth: {hmac_secret: abc, hmac_algorithms: [RS256]}",
            "belfry.yaml:2:44: auth.hmac_algorithms[0]: expected one of HS256, HS384, HS512, found \"RS256\""),
        Malformed(
            pair + "auth: {hmac_secret: abc, hmac_algorithms: [none]}",
            "belfry.yaml:2:44: auth.hmac_algorithms[0]: expected one of HS256, HS384, HS512, found \"none\""),
        Malformed(
            pair + "auth: {hmac_secret: abc, leeway: 61s}",
            "belfry.yaml:2:34: auth.leeway: expected a duration in whole seconds (s, m, h, d) from 0s to 1m, found \"61s\""
        ),
        Malformed(
            pair + "auth: {hmac_secret: abc, cache: -1}",
            "belfry.yaml:2:33: auth.cache: expected a whole number from 0 to 1000000, found \"-1\""),
        Malformed(
            pair + "auth: {hmac_secret: abc, user_id_claim: \"\"}",
            "belfry.yaml:2:41: auth.user_id_claim: expected a claim's name of 1 to 64 bytes, found \"\""),
        Malformed(
            pair + "auth: {hmac_secret: abc, issuer: \"a\\u0007b\"}",
            "belfry.yaml:2:34: auth.issuer: expected a name of 0 to 512 bytes, found \"a\u{FFFD}b\""),
        Malformed(
            pair + "auth: {hmac_keys: [{kid: a}]}",
            "belfry.yaml:2:20: auth.hmac_keys[0]: missing: secret_file"),
        Malformed(
            pair + "auth: {hmac_keys: [{secret_file: auth/hmac.key}]}",
            "belfry.yaml:2:20: auth.hmac_keys[0]: missing: kid; the key without one is auth.hmac_secret_file"),
        Malformed(
            pair + "auth:\n  hmac_keys:\n    - {kid: a, secret_file: auth/hmac.key}\n"
                + "    - {kid: a, secret_file: auth/hmac.key}",
            "belfry.yaml:5:7: auth.hmac_keys[1]: another shared key has the same kid"),
        publicKey("kid: a, file: auth/public.pem", "22: auth.public_keys[0]: missing: alg"),
        publicKey("alg: ES256", "22: auth.public_keys[0]: missing: either file or pem"),
        publicKey(
            "alg: ES256, file: auth/public.pem, pem: \"-----BEGIN X\"",
            "22: auth.public_keys[0]: missing: either file or pem"),
        publicKey(
            "alg: HS256, file: auth/public.pem",
            "28: auth.public_keys[0].alg: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, "
                + "ES512, EdDSA, found \"HS256\""),
        publicKey(
            "alg: es256, file: auth/public.pem",
            "28: auth.public_keys[0].alg: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, "
                + "ES512, EdDSA, found \"es256\""),
        publicKey(
            "alg: ES256, file: auth/private.pem",
            "41: auth.public_keys[0].file: this is a private key; the relay needs the public one only"),
        publicKey(
            "alg: ES256, file: auth/nonsense.pem",
            "41: auth.public_keys[0].file: expected a PEM public key or certificate, found no -----BEGIN line"
        ),
        publicKey(
            "alg: ES256, pem: MCowBQYDK2VwAyEA",
            "40: auth.public_keys[0].pem: expected a PEM public key or certificate, found no -----BEGIN line"),
        publicKey(
            "alg: ES256, file: auth/public.pem, valid_until: 2027-01-31",
            "71: auth.public_keys[0].valid_until: expected a date as 2027-01-31T00:00:00Z, found \"2027-01-31\""
        ),
        publicKey(
            "alg: ES256, file: auth/public.pem, valid_until: 2027-13-31T00:00:00Z",
            "71: auth.public_keys[0].valid_until: expected a date as 2027-01-31T00:00:00Z, "
                + "found \"2027-13-31T00:00:00Z\""),
    ]
}
