import BelfryBytes
import BelfryLimits
import Testing

@Suite struct LimitEpisodesTests {
    private typealias Episodes = LimitEpisodes<String>

    private func described(_ transition: Episodes.Transition?) -> String {
        switch transition {
        case .engaged(let scope, let token): "engaged \(scope) \(token)"
        case .released(let scope, let token, let denied, let duration):
            "released \(scope) \(token) \(denied) \(duration)"
        case nil: "nothing"
        }
    }

    @Test func `a thousand refusals make one episode`() {
        var episodes = Episodes(quietAfter: .seconds(30))
        var tokensMade = 0
        var engaged: [String] = []
        for step: Int64 in 0..<1_000 {
            let transition = episodes.refused(scope: .user, key: keys.user("ann"), at: .at(step * 10)) {
                tokensMade += 1
                return "7f3a"
            }
            if transition != nil { engaged.append(described(transition)) }
            #expect(episodes.releases(at: .at(step * 10)).isEmpty)
        }
        #expect(engaged == ["engaged user 7f3a"])
        #expect(tokensMade == 1)
        #expect(episodes.releases(at: .at(9_990 + 29_999)).isEmpty)
        let released = episodes.releases(at: .at(9_990 + 30_000)).map { described($0) }
        #expect(released == ["released user 7f3a 1000 9.99 seconds"])
        #expect(episodes.count == 0)
    }

    @Test func `after a release the next refusal begins a new episode`() {
        var episodes = Episodes(quietAfter: .seconds(1))
        _ = episodes.refused(scope: .user, key: keys.user("ann"), at: .at(0)) { "a" }
        #expect(episodes.releases(at: .at(1_000)).count == 1)
        #expect(episodes.refused(scope: .user, key: keys.user("ann"), at: .at(1_001)) { "a" } != nil)
    }

    @Test func `the same key in two scopes has two episodes`() {
        var episodes = Episodes()
        #expect(episodes.refused(scope: .user, key: keys.user("ann"), at: .at(0)) { "a" } != nil)
        #expect(episodes.refused(scope: .connection, key: keys.user("ann"), at: .at(0)) { "a" } != nil)
    }

    @Test func `a full table counts what it cannot follow, and every engagement is released`() {
        var episodes = Episodes(capacity: 10, quietAfter: .seconds(1))
        var engaged = 0
        for number: UInt64 in 0..<1_000 {
            let key = keys.address(.ipv6(number))
            if episodes.refused(scope: .address, key: key, at: .at(0), token: { "a" }) != nil { engaged += 1 }
        }
        #expect((engaged, episodes.count) == (10, 10))
        #expect(episodes.takeUntracked() == 990)
        #expect(episodes.takeUntracked() == 0)
        #expect(episodes.releases(at: .at(5_000)).count == 10)
    }

    @Test func `shutdown releases what is open, and a clock that falls back does no harm`() {
        var episodes = Episodes()
        _ = episodes.refused(scope: .user, key: keys.user("ann"), at: .at(10_000)) { "a" }
        _ = episodes.refused(scope: .user, key: keys.user("ann"), at: .at(0)) { "a" }
        #expect(episodes.releaseAll().map { described($0) } == ["released user a 2 0.0 seconds"])
        #expect(episodes.releaseAll().isEmpty)
    }
}
