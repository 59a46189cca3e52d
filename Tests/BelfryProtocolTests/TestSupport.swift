import Foundation
import Testing

@testable import BelfryProtocol

/// Test vectors that live outside the package; a missing one fails its test.
enum TestData {
    static let root: URL = {
        if let path = ProcessInfo.processInfo.environment["BELFRY_DATA"] { return URL(fileURLWithPath: path) }
        // #filePath ends in Tests/BelfryProtocolTests/TestSupport.swift; the data lie beside the package.
        var package = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { package.deleteLastPathComponent() }
        return package.appendingPathComponent("../shared/data").standardizedFileURL
    }()

    struct Missing: Error, CustomStringConvertible {
        let path: String
        var description: String { "test data missing: \(path) (set BELFRY_DATA to the data directory)" }
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        let file = root.appendingPathComponent(path)
        guard let data = try? Data(contentsOf: file) else { throw Missing(path: file.path) }
        return [UInt8](data)
    }

    static func names(in directory: String) throws -> [String] {
        let folder = root.appendingPathComponent(directory)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            throw Missing(path: folder.path)
        }
        return names.sorted()
    }
}

func text(_ write: (inout [UInt8]) -> Void) -> String {
    var output: [UInt8] = []
    write(&output)
    return String(decoding: output, as: UTF8.self)
}

/// The error of `JSONScanner.validate`, or `nil`.
func jsonError(_ bytes: [UInt8], depthMax: Int = ProtocolLimits.nestingDepth) -> JSONError? {
    do {
        try JSONScanner.validate(bytes.span, depthMax: depthMax)
        return nil
    } catch {
        return error
    }
}

func jsonError(_ text: String) -> JSONError? { jsonError(Array(text.utf8)) }

/// All commands of a message.
func commands(_ message: [UInt8], commandsMax: Int = ProtocolLimits.commandsPerFrame) throws(CommandError)
    -> [Command]
{
    var reader = CommandReader(commandsMax: commandsMax)
    var commands: [Command] = []
    while let command = try reader.next(in: message.span) { commands.append(command) }
    return commands
}

func commands(_ message: String) throws(CommandError) -> [Command] { try commands(Array(message.utf8)) }

/// The request of a message that must hold one command.
func request(_ message: String) throws -> Request {
    let all = try commands(message)
    return try #require(all.count == 1 ? all.first : nil).request
}

func commandError(_ message: [UInt8]) -> CommandError? {
    do {
        _ = try commands(message)
        return nil
    } catch {
        return error
    }
}

func commandError(_ message: String) -> CommandError? { commandError(Array(message.utf8)) }
