import ArgumentParser
import BelfryServer

/// The command line of the relay.
@main
struct Belfry: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "belfry", abstract: "A TLS-terminating secure chat relay with an eye on everything.",
        version: BelfryVersion.number,
        subcommands: [
            Serve.self, CheckConfig.self, TokenCommand.self, ExplainCommand.self, AuditCommand.self,
            TapCommand.self, BenchCommand.self, Version.self,
        ])
}

/// Where the configuration stands.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file (YAML).")
    var path: String
}
