internal import BelfryBytes
internal import COpenSSL

/// What the BIO callbacks know: which descriptor is meant, what lies ready, and what happened during the call.
@unsafe struct Wire {
    private static let nobody: Int32 = -1

    let receive: TLSTransport.Receive
    let send: TLSTransport.Send
    /// The loop's receive buffer, `TLSTransport.bytesPerTurn` long.
    let scratch: UnsafeMutableRawBufferPointer

    // Of the turn.
    var now = Instant(nanoseconds: 0)
    /// Counts turns, so that a session knows without a call that it has read all there is.
    var turn: UInt64 = 1
    private(set) var descriptor = unsafe Wire.nobody
    private var budget = TLSTransport.bytesPerTurn
    private var drained = false
    private var readsToTheEnd = false

    // Of the call.
    /// Ciphertext received, not yet taken by OpenSSL.
    private(set) var ready = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var readyIsScratch = false
    /// Tells hosts apart in tickets; see `TLSContext`.
    var hostTag: UInt64 = 0
    private(set) var starved = false
    private(set) var budgetSpent = false
    private(set) var reachedEnd = false
    private(set) var systemError: Int32 = 0
    private var sendBufferFull = false
    /// The call's next record goes out together with the one behind it.
    var isMoreToCome = false
    /// Set to make the current call stop reading after the message at hand.
    var pausesReading = false
    var alertSent: TLSAlert?
    var alertReceived: TLSAlert?

    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0

    init(
        receive: @escaping TLSTransport.Receive, send: @escaping TLSTransport.Send,
        scratch: UnsafeMutableRawBufferPointer
    ) {
        unsafe self.receive = unsafe receive
        unsafe self.send = unsafe send
        unsafe self.scratch = unsafe scratch
    }

    mutating func beginTurn(at now: Instant, peerHungUp: Bool) {
        unsafe self.now = now
        unsafe turn &+= 1
        unsafe budget = TLSTransport.bytesPerTurn
        unsafe drained = false
        unsafe readsToTheEnd = peerHungUp
        // Whoever comes first: it is for its sake that the turn was opened.
        unsafe descriptor = Self.nobody
    }

    /// Names the descriptor and the bytes to give first.
    ///
    /// A caller that forgot `beginTurn` at least gets no other connection's share.
    mutating func enter(_ descriptor: Int32, leftOver: UnsafeRawBufferPointer) {
        unsafe giveTurn(to: descriptor)
        unsafe ready = unsafe leftOver
        unsafe readyIsScratch = false
    }

    /// Forgets what the last call of OpenSSL left behind.
    mutating func beginCall() {
        unsafe starved = false
        unsafe budgetSpent = false
        unsafe reachedEnd = false
        unsafe systemError = 0
        unsafe sendBufferFull = false
        unsafe isMoreToCome = false
        unsafe pausesReading = false
        unsafe alertSent = nil
        unsafe alertReceived = nil
    }

    /// Names the descriptor for a write, which reads nothing.
    mutating func enterWrite(_ descriptor: Int32) {
        unsafe giveTurn(to: descriptor)
        unsafe beginCall()
    }

    private mutating func giveTurn(to descriptor: Int32) {
        guard unsafe descriptor != self.descriptor else { return }
        if unsafe self.descriptor != Self.nobody { unsafe beginTurn(at: now, peerHungUp: false) }
        unsafe self.descriptor = descriptor
    }
}

extension Wire {
    /// What OpenSSL is told about a read or write.
    enum Outcome {
        case moved(Int)
        case tryLater
        case over
    }

    /// Gives OpenSSL up to `count` bytes, from what lies ready or else from one `recv`.
    mutating func give(_ target: UnsafeMutableRawPointer, _ count: Int) -> Outcome {
        if unsafe ready.isEmpty {
            if let refusal = unsafe refill() { return refusal }
        }
        let moved = unsafe min(count, ready.count)
        guard moved > 0, let source = unsafe ready.baseAddress else { return .tryLater }
        unsafe target.copyMemory(from: source, byteCount: moved)
        unsafe ready = unsafe UnsafeRawBufferPointer(rebasing: ready[moved...])
        return .moved(moved)
    }

    private mutating func refill() -> Outcome? {
        if unsafe pausesReading { return .tryLater }
        if unsafe drained {
            unsafe starved = true
            return .tryLater
        }
        guard unsafe budget > 0 else {
            unsafe budgetSpent = true
            return .tryLater
        }
        let free = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[0..<budget])
        let count = unsafe receiveOnce(into: free)
        guard count > 0 else { return unsafe endOrWait(count) }
        unsafe ready = unsafe UnsafeRawBufferPointer(rebasing: free[0..<count])
        unsafe readyIsScratch = true
        return nil
    }

    /// Asks the kernel once and remembers whether it has more.
    ///
    /// - Returns: The byte count, 0 at the end of the stream, or `-errno`.
    mutating func receiveOnce(into free: UnsafeMutableRawBufferPointer) -> Int {
        let count = unsafe receive(descriptor, free)
        guard count > 0 else { return count }
        unsafe bytesReceived &+= UInt64(count)
        // A short read says that the socket is empty: the next recv would only say EAGAIN.
        unsafe drained = count < free.count && !readsToTheEnd
        unsafe budget -= min(count, budget)
        return count
    }

    private mutating func endOrWait(_ result: Int) -> Outcome {
        if result == 0 {
            unsafe reachedEnd = true
            return .over
        }
        if result == -Int(EAGAIN) || result == -Int(EINTR) {
            unsafe drained = result == -Int(EAGAIN)
            unsafe starved = true
            return .tryLater
        }
        unsafe systemError = Int32(truncatingIfNeeded: -result)
        return .over
    }

    /// Sends what OpenSSL encrypted.
    mutating func take(_ source: UnsafeRawPointer, _ count: Int) -> Outcome {
        if unsafe sendBufferFull { return .tryLater }
        let bytes = unsafe UnsafeRawBufferPointer(start: source, count: count)
        let sent = unsafe send(descriptor, bytes, isMoreToCome)
        unsafe isMoreToCome = false
        if sent > 0 {
            unsafe bytesSent &+= UInt64(sent)
            unsafe sendBufferFull = sent < count
            return .moved(sent)
        }
        if sent == -Int(EAGAIN) || sent == -Int(EINTR) || sent == 0 { return .tryLater }
        unsafe systemError = Int32(truncatingIfNeeded: -sent)
        return .over
    }
}
