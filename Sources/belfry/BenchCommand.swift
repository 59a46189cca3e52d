import ArgumentParser
import BelfryBench
import BelfryServer

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Load a relay and check every delivery; exit 1 when anything is missing or failed.",
        discussion: """
            Connections join rooms in turn; the first member of each room publishes. The channels are \
            <prefix><number>: with a ':' in the prefix, the relay needs that namespace. Limits count against it as \
            against any other client.
            """)

    @Option(help: "The relay: wss://host:port/connection/websocket.")
    var url: String

    @Option(help: "PEM certificates to trust instead of the system's.")
    var ca: String?

    @Flag(help: "Take any certificate.")
    var insecure = false

    @Option(help: "How many clients connect, 1 to 28000.")
    var connections = 100

    @Option(help: "How many channels they share.")
    var rooms = 10

    @Option(help: "Messages a second, over all rooms.")
    var rate = 100

    @Option(help: "Bytes of a payload, 64 to 60000.")
    var size = 128

    @Option(help: "How long messages are sent: 10s, 5m.")
    var duration = "10s"

    @Option(help: "One token for all connections.")
    var token: String?

    @Option(
        name: .customLong("config"), help: "Sign a token for each connection with this relay's HMAC secret.")
    var configurationPath: String?

    @Option(help: "What the channels' names begin with.")
    var channelPrefix = "bench:"

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if ca != nil, insecure { throw ValidationError("--ca and --insecure exclude each other") }
        if token != nil, configurationPath != nil {
            throw ValidationError("--token and --config exclude each other")
        }
    }

    func run() throws {
        let report = try BenchRun.report(on: try plan())
        print(json ? report.json : report.text)
        if !report.isClean { throw ExitCode.failure }
    }

    private func plan() throws -> BenchPlan {
        var plan = BenchPlan(target: try BenchTarget(parsing: url))
        plan.trust = insecure ? .anybody : ca.map { .file($0) } ?? .system
        plan.connections = connections
        plan.rooms = rooms
        plan.rate = rate
        plan.size = size
        plan.duration = try BenchTokens.duration(duration)
        plan.channelPrefix = channelPrefix
        // The number is checked before a token is signed for each.
        try plan.check()
        plan.tokens = try token.map { [$0] } ?? signedTokens()
        return plan
    }

    private func signedTokens() throws -> [String] {
        guard let configurationPath else { return [] }
        return try BenchTokens.sign(count: connections, configuration: configurationPath)
    }
}
