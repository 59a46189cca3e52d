import BelfryTLS
import Foundation

/// `belfry check-config`.
package enum ConfigurationCheck {
    /// Loads the configuration as `serve` would, certificates and keys included, and opens nothing.
    ///
    /// - Returns: The exit code.
    package static func run(configuration path: String) -> Int32 {
        let loaded: LoadedConfiguration
        do {
            loaded = try Configuration.load(path: path, environment: ProcessEnvironment.variables)
        } catch {
            return say("\(error)", ExitCode.configuration)
        }
        for warning in loaded.warnings { _ = say("warning: \(warning)", 0) }
        do {
            try Relay.check(loaded.configuration)
        } catch {
            return say("\(path): \(error)", ExitCode.configuration)
        }
        print("\(path): good")
        return ExitCode.success
    }

    private static func say(_ text: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        return code
    }
}
