import BelfryLimits
import Dispatch
import Synchronization
import Testing

@Suite struct ConnectionCountsTests {
    @Test func `a key gets exactly its limit and one more after a release`() {
        let counts = ConnectionCounts()
        let ann = keys.user("ann")
        #expect((0..<2).allSatisfy { _ in counts.admit(ann, limit: 2) == .admitted })
        #expect(counts.admit(ann, limit: 2) == .full(current: 2))
        counts.release(ann)
        #expect(counts.admit(ann, limit: 2) == .admitted)
        #expect(counts.admit(keys.user("bob"), limit: 2) == .admitted)
    }

    @Test func `without a limit connections are counted all the same`() {
        let counts = ConnectionCounts()
        for _ in 0..<1_000 { _ = counts.admit(keys.user("ann"), limit: 0) }
        #expect(counts.count(of: keys.user("ann")) == 1_000)
    }

    @Test func `the last release forgets the key, and one too many is ignored`() {
        let counts = ConnectionCounts()
        _ = counts.admit(keys.user("ann"), limit: 1)
        for _ in 0..<3 { counts.release(keys.user("ann")) }
        #expect(counts.keyCount == 0)
        #expect(counts.admit(keys.user("ann"), limit: 1) == .admitted)
    }

    @Test func `many threads never exceed the limit, and all releases leave nothing`() {
        let counts = ConnectionCounts()
        let admitted = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 50) { _ in
            for _ in 0..<100 where counts.admit(keys.user("ann"), limit: 777) == .admitted {
                admitted.add(1, ordering: .relaxed)
            }
        }
        #expect(admitted.load(ordering: .relaxed) == 777)
        DispatchQueue.concurrentPerform(iterations: 777) { _ in counts.release(keys.user("ann")) }
        #expect(counts.keyCount == 0)
    }
}
