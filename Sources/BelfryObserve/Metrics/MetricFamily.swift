/// Every metric Belfry exposes, in the order of `ops/metrics.md` and of the exposition.
///
/// A family owns one block of ``cellsPerFamily`` cells in each shard, at its raw value; so a counter's place
/// is a constant the compiler folds, and adding a family moves nobody else's cells by hand.
/// Adding one means: a case here, its row in `MetricFamily+Definitions`, its handle, its row in
/// `ops/metrics.md`.
@frozen public enum MetricFamily: UInt8, CaseIterable, Sendable {
    case build
    case state
    case configLastReloadSuccessful
    case configLastReloadSuccess
    case clockStep

    case processStartTime
    case processCPU
    case processResidentMemory
    case processVirtualMemory
    case processOpenDescriptors
    case processMaxDescriptors
    case processThreads

    case eventLoopLag
    case listenerAccepts
    case listenerRejects
    case connectionsOpen
    case connectionsLimit
    case connectionDuration
    case connectionsClosed
    case connectionGlitches

    case tlsHandshakes
    case tlsHandshakeFailures
    case tlsHandshakesInProgress
    case tlsHandshakeDuration
    case tlsCiphers
    case tlsLegacyOffers
    case tlsCertificateExpiry
    case tlsCertificateReloads
    case tlsTicketKeyRotations

    case httpRequests
    case wsUpgrades
    case wsProtocolErrors
    case wsFramesReceived
    case wsFramesSent
    case wsDeflateConnections
    case wsDeflateMessages
    case wsDeflateBytes
    case wsPingRTT
    case receivedBytes
    case sentBytes

    case authAttempts
    case authFailures
    case authDuration
    case authKeys
    case authKeyRefresh
    case authTokenRemaining
    case authzDenials
    case denials
    case guestTokens

    case recoveries
    case positionsLost
    case messageStage
    case messagesReceived
    case messagesRejected
    case messagesDelivered
    case messagesDropped
    case delivery
    case fanoutRecipients
    case messageSize
    case rooms
    case roomMemberships
    case users
    case uniqueSources
    case uniqueSubjects
    case historyStreams
    case historyPublications
    case historyBytes
    case historyShed
    case storeFailing
    case storeBytes
    case storeQueueBytes
    case storeCommits
    case storeCommitDuration
    case storeRefused
    case storeLost
    case storePruned
    case outboundQueueBytes
    case outboundQueueMessages
    case slowConsumers

    case ratelimitDecisions
    case ratelimitTracked
    case ratelimitThrottledUsers
    case overloadPressure
    case overloadActions

    case journalEntries
    case journalDropped
    case journalQueueLength
    case journalWrite
    case journalLastVerified

    case anomalyObserved
    case anomalyExpected
    case anomalyScore
    case anomalyLearning
    case alertActive
    case alertFirings
    case alertDeliveries
    case detectorTick
    case selfprobes
    case selfprobeDuration
    case selfprobeLastSuccess

    case sideportRequests
    case sideportAnswers
    case streamClients
    case streamDropped
    case apiCalls
    case apiDenials
    case apiPending
    case expositionDuration
    case expositionBytes
    case loggedEvents

    /// Room for the widest family (five histograms of message stages, 85), in whole cache lines.
    ///
    /// An odd number of lines, so that the first cells of all families do not compete for the same cache
    /// sets.
    @inlinable public static var cellsPerFamily: Int { 88 }

    /// The place of the family's first cell.
    @inlinable var base: Int { Int(rawValue) &* Self.cellsPerFamily }

    /// The places of its cells in a shard.
    var cells: Range<Int> { base..<base + Self.cellsPerFamily }

    /// Cells of one shard: one block a family.
    @inlinable static var cellCount: Int { 110 * cellsPerFamily }
}
