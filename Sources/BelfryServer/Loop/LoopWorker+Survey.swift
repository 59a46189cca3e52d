import BelfryBytes
import BelfryObserve
import BelfryReactor
import BelfrySession
import BelfryTLS
import Synchronization

// The list of connections for the side port: asked of each loop by mail and answered in slices, so that a question
// about ten thousand connections never holds a message up.

/// One question to all loops.
struct ConnectionSurvey: Sendable {
    let answer: SurveyAnswer
    /// Where the walk over the loop's table stands.
    var cursor: UInt32 = 0
}

/// Collects the loops' answers and hands them over when the last has come.
final class SurveyAnswer: Sendable {
    private struct State {
        var loopsLeft: Int
        var found: [ConnectionSnapshot] = []
        var isDone = false
    }

    private let state: Mutex<State>
    private let deliver: @Sendable ([ConnectionSnapshot]) -> Void

    init(loops: Int, deliver: @escaping @Sendable ([ConnectionSnapshot]) -> Void) {
        state = Mutex(State(loopsLeft: loops))
        self.deliver = deliver
    }

    func add(_ snapshots: [ConnectionSnapshot], isLast: Bool) {
        let complete: [ConnectionSnapshot]? = state.withLock { state in
            state.found += snapshots
            if isLast { state.loopsLeft -= 1 }
            guard state.loopsLeft == 0, !state.isDone else { return nil }
            state.isDone = true
            return state.found
        }
        if let complete { deliver(complete) }
    }

    /// A loop that is stopping does not answer: what the others said is handed over.
    func giveUp() {
        let found: [ConnectionSnapshot]? = state.withLock { state in
            guard !state.isDone else { return nil }
            state.isDone = true
            return state.found
        }
        if let found { deliver(found) }
    }
}

/// One connection, as it stood when its loop was asked, or when it closed.
struct ConnectionSnapshot: Sendable {
    let id: String
    let phase: ConnectionPhase
    let isAdmitted: Bool
    /// The pseudonym the journal uses.
    let subject: String?
    let address: String
    let port: UInt16
    let tlsVersion: String?
    let tlsCipher: String?
    let clientName: String
    let openedAt: Instant
    let lastActivity: Instant
    let messagesIn: UInt64
    let messagesOut: UInt64
    let bytesIn: UInt64
    let bytesOut: UInt64
    let queueBytes: Int
    let channels: [String]
    let ending: ConnectionEnding?
    let closedAt: Instant?
}

extension LoopWorker where K: Kernel {
    /// Connections described in one go: 256 take about 0.2 ms.
    private static var surveySlice: Int { 256 }

    mutating func answer(_ survey: ConnectionSurvey, reactor: inout LoopReactor) {
        var found: [ConnectionSnapshot] = []
        var next = survey
        while found.count < Self.surveySlice, let slot = connections.live(from: next.cursor) {
            next.cursor = slot.index + 1
            found.append(observer.snapshot(connections[slot], closedAt: nil))
        }
        let isLast = connections.live(from: next.cursor) == nil
        survey.answer.add(found, isLast: isLast)
        if !isLast { reactor.postToSelf(.connections(next)) }
    }
}

extension LoopObserver {
    func snapshot(_ connection: borrowing Connection, closedAt: Instant?) -> ConnectionSnapshot {
        let record = connection.record
        return ConnectionSnapshot(
            id: connection.id, phase: connection.phase, isAdmitted: connection.isAdmitted,
            subject: subject(connection)?.subject, address: connection.peerText,
            port: connection.peer.port, tlsVersion: record.tlsVersion?.rawValue,
            tlsCipher: record.tlsCipher?.rawValue, clientName: connection.session?.clientName ?? "",
            openedAt: connection.openedAt, lastActivity: record.lastActivity, messagesIn: record.messagesIn,
            messagesOut: record.messagesOut, bytesIn: record.bytesIn, bytesOut: record.bytesOut,
            queueBytes: connection.outbound.byteCount, channels: connection.session?.channels ?? [],
            ending: record.ending, closedAt: closedAt)
    }
}

/// The connections that closed last, newest last.
final class ClosedConnections: Sendable {
    /// Enough to look back over a few minutes of ordinary traffic; about 400 bytes each.
    static let capacity = 1_000

    private let ring = Mutex<[ConnectionSnapshot]>([])

    func add(_ snapshot: ConnectionSnapshot) {
        ring.withLock { ring in
            if ring.count >= Self.capacity * 2 { ring.removeFirst(ring.count - Self.capacity + 1) }
            ring.append(snapshot)
        }
    }

    var snapshots: [ConnectionSnapshot] { ring.withLock { Array($0.suffix(Self.capacity)) } }
}
