import BelfryBytes

/// What a simulated kernel does to those who trust it.
///
/// All of it Linux does too, only less often.
///
/// Rates are in percent, drawn from the kernel's seed.
public struct SimulatedFaults: Sendable {
    /// Reads that bring fewer bytes than have arrived.
    public var shortReadPercent = 0
    /// Writes that take fewer bytes than there is room for.
    public var shortWritePercent = 0
    /// Reads and writes refused with `EAGAIN` although they could go on; the edge is raised again.
    public var wouldBlockPercent = 0
    /// Waits that end early with nothing (`EINTR`).
    public var interruptedWaitPercent = 0
    /// Registered connections reported in a wait although nothing has changed.
    public var spuriousEventPercent = 0
    /// Accepts that find their connection gone (`ECONNABORTED`); the connection is lost.
    public var abortedAcceptPercent = 0
    /// Descriptors that may be open together; beyond it `accept` says `EMFILE`.
    public var descriptorLimit = Int.max
    /// Time every call of `now()` takes, so that work has a length.
    public var clockStep = Duration.zero
    /// Events one wait returns at most.
    public var eventsPerWait = 512

    public init() {}
}

extension SplitMix64 {
    mutating func happens(percent: Int) -> Bool {
        percent > 0 && Int(next() % 100) < percent
    }
}
