package import BelfryBytes
internal import COpenSSL
internal import Synchronization

// Session tickets hold the session, sealed with keys of ours, so the server keeps nothing (RFC 5077, RFC 8446, 4.6.1).
//
//   next ──rotate──▶ current ──rotate──▶ previous ──rotate──▶ wiped
//   opens            seals, opens        opens, and is answered with a fresh ticket
//
// `next` opens already, so that a node which rotates a moment later understands the tickets of one that did.
// A stolen key opens recorded TLS 1.2 traffic: keys stay in locked memory and are never written anywhere.

/// The ticket keys of the process, shared by the contexts of all loops.
package final class TicketKeys: Sendable {
    private let generations = Mutex(Generations())

    package init() {}

    /// Counts rotations; for the audit.
    package var generation: UInt64 { generations.withLock { $0.number } }

    /// Makes `next` the sealing key, whatever the time.
    package func rotate() {
        generations.withLock { $0.rotate() }
    }

    /// Rotates when `interval` has passed since the last time; the first call starts the clock.
    ///
    /// Tickets live through one to two intervals, and never longer than 24 h.
    ///
    /// - Returns: The new generation when there is one.
    package func rotateIfDue(at now: Instant, every interval: Duration) -> UInt64? {
        generations.withLock { generations in
            guard let since = generations.since else {
                generations.since = now
                return nil
            }
            guard now - since >= interval else { return nil }
            generations.since = now
            generations.rotate()
            return generations.number
        }
    }

    /// Hands out the sealing key.
    func withSealingKey<Result: Sendable>(_ body: (TicketKey) -> Result) -> Result {
        generations.withLock { generations in
            unsafe generations.memory.withBytes { unsafe body(TicketKey($0, 1)) }
        }
    }

    /// Hands out the key of that name, and whether its tickets are to be renewed; `nil` when we never had it.
    func withKey<Result: Sendable>(named name: UnsafeRawBufferPointer, _ body: (TicketKey, Bool) -> Result)
        -> Result?
    {
        generations.withLock { generations in
            unsafe generations.memory.withBytes { memory in
                for index in 0..<Generations.count {
                    let key = unsafe TicketKey(memory, index)
                    guard unsafe key.name.elementsEqual(name) else { continue }
                    return unsafe body(key, index == 2)
                }
                return nil
            }
        }
    }
}

/// One key, lent from locked memory: 16 bytes of name, 32 for AES-256-CBC, 32 for HMAC-SHA256.
@unsafe struct TicketKey {
    static let byteCount = 80

    let name: UnsafeRawBufferPointer
    let cipherKey: UnsafeRawBufferPointer
    let macKey: UnsafeRawBufferPointer

    /// Finds a key by its place: 0 next, 1 current, 2 previous.
    init(_ memory: UnsafeMutableRawBufferPointer, _ index: Int) {
        let bytes = unsafe UnsafeRawBufferPointer(
            rebasing: memory[(index * Self.byteCount)...].prefix(Self.byteCount))
        unsafe name = unsafe UnsafeRawBufferPointer(rebasing: bytes[0..<16])
        unsafe cipherKey = unsafe UnsafeRawBufferPointer(rebasing: bytes[16..<48])
        unsafe macKey = unsafe UnsafeRawBufferPointer(rebasing: bytes[48..<80])
    }
}

private struct Generations: ~Copyable {
    static let count = 3

    let memory = unsafe LockedMemory(byteCount: TicketKey.byteCount * Generations.count)
    var number: UInt64 = 0
    var since: Instant?

    init() {
        unsafe memory.withBytes { unsafe Random.fill($0) }
    }

    mutating func rotate() {
        number &+= 1
        unsafe memory.withBytes { bytes in
            let size = unsafe TicketKey.byteCount
            guard let base = bytes.baseAddress else { return }
            unsafe (base + size).copyMemory(from: base, byteCount: size * 2)
            unsafe Random.fill(UnsafeMutableRawBufferPointer(start: base, count: size))
        }
    }
}
