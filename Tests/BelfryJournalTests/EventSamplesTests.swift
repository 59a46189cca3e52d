import Testing

@testable import BelfryObserve

@Suite struct EventSamplesTests {
    @Test(arguments: EventSamples.all)
    func `an event writes the fields its table promises, all of them and no other`(event: Event) {
        var entry = EntryBuffer()
        EventEncoder(threadID: 1).encode(event, sequence: event.kind.isAudit ? 1 : nil, into: &entry)
        let names = entry.items.map { String(decoding: entry.name(of: $0), as: UTF8.self) }
        #expect(Set(names).count == names.count, "a field twice")
        let common = Set(JournalField.common.map(\.journalName))
        let own = Set(names.filter { $0.hasPrefix("BELFRY_") }).subtracting(common)
        #expect(own == Set(event.kind.definition.fields.map(\.journalName)))
        #expect(names.contains("BELFRY_SEQ") == event.kind.isAudit)
    }

    @Test func `every kind can be built`() {
        #expect(Set(EventSamples.all.map(\.kind)) == Set(EventKind.allCases))
    }
}
