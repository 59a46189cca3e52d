import ArgumentParser
import BelfryServer

struct TapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap",
        abstract: "Follow one user or one channel of a running relay live, until SIGINT.",
        discussion: """
            Asks the side port with a key of the server API that has the scope tap, or tap_bodies for --bodies. The \
            relay writes to its journal who follows whom. Exit 0 at SIGINT, when the time is over or the relay ends; \
            1 when it is not reached, refuses, breaks off, or has cut the tap because its entries were not taken; 64 \
            for an address or a key file that cannot be used.
            """)

    @Option(help: "The user id, as tokens name it.")
    var user: String?

    @Option(help: "The channel, as clients name it.")
    var channel: String?

    @Flag(help: "Show the contents of messages, up to 4 KiB of each.")
    var bodies = false

    @Option(name: .customLong("for"), help: "When it ends by itself: 90s, 10m, 1h. Default: 10m.")
    var duration: String?

    @Option(help: "The relay's side port.")
    var url = "http://127.0.0.1:9300"

    @Option(help: "The file that holds the key.")
    var keyFile: String

    @Flag(help: "Print each entry as the relay sends it: one JSON object a line.")
    var json = false

    func validate() throws {
        if (user == nil) == (channel == nil) { throw ValidationError("either --user or --channel is needed") }
    }

    func run() throws {
        let subject: TapClient.Subject
        if let user { subject = .user(user) } else { subject = .channel(channel ?? "") }
        let client = TapClient(
            subject: subject, showsBodies: bodies, duration: duration, address: url, keyPath: keyFile,
            wantsJSON: json)
        throw ExitCode(client.run())
    }
}
