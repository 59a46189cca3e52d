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
    package var journal = JournalOptions()

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

        /// All pairs, the first one first.
        ///
        /// At least one after a successful load.
        package var pairs: [Pair] { (pair.certificate.isEmpty ? [] : [pair]) + furtherPairs }
    }

    package struct Client: Equatable, Sendable {
        package var insecure = false
        package var allowAnonymous = false
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
        package enum Store: String, CaseIterable, Sendable { case none }

        package var store = Store.none
    }

    package struct SidePort: Equatable, Sendable {
        package var listen = ListenAddress(ip: .loopback, port: 9300)
    }

    package struct JournalOptions: Equatable, Sendable {
        package enum Mode: String, CaseIterable, Sendable { case auto, required, stderr }

        package var mode = Mode.auto
        /// Entries that may wait for the writer, by lane.
        package var auditQueue = 8_192
        package var infoQueue = 4_096
        /// Key of the pseudonyms of users; `nil` means a random one per start.
        package var pseudonymKey: Secret?
        /// Write user ids as they are.
        package var plainSubjects = false
    }
}
