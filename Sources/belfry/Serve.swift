import ArgumentParser
import BelfryServer

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the relay until SIGTERM; SIGHUP reloads certificates and keys.")

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        throw ExitCode(RelayProcess.run(configuration: file.path, application: .relay))
    }
}

struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check a configuration: exit 0, or 78 with file:line:column and the key.")

    @OptionGroup var file: ConfigurationOption

    func run() throws {
        throw ExitCode(ConfigurationCheck.run(configuration: file.path))
    }
}

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() { print(BelfryVersion.description) }
}
