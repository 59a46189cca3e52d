package import BelfryHub
package import BelfryReactor

// Everything an operator decides, checked. One struct per section of the file, one property per key, defaults
// here. The keys, their formats and ranges stand in Configuration+Keys.swift; what each is for, in
// ops/belfry.yaml.

/// The settings of one relay.
///
/// Made by ``load(path:environment:)``; immutable afterwards.
package struct Configuration: Equatable, Sendable {
    package var server = Server()
    package var tls = TLS()
    package var auth = Auth()
    package var client = Client()
    package var channels = Channels()
    package var limits = Limits()
    package var broker = Broker()
    package var history = History()
    package var sidePort = SidePort()
    package var api = API()
    package var alerts = Alerts()
    package var journal = JournalOptions()
    package var probe = Probe()

    package init() {}

    /// Listeners and loops.
    package struct Server: Equatable, Sendable {
        package var listen = [ListenAddress(ip: IPAddress(ipv4: 0), port: 8443)]
        /// Event loops; 0 means one per processor.
        package var loops = 0
        /// The node's name in metrics and journal; empty means the host's name.
        package var node = ""
        /// Time over which connections are closed at shutdown.
        package var drain = Duration.seconds(30)
        /// Connections of the process.
        package var maxConnections = 100_000
    }

    package struct TLS: Equatable, Sendable {
        package enum Version: String, CaseIterable, Sendable {
            case tls12 = "1.2"
            case tls13 = "1.3"
        }

        /// Absolute paths of one certificate chain and its key.
        package struct Pair: Equatable, Sendable {
            package var certificate = ""
            package var privateKey = ""
        }

        package var pair = Pair()
        /// Further pairs: one ECDSA and one RSA certificate may stand side by side.
        package var furtherPairs: [Pair] = []
        package var minVersion = Version.tls12
        package var handshakeTimeout = Duration.seconds(10)
        package var ticketRotation = Duration.seconds(12 * 3_600)
        /// Whether a client may come without a certificate.
        package enum ClientCertificate: String, CaseIterable, Sendable { case required, optional }

        /// Absolute path of the authorities of client certificates; empty asks for none.
        package var clientCA = ""
        package var clientCertificate = ClientCertificate.required

        /// All pairs, the first one first.
        ///
        /// At least one after a successful load.
        package var pairs: [Pair] { (pair.certificate.isEmpty ? [] : [pair]) + furtherPairs }
    }

    package struct Client: Equatable, Sendable {
        package var insecure = false
        package var allowAnonymous = false
        /// A chat page on the public port, whose visitors get tokens.
        package var demoPage = false
        /// Connection tokens must name a user.
        package var disallowAnonymousTokens = false
        /// As `OriginPolicy` reads them.
        package var origins: [String] = []
        package var allowMissingOrigin = true
        /// Bytes of one incoming message.
        package var maxMessage = 64 << 10
        /// Bytes that may wait for one connection.
        package var maxQueue = 1 << 20
        package var ping = Duration.seconds(25)
        package var pong = Duration.seconds(8)
        package var connectDeadline = Duration.seconds(10)
        package var writeDeadline = Duration.seconds(10)
        package var expiredGrace = Duration.seconds(25)
        /// Subscriptions of one connection.
        package var channels = 128
        package var commandsPerFrame = 256
        package var personalChannel = PersonalChannel()
        package var compression = Compression()
    }

    /// permessage-deflate (RFC 7692).
    package struct Compression: Equatable, Sendable {
        package var isEnabled = false
        package var level = 1
        /// Payload bytes of the shortest and the longest message that is sent compressed.
        package var minSize = 256
        package var maxSize = 256 << 10
    }

    /// The channel that every user's connections are subscribed to (protocol.md 18.5).
    package struct PersonalChannel: Equatable, Sendable {
        package var isEnabled = false
        /// Empty for the options of channels without a namespace.
        package var namespace = ""
        /// A user's newest connection closes the others.
        package var isSingle = false
    }

    package struct Channels: Equatable, Sendable {
        /// For channels without a namespace.
        ///
        /// Namespaces inherit nothing from it.
        package var withoutNamespace = ChannelOptions()
        package var namespaces: [String: ChannelOptions] = [:]
    }

    package struct Broker: Equatable, Sendable {
        package enum Kind: String, CaseIterable, Sendable { case memory }

        package var kind = Kind.memory
    }

    package struct History: Equatable, Sendable {
        package enum Store: String, CaseIterable, Sendable { case sqlite, none }

        package var store = Store.sqlite
        /// Absolute.
        package var path = "/var/lib/belfry/history.db"
        /// Bytes of the file.
        package var maxBytes = 1 << 30
        /// Bytes that may wait to be written.
        package var maxQueue = 64 << 20
    }

    package struct SidePort: Equatable, Sendable {
        package var listen = ListenAddress(ip: .loopback, port: 9300)
    }

    /// The relay as its own client.
    package struct Probe: Equatable, Sendable {
        /// Between two round trips; zero for none.
        package var interval = Duration.seconds(10)
    }

    package struct JournalOptions: Equatable, Sendable {
        package enum Mode: String, CaseIterable, Sendable { case auto, required, stderr }

        /// What becomes of new connections while audit entries cannot be written.
        package enum FailurePolicy: String, CaseIterable, Sendable {
            case proceed = "continue"
            case refuseNew = "refuse_new"
        }

        /// Entries less urgent are left out, audit entries never.
        package enum Level: String, CaseIterable, Sendable {
            case error = "err"
            case warning, notice, info, debug
        }

        package var mode = Mode.auto
        package var level = Level.info
        package var onFailure = FailurePolicy.proceed
        /// Between two readings of the newest audit entry; zero for none.
        package var canary = Duration.seconds(60)
        /// Key of the chain over audit entries; `nil` for the chain that anybody can compute.
        package var chainKey: Secret?
        /// Entries that may wait for the writer, by lane.
        package var auditQueue = 8_192
        package var infoQueue = 4_096
        /// Key of the pseudonyms of users; `nil` means a random one per start.
        package var pseudonymKey: Secret?
        /// Write user ids as they are.
        package var plainSubjects = false
    }
}
