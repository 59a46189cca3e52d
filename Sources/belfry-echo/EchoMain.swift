import BelfryServer
import Foundation

// The same TLS, HTTP and WebSocket stack as the relay, with an echo behind it: what conformance suites talk to.

/// `belfry-echo --config FILE`.
@main
enum EchoMain {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, arguments[1] == "--config" else {
            FileHandle.standardError.write(Data("usage: belfry-echo --config FILE\n".utf8))
            exit(64)  // EX_USAGE (sysexits.h)
        }
        exit(RelayProcess.run(configuration: arguments[2], application: .echo))
    }
}
