import BelfryBytes
import BelfryReactor

extension BenchRun {
    /// Messages sent in one go before the sockets are looked at again.
    private static let burst = 256

    /// When message `turn` of the plan is due.
    func due(_ turn: Int) -> Instant {
        let (seconds, part) = turn.quotientAndRemainder(dividingBy: plan.rate)
        return since + .seconds(seconds) + .nanoseconds(part * 1_000_000_000 / plan.rate)
    }

    /// Sends what is due; with the last turn, or the time, the phase ends.
    func publishDue() {
        for _ in 0..<Self.burst {
            if turns == plan.messageCount { return begin(.draining) }
            guard due(turns) <= now else { return }
            publish(inRoom: turns % plan.rooms)
            turns += 1
        }
        guard now - since > plan.duration else { return }
        report.unsent &+= UInt64(plan.messageCount - turns)
        begin(.draining)
    }

    private func publish(inRoom room: Int) {
        guard let index = members[room].first, connections[index].hasRoom else {
            report.unsent &+= 1
            return
        }
        let connection = connections[index]
        sequences[room] &+= 1
        let stamp = Stamp(run: run, room: UInt32(room), sequence: sequences[room], sentAt: kernel.now())
        let payload = stamp.payload(byteCount: plan.size)
        let start = #"{"id":\#(connection.nextID),"publish":{"channel":"\#(channel(room))","data":"#
        connection.nextID &+= 1
        connection.sendFrame(ClientFrame.text, Array(start.utf8) + payload + Array("}}".utf8))
        report.published &+= 1
        report.expected &+= UInt64(members[room].count)
        do { try flush(connection, index) } catch { end(index, error.reason) }
    }

    /// Over when all has come, when nobody is left, or when patience is.
    func finishWhenQuiet() {
        let isOutOfPatience = now - since > Self.drainPatience || now - drainBegan > Self.drainTimeMax
        if report.missing == 0 || isOutOfPatience || members.allSatisfy(\.isEmpty) { phase = .over }
    }

    func handle(_ message: ServerMessage, _ connection: BenchConnection, _ index: Int) throws(Ending) {
        switch message {
        case .data(let bytes):
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                try handle(ServerLine(line), connection, index)
            }
        case .ping(let payload): connection.sendFrame(ClientFrame.pong, payload)
        case .pong: break
        case .close(let code): throw Ending("closed by the server with \(code)")
        }
    }

    private func handle(_ line: ServerLine, _ connection: BenchConnection, _ index: Int) throws(Ending) {
        switch line {
        case .ping: connection.sendFrame(ClientFrame.text, "{}".utf8)
        case .reply(2): joined(connection, index)
        case .refusal(1, let code): throw Ending("connect refused with error \(code)")
        case .refusal(2, let code): throw Ending("subscribe refused with error \(code)")
        case .refusal(_, let code):
            report.refused &+= 1
            report.note("publish refused with error \(code)")
        case .delivery(let stamp): deliver(stamp, connection)
        case .disconnect(let code): throw Ending("disconnected with \(code)")
        case .reply, .other: break
        }
    }

    private func deliver(_ stamp: Stamp, _ connection: BenchConnection) {
        guard stamp.run == run, stamp.room == UInt32(connection.room) else { return }
        switch connection.checker.receive(stamp.sequence) {
        case .duplicate:
            report.duplicates &+= 1
            return
        case .outOfOrder: report.outOfOrder &+= 1
        case .inOrder: break
        }
        report.delivered &+= 1
        // A backlog that still flows is late, not lost.
        if phase == .draining { since = now }
        report.latency.record(nanoseconds: kernel.now().nanoseconds &- stamp.sentAt.nanoseconds)
    }
}
