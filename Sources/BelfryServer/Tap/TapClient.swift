import BelfryObserve
import BelfryOutbound
import BelfryReactor
import BelfrySidePort
import Foundation
import Synchronization

/// `belfry tap`: follows a user or a channel of a running relay, and prints what happens.
package struct TapClient: Sendable {
    /// What the command line asks for.
    package enum Subject: Sendable {
        case user(String)
        case channel(String)
    }

    /// Comments come every 15 s: three lost in a row, and nobody is there.
    private static let silence = Duration.seconds(45)

    private let subject: Subject
    private let showsBodies: Bool
    /// As the relay takes it: `10m`.
    private let duration: String?
    private let address: String
    private let keyPath: String
    private let wantsJSON: Bool

    package init(
        subject: Subject, showsBodies: Bool, duration: String?, address: String, keyPath: String,
        wantsJSON: Bool
    ) {
        self.subject = subject
        self.showsBodies = showsBodies
        self.duration = duration
        self.address = address
        self.keyPath = keyPath
        self.wantsJSON = wantsJSON
    }

    /// Prints until SIGINT, the tap's end, or the relay's.
    ///
    /// Call it on the main thread before any other thread exists.
    ///
    /// - Returns: 0 when it ended so; 1 when the relay is not reached, refuses, breaks off, or cut the tap because its
    ///   entries were not taken; 64 for an address or a key file that cannot be used.
    package func run() -> Int32 {
        let (url, key): (String, String)
        do {
            (url, key) = (try self.url(), try self.key())
        } catch {
            return complain("\(error)", ExitCode.usage)
        }
        do {
            try ProcessSetup.ignoreBrokenPipes()
            let ending = TapEnding()
            let watch = try SignalWatch.start { _ in ending.interrupt() }
            let code = follow(url, key, ending)
            watch.stop()
            return code
        } catch {
            return complain("\(error)", ExitCode.failure)
        }
    }

    private func follow(_ url: String, _ key: String, _ ending: TapEnding) -> Int32 {
        let result = Blocking.result { [self] in
            let task = Task {
                try await LineStream.follow(
                    url, headers: [("X-API-Key", key)], silence: Self.silence
                ) { try take($0, ending) }
            }
            ending.willInterrupt { task.cancel() }
            return try await task.value
        }
        return exitCode(result, ending)
    }

    private func exitCode(_ result: Result<Void, any Error>, _ ending: TapEnding) -> Int32 {
        if ending.isInterrupted || ending.isOutputGone { return ExitCode.success }
        switch (result, ending.reason) {
        case (_, "slow"?):
            return complain("the relay has cut the tap: entries were not taken", ExitCode.failure)
        case (_, _?): return ExitCode.success
        case (.success, nil): return complain("the relay has broken off", ExitCode.failure)
        case (.failure(let error), nil):
            return complain(SafeText.string("\(address): \(error)"), ExitCode.failure)
        }
    }

    /// - Returns: Whether there is more to come.
    private func take(_ line: [UInt8], _ ending: TapEnding) throws -> Bool {
        let mark = Array("data: ".utf8)
        guard line.starts(with: mark) else { return true }
        let json = Array(line.dropFirst(mark.count))
        let entry = try? JSONDecoder().decode(TapLine.self, from: Data(json))
        let text = wantsJSON ? json : Array((entry?.text ?? "an entry that cannot be read").utf8)
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text + [0x0A]))
        } catch {
            ending.outputIsGone()
            return false
        }
        guard entry?.type == "end" else { return true }
        ending.end(entry?.reason ?? "")
        return false
    }

    // MARK: What is asked for

    private func url() throws(StartFailure) -> String {
        guard var parts = URLComponents(string: address), ["http", "https"].contains(parts.scheme),
            parts.host?.isEmpty == false, parts.query == nil
        else { throw StartFailure(description: "--url \(address): expected http://host:port") }
        parts.path = "/tap"
        var query: [String] = []
        switch subject {
        case .user(let name): query.append("user=\(Self.encoded(name))")
        case .channel(let name): query.append("channel=\(Self.encoded(name))")
        }
        if showsBodies { query.append("bodies=yes") }
        if let duration { query.append("for=\(Self.encoded(duration))") }
        parts.percentEncodedQuery = query.joined(separator: "&")
        guard let text = parts.string else { throw StartFailure(description: "--url \(address): no address") }
        return text
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isLetter && byte < 0x80 || character.isNumber && byte < 0x80 {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private func key() throws(StartFailure) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: keyPath))
        } catch {
            throw StartFailure(description: "--key-file \(keyPath): cannot be read")
        }
        // A header takes no line break; editors leave one at the end.
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw StartFailure(description: "--key-file \(keyPath): holds no key")
        }
        return text
    }

    private func complain(_ text: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        return code
    }
}

/// How a followed tap ended.
private final class TapEnding: Sendable {
    private struct State {
        var reason: String?
        var isInterrupted = false
        var isOutputGone = false
        var onInterrupt: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// The relay's own word for it, once it has said one.
    var reason: String? { state.withLock { $0.reason } }
    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }
    /// Nobody reads what is printed.
    var isOutputGone: Bool { state.withLock { $0.isOutputGone } }

    func end(_ reason: String) { state.withLock { $0.reason = reason } }
    func outputIsGone() { state.withLock { $0.isOutputGone = true } }

    func interrupt() {
        let action = state.withLock { state in
            state.isInterrupted = true
            return state.onInterrupt
        }
        action?()
    }

    /// Has `action` run at the interrupt, at once if it has come.
    func willInterrupt(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.onInterrupt = action
            return state.isInterrupted
        }
        if isLate { action() }
    }
}
