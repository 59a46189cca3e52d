/// A configuration that can be run, and what is worth saying about it.
package struct LoadedConfiguration: Sendable {
    package let configuration: Configuration
    package let warnings: [ConfigurationWarning]
}

extension Configuration {
    /// A configuration of a thousand namespaces has 200 KiB.
    private static let fileBytesMax = 1 << 20

    /// Reads a configuration file, then the variables that override it, then checks the whole.
    ///
    /// Secrets and public keys are read here; of certificates only the paths are checked, their content is
    /// the business of TLS. Relative paths begin at `$CREDENTIALS_DIRECTORY` if the file is there, else at the
    /// directory of the configuration.
    ///
    /// - Parameters:
    ///   - path: The YAML file, a regular file of at most 1 MiB.
    ///   - environment: The process's environment; names that begin with `BELFRY_` must be known.
    /// - Returns: The settings, and the choices among them that deserve a warning.
    /// - Throws: Every error found, up to 20; nothing is partly applied. A file that is not YAML gives one.
    package static func load(
        path: String, environment: [String: String]
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        let start = ConfigurationLocation.file(path: path, line: 1, column: 1)
        var reader = ConfigurationReader(
            files: ConfigurationFiles(configurationPath: path, environment: environment))
        let root: ConfigurationNode
        do throws(ConfigurationError) {
            root = try .parse(yaml: try text(of: path, start), path: path)
        } catch {
            throw ConfigurationErrors(error)
        }
        var configuration = Configuration()
        _ = reader.section(root, "", keys, into: &configuration)
        reader.environment(environment, keys, into: &configuration)
        configuration.check(into: &reader, start: start)
        var errors = reader.errors
        errors.sort()
        guard errors.isEmpty else { throw errors }
        let warnings = configuration.warnings(located: reader, start: start)
        return LoadedConfiguration(configuration: configuration, warnings: warnings)
    }

    private static func text(
        of path: String, _ start: ConfigurationLocation
    ) throws(ConfigurationError) -> String {
        let bytes: [UInt8]
        do throws(FileProblem) {
            bytes = try ConfigurationFiles.read(path, bytesMax: fileBytesMax)
        } catch .tooLarge {
            throw ConfigurationError(location: start, key: "", problem: .tooLarge("at most 1 MiB"))
        } catch {
            throw ConfigurationError(location: start, key: "", problem: .file(path: path, error))
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]  // some editors write one; libyaml calls it content
        let content = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
        guard let text = String(validating: content, as: UTF8.self) else {
            throw ConfigurationError(
                location: firstInvalidLine(bytes, path), key: "", problem: .syntax("not UTF-8"))
        }
        return text
    }

    private static func firstInvalidLine(_ bytes: [UInt8], _ path: String) -> ConfigurationLocation {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        return .file(path: path, line: index + 1, column: 1)
    }
}
