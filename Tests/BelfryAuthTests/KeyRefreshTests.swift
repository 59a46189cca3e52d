import BelfryAuth
import Testing

/// A value whose methods change it, where an expectation wants to call them.
private final class Held<Value> {
    var value: Value

    init(_ value: Value) { self.value = value }
}

extension Held<KeyRefresh> {
    func starts(at now: Duration) -> Bool { value.starts(at: now) }
}

extension Held<UnknownKeys> {
    func areDecided(_ keyID: String, at now: Duration, answeredSince: Duration?) -> Bool {
        value.areDecided(keyID, at: now, answeredSince: answeredSince)
    }
}

/// When the keys of an issuer are fetched.
struct KeyRefreshTests {
    fileprivate func refresh(interval: Int = 300) -> Held<KeyRefresh> {
        Held(KeyRefresh(interval: .seconds(interval)))
    }

    @Test func `the first fetch is due at once, and no second one while it runs`() {
        let refresh = refresh()
        #expect(refresh.value.answeredSince == nil)
        #expect(refresh.starts(at: .seconds(1_000)))
        refresh.value.want()
        for second in 1_000...2_000 { #expect(!refresh.starts(at: .seconds(second))) }
    }

    @Test func `good keys are fetched again after the interval, counted from their arrival`() {
        let refresh = refresh()
        #expect(refresh.starts(at: .seconds(1_000)))
        refresh.value.succeeded(at: .seconds(1_002))
        #expect(refresh.value.answeredSince == .seconds(1_000))
        #expect(!refresh.starts(at: .milliseconds(1_301_999)))
        #expect(refresh.starts(at: .seconds(1_302)))
    }

    @Test func `a failed fetch is tried again in 10 s, 20 s, 40 s and so on up to the interval`() {
        let refresh = refresh()
        var now = 1_000
        for pause in [10, 20, 40, 80, 160, 300, 300, 300] {
            #expect(refresh.starts(at: .seconds(now)))
            refresh.value.failed(at: .seconds(now))
            #expect(!refresh.starts(at: .milliseconds((now + pause) * 1_000 - 1)))
            now += pause
        }
        #expect(refresh.value.answeredSince == nil)
        #expect(refresh.starts(at: .seconds(now)))
        refresh.value.succeeded(at: .seconds(now))
        #expect(refresh.starts(at: .seconds(now + 300)))
        refresh.value.failed(at: .seconds(now + 300))
        #expect(refresh.value.answeredSince == .seconds(now))
        #expect(refresh.starts(at: .seconds(now + 310)))
    }

    @Test func `failures without end do not overflow the pause`() {
        let refresh = refresh(interval: 86_400)
        var now = 0
        for _ in 0..<200 {
            now += 86_400
            #expect(refresh.starts(at: .seconds(now)))
            refresh.value.failed(at: .seconds(now))
        }
    }

    @Test func `an unknown key has the set fetched, ten seconds after the last start at the earliest`() {
        let refresh = refresh()
        #expect(refresh.starts(at: .seconds(1_000)))
        refresh.value.succeeded(at: .seconds(1_001))
        refresh.value.want()
        #expect(!refresh.starts(at: .milliseconds(1_009_999)))
        #expect(refresh.starts(at: .seconds(1_010)))
        refresh.value.succeeded(at: .seconds(1_010))
        // The wish has been granted.
        #expect(!refresh.starts(at: .seconds(1_100)))
        refresh.value.want()
        #expect(refresh.starts(at: .seconds(1_100)))
        refresh.value.failed(at: .seconds(1_103))
        refresh.value.want()
        #expect(!refresh.starts(at: .seconds(1_109)))
        #expect(refresh.starts(at: .seconds(1_110)))
    }

    @Test func `ten thousand unknown keys a second cause one fetch in ten seconds`() {
        let refresh = refresh()
        var starts: [Int] = []
        for millisecond in 0..<100_000 {
            for _ in 0..<10 { refresh.value.want() }
            if refresh.starts(at: .milliseconds(millisecond)) {
                starts.append(millisecond)
                refresh.value.succeeded(at: .milliseconds(millisecond))
            }
        }
        #expect(starts == Array(stride(from: 0, to: 100_000, by: 10_000)))
    }
}

/// What a token of an unknown key is told.
struct UnknownKeysTests {
    @Test func `who names an unknown key comes again, until every issuer has answered since`() {
        let unknown = Held(UnknownKeys())
        #expect(!unknown.areDecided("k", at: .seconds(100), answeredSince: .seconds(50)))
        #expect(!unknown.areDecided("k", at: .seconds(101), answeredSince: .seconds(50)))
        #expect(!unknown.areDecided("k", at: .seconds(101), answeredSince: .seconds(100)))
        #expect(unknown.areDecided("k", at: .seconds(103), answeredSince: .seconds(102)))
        #expect(unknown.areDecided("k", at: .seconds(112), answeredSince: .seconds(102)))
        // A key never asked for comes again, however fresh the sets.
        #expect(!unknown.areDecided("l", at: .seconds(103), answeredSince: .seconds(102)))
    }

    @Test func `while one issuer has never answered nothing is decided`() {
        let unknown = Held(UnknownKeys())
        for second in 0..<100 {
            #expect(!unknown.areDecided("k", at: .seconds(second), answeredSince: nil))
        }
    }

    @Test func `an answer counts for ten seconds; then the key may have come into use`() {
        let unknown = Held(UnknownKeys())
        #expect(!unknown.areDecided("k", at: .seconds(100), answeredSince: .seconds(0)))
        #expect(unknown.areDecided("k", at: .seconds(111), answeredSince: .seconds(101)))
        #expect(!unknown.areDecided("k", at: .milliseconds(111_001), answeredSince: .seconds(101)))
        #expect(!unknown.areDecided("k", at: .seconds(112), answeredSince: .seconds(101)))
        #expect(unknown.areDecided("k", at: .seconds(114), answeredSince: .seconds(113)))
    }

    @Test func `made-up key ids take no more than their room`() {
        let unknown = Held(UnknownKeys())
        for index in 0..<100_000 {
            #expect(!unknown.areDecided("made up \(index)", at: .seconds(1), answeredSince: .seconds(0)))
            #expect(unknown.value.count <= UnknownKeys.limit)
        }
    }
}
