import ArgumentParser
import BelfryServer

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a connection token, or with --subscribe a subscription token.",
        discussion: "Signs with the configured HMAC secret: for development and tests.")

    @OptionGroup var file: ConfigurationOption

    @Option(help: "The user id; empty is an anonymous user.")
    var user: String

    @Option(name: .customLong("channel"), help: "Subscribe the connection to this channel; may be repeated.")
    var channels: [String] = []

    @Option(help: "Make a subscription token for this channel instead.")
    var subscribe: String?

    @Option(help: "How long the token is valid: 90s, 15m, 1h, 7d.")
    var ttl: String = "1h"

    @Option(help: "What other clients may see of this one: any JSON value.")
    var info: String?

    func run() throws {
        let request = TokenRequest(
            user: user, channels: channels, subscribe: subscribe, lifetime: ttl, info: info)
        throw ExitCode(request.run(configuration: file.path))
    }
}
