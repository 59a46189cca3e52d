import BelfryBytes
import BelfryReactor
import BelfryTLS

extension BenchRun {
    /// Keeps ``openingMax`` connections on their way until all have arrived, or none gets further.
    func openConnections() {
        while connections.count < plan.connections, opening < Self.openingMax {
            do { try open() } catch {
                // Not in the table: the next would fare no better, so all that is left counts as failed.
                report.note(error.reason)
                report.failed += plan.connections - connections.count
                return begin(.publishing)
            }
        }
        if opening == 0 { return begin(.publishing) }
        if now - since > Self.connectPatience { giveUpOpening() }
    }

    func begin(_ next: Phase) {
        if opening > 0 { giveUpOpening() }
        let isIdle = next == .publishing && members.allSatisfy(\.isEmpty)
        phase = isIdle ? .over : next
        since = now
        drainBegan = now
    }

    private func open() throws(Ending) {
        let index = connections.count
        do {
            let descriptor = try kernel.connect(to: address)
            guard
                let tls = TLSClientSession(
                    context: context, host: plan.target.host, isAddress: isAddress,
                    descriptor: descriptor.rawValue)
            else {
                kernel.close(descriptor)
                throw Ending("TLS: no session")
            }
            connections.append(
                BenchConnection(
                    descriptor: descriptor, room: index % plan.rooms, startedAt: kernel.now(), tls: tls))
            opening += 1
            try kernel.register(descriptor, token: UInt64(index), interest: [.readable, .writable])
        } catch let error as SystemError {
            throw Ending("\(error)")
        } catch let ending as Ending {
            throw ending
        } catch { preconditionFailure("an error of no known type") }
    }

    private func giveUpOpening() {
        for index in connections.indices where !isSettled(connections[index]) {
            end(index, "no answer in time")
        }
        since = now
    }

    private func isSettled(_ connection: BenchConnection) -> Bool {
        connection.stage == .joined || connection.stage == .ended
    }

    /// Connect and subscribe in one frame: the server answers in their order.
    func join(_ connection: BenchConnection, _ index: Int) {
        let token = plan.tokens.isEmpty ? "" : "\"token\":\"\(plan.tokens[index % plan.tokens.count])\""
        let commands =
            "{\"id\":1,\"connect\":{\(token)}}\n"
            + "{\"id\":2,\"subscribe\":{\"channel\":\"\(channel(connection.room))\"}}"
        connection.sendFrame(ClientFrame.text, commands.utf8)
    }

    func channel(_ room: Int) -> String { plan.channelPrefix + "\(room)" }

    func joined(_ connection: BenchConnection, _ index: Int) {
        connection.stage = .joined
        members[connection.room].append(index)
        opening -= 1
        since = now
        report.connected += 1
        report.connectTime.record(nanoseconds: kernel.now().nanoseconds &- connection.startedAt.nanoseconds)
    }

    /// Takes a connection out, for a reason that counts as a failure.
    func end(_ index: Int, _ reason: String) {
        let connection = connections[index]
        if connection.stage == .ended { return }
        if connection.stage == .joined {
            members[connection.room].removeAll { $0 == index }
        } else {
            opening -= 1
            since = now
        }
        connection.stage = .ended
        report.failed += 1
        report.note(reason)
        kernel.close(connection.descriptor)
    }

    /// Closes what is still open.
    func leave() {
        for connection in connections where connection.stage != .ended {
            connection.leave()
            connection.stage = .ended
            kernel.close(connection.descriptor)
        }
    }
}
