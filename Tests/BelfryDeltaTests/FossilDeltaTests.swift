import BelfryBytes
import BelfryDelta
import Testing

@Suite("Fossil deltas (protocol.md 19)")
struct FossilDeltaTests {
    private func text(_ patch: [UInt8]?) -> String? { patch.map { String(decoding: $0, as: UTF8.self) } }

    private func patch(_ base: String, _ target: String) -> String? {
        text(FossilDelta.patch(from: Array(base.utf8), to: Array(target.utf8)))
    }

    /// Applies what was made, and checks that it was worth making.
    private func checkRoundTrip(_ base: [UInt8], _ target: [UInt8], _ note: String) {
        for literals in [FossilDelta.Literals.text, .bytes] {
            guard let patch = FossilDelta.patch(from: base, to: target, literals: literals) else { continue }
            #expect(patch.count < target.count, "\(note)")
            let made = try? FossilDelta.apply(patch, to: base, limit: target.count)
            #expect(made == target, "\(note)")
            if literals == .text, String(validating: target, as: UTF8.self) != nil {
                #expect(String(validating: patch, as: UTF8.self) != nil, "\(note): the patch is no text")
            }
        }
    }

    @Test func `the vector of appendix A.3, byte for byte`() throws {
        let base = #"{"room":"lobby","text":"good morning everyone","seq":1}"#
        let target = #"{"room":"lobby","text":"good morning everyone","seq":2}"#
        #expect(patch(base, target) == "s\nq@0,2:2}2XvmCa;")
        let made = try FossilDelta.apply(Array("s\nq@0,2:2}2XvmCa;".utf8), to: Array(base.utf8), limit: 55)
        #expect(made == Array(target.utf8))
    }

    @Test func `what is the same is one copy`() {
        let same = String(repeating: "abcd", count: 16)
        #expect(patch(same, same)?.hasPrefix("10\n10@0,") == true)
    }

    @Test func `a changed middle leaves a head and a tail to copy`() {
        let (head, tail) = (String(repeating: "head", count: 8), String(repeating: "tail", count: 8))
        let made = patch(head + "1" + tail, head + "2" + tail)
        #expect(made?.hasPrefix("11\nW@0,1:2W@X,") == true, "\(made ?? "none")")
    }

    @Test func `parts that changed places are found`() {
        let parts = (0..<8).map { part in
            String(repeating: "\(part)", count: 3) + "-some words of part \(part);"
        }
        let target = parts.reversed().joined()
        let made = patch(parts.joined(), target)
        #expect(made.map { $0.utf8.count < target.utf8.count / 2 } == true)
    }

    @Test func `two numbers of a JSON object cost little more than themselves`() {
        let row = { (x: Int, y: Int) in
            #"{"id":"bus-17","latitude":52.\#(x),"longitude":13.\#(y),"line":"M41"}"#
        }
        let made = patch(row(51234, 40444), row(51299, 40777))
        #expect(made.map { $0.utf8.count <= 40 } == true, "\(made ?? "none")")
    }

    @Test(
        "a patch that would not be smaller is none",
        arguments: [
            ("", ""), ("", "a"), ("a", ""), ("a", "a"), ("abc", "abd"), ("0123456789", "9876543210"),
            ("same words", "same words"),
        ])
    func fallback(base: String, target: String) {
        #expect(patch(base, target) == nil)
    }

    @Test func `the smallest patch is one byte shorter than its target, or there is none`() {
        for count in 0...40 {
            let bytes = (0..<count).map { UInt8(0x61 + $0 % 26) }
            let made = FossilDelta.patch(from: bytes, to: bytes)
            if let made { #expect(made.count < count) }
            checkRoundTrip(bytes, bytes, "\(count) bytes")
        }
    }

    @Test func `literals of text hold whole scalars`() throws {
        let around = "the same words on either side of it, "
        let base = Array((around + "ä世🔔" + around).utf8)
        for other in ["ö", "丗", "🔕", "ä丗🔔", "ä世🔕"] {
            let target = Array((around + other + around).utf8)
            let made = try #require(FossilDelta.patch(from: base, to: target))
            #expect(String(validating: made, as: UTF8.self) != nil)
            checkRoundTrip(base, target, other)
        }
    }

    @Test("random edits come back as they were", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomEdits(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for round in 0..<250 {
            let isText = Bool.random(using: &generator)
            let base = generator.document(isText: isText)
            let target = generator.edited(base, isText: isText)
            checkRoundTrip(base, target, "seed \(seed), round \(round)")
        }
    }

    @Test("small edits of long documents make small patches", arguments: [1, 2, 3] as [UInt64])
    func smallEdits(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let base = (0..<60_000).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
        var target = base
        for _ in 0..<20 {
            target[Int.random(in: target.indices, using: &generator)] = 0x7E
            target.insert(contentsOf: [1, 2, 3], at: Int.random(in: target.indices, using: &generator))
            target.removeSubrange(100..<103)
        }
        let made = try #require(FossilDelta.patch(from: base, to: target))
        #expect(made.count < 1_200, "seed \(seed): \(made.count)")
        checkRoundTrip(base, target, "seed \(seed)")
    }

    @Test func `the same input gives the same patch`() {
        var generator = SplitMix64(seed: 77)
        let base = generator.document(isText: true)
        let target = generator.edited(base, isText: true)
        let first = FossilDelta.patch(from: base, to: target)
        for _ in 0..<5 { #expect(FossilDelta.patch(from: base, to: target) == first) }
    }

    /// Contents made to be slow: every block is like every other, or like its neighbour but for one byte.
    @Test("a megabyte of hostile repetition comes back as it was", arguments: [1, 7, 8, 9, 16, 4_096])
    func repetition(period: Int) {
        let base = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 % period) }
        var target = Array(base.reversed())
        for index in stride(from: 5, to: target.count, by: 13) { target[index] = 0xFF }
        checkRoundTrip(base, target, "period \(period)")
    }
}
