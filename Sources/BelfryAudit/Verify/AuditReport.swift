/// What a check of an audit trail has found.
package struct AuditReport: Sendable {
    /// One process's part.
    package struct Run: Sendable, Equatable {
        package let name: String
        package let numbers: ClosedRange<UInt64>
        package let entries: Int
        /// Numbers that the relay itself states as lost.
        package let lost: UInt64
        package let isCutAtStart: Bool
        package let hasStopped: Bool
        package let isKeyed: Bool
    }

    /// In the order of reading; further ones are only counted.
    package internal(set) var faults: [AuditFault] = []
    package internal(set) var faultCount = 0
    /// Those that ended last; further ones are only counted.
    package internal(set) var runs: [Run] = []
    package internal(set) var runCount = 0
    /// Numbered entries that were read.
    package internal(set) var entryCount = 0
    package internal(set) var lost: UInt64 = 0
    package internal(set) var runsCutAtStart = 0
    package internal(set) var runsWithoutEnd = 0
    package internal(set) var runsWithoutKey = 0
    /// Processes whose first entry names none before it, though it is not the first that was read.
    package internal(set) var runsWithoutLink = 0
    /// Processes whose key was not given, by the name of the key.
    package internal(set) var unknownKeys: Set<String> = []

    /// What no check of these entries can tell.
    package var doubts: [String] {
        var doubts: [String] = []
        if runsCutAtStart > 0 {
            doubts.append(
                "\(runsCutAtStart) process(es) began before what was read: their first entry is taken on trust"
            )
        }
        if runsWithoutEnd > 0 {
            doubts.append(
                "\(runsWithoutEnd) process(es) have no service.stopped: they run, were killed, or their last entries are gone; "
                    + "the start of the next one tells")
        }
        if runsWithoutLink > 0 {
            doubts.append(
                "\(runsWithoutLink) process(es) name no entry before their own: what stood there is not proved"
            )
        }
        if runsWithoutKey > 0 {
            doubts.append(
                "\(runsWithoutKey) process(es) had no journal.chain_key_file: whoever may write the journal could have "
                    + "made their trail anew")
        }
        for key in unknownKeys.sorted() {
            doubts.append("chain values made with key \(key) were not checked: give --key-file")
        }
        return doubts
    }
}
