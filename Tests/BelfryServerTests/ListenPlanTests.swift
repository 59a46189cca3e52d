import BelfryReactor
import Foundation
import Glibc
import Testing

@testable import BelfryJournal
@testable import BelfryServer

@Suite("Sockets from systemd")
struct InheritedSocketsTests {
    private func listening() -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(listen(descriptor, 5) == 0)
        return descriptor
    }

    private func sort(_ names: String...) throws -> InheritedSockets {
        let taken = names.map { ListenDescriptor(descriptor: listening(), name: $0) }
        defer { for socket in taken { close(socket.descriptor) } }
        return try InheritedSockets(taken)
    }

    @Test func `names say what sockets are for`() throws {
        let sockets = try sort("wss", "side", "wss")
        #expect(sockets.wss.count == 2 && sockets.side != nil && !sockets.isEmpty)
        #expect(sockets.wss.map(\.backlog) == [5, 5])
    }

    @Test(arguments: ["unknown", "belfry.socket", "WSS", ""])
    func `a socket with another name is an error that says what to write`(name: String) {
        #expect {
            _ = try sort("wss", name)
        } throws: { error in
            "\(error)".contains("\"\(name)\"") && "\(error)".contains("FileDescriptorName=wss")
        }
    }

    @Test func `two sockets for the side port are an error`() {
        #expect(throws: StartFailure.self) { _ = try sort("side", "side") }
    }

    @Test func `what comes from systemd takes the place of the configuration`() throws {
        let configured = [ListenAddress(ip: .loopback, port: 1)]
        #expect(ListenPlan(configured, []).addresses == configured)
        #expect(ListenPlan(configured, []).descriptorName == nil)
        let sockets = try sort("wss").wss
        let plan = ListenPlan(configured, sockets)
        #expect(plan.addresses == sockets.map(\.address) && plan.descriptorName == "wss")
        #expect(plan.backlog(at: 0) == 5)
    }
}

@Suite("Signs of life")
struct LoopProgressTests {
    @Test func `a sign of life takes a tick of every loop since the last one`() {
        var progress = LoopProgress(loops: 2)
        let steps: [(ticks: [UInt64], isAlive: Bool)] = [
            ([0, 0], false), ([5, 0], false),  // one has not begun
            ([6, 1], true), ([6, 2], false), ([6, 900], false),  // one stands still, however busy the other
            ([7, 900], true),
        ]
        for step in steps {
            let isAlive = progress.hasAdvanced(step.ticks)
            #expect(isAlive == step.isAlive, "\(step.ticks)")
        }
    }
}
