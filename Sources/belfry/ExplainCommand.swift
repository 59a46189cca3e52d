import ArgumentParser
import BelfryServer

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say rule by rule why a user may do something in a channel, or not: exit 0, or 1.",
        discussion: """
            Asks the rules that the relay asks, of the configuration in the file. A token is verified as the relay \
            would; a JSON object in its place stands for the claims of a token whose signature is good.
            """)

    @OptionGroup var file: ConfigurationOption

    @Option(help: "The user id; empty is an anonymous user. Default: the token's.")
    var user: String?

    @Option(help: "The channel, as a client sends it.")
    var channel: String

    @Option(help: "What is to be done: \(ExplainRequest.actions.joined(separator: ", ")).")
    var action: String

    @Option(help: "A connection or subscription token, or its claims as a JSON object.")
    var token: String?

    @Flag(help: "The user is subscribed to the channel.")
    var subscribed = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard ExplainRequest.actions.contains(action) else {
            throw ValidationError(
                "--action \(action): expected one of \(ExplainRequest.actions.joined(separator: ", "))")
        }
    }

    func run() throws {
        let request = ExplainRequest(
            action: action, channel: channel, user: user, token: token, isSubscribed: subscribed,
            wantsJSON: json)
        throw ExitCode(request.run(configuration: file.path))
    }
}
