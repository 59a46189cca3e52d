import BelfryBytes
import BelfryDelta
import Testing

@Suite("Patches that are wrong")
struct DeltaErrorTests {
    private let base = Array("0123456789abcdef".utf8)

    private func apply(_ patch: String, limit: Int = 64) -> Result<[UInt8], DeltaError> {
        Result { () throws(DeltaError) in
            try FossilDelta.apply(Array(patch.utf8), to: base, limit: limit)
        }
    }

    @Test(
        "each is refused for what is wrong with it",
        arguments: [
            ("", .truncated), ("4", .truncated), ("\n", .number(offset: 0)), ("4;", .segment(offset: 1)),
            ("4\n", .truncated), ("4\n4@0", .truncated), ("4\n4@0;", .segment(offset: 5)),
            ("4\n4@D,", .copyOutOfBase(offset: 13)), ("4\n4@~~~~~,", .copyOutOfBase(offset: 1_073_741_823)),
            ("4\n4@~~~~~~,", .number(offset: 4)), ("4\n4:abc", .truncated),
            ("4\n5:abcde", .size(announced: 4)),
            ("4\n3@0,0;", .size(announced: 4)), ("4\n4@0,1;", .checksum), ("4\n4!0,", .segment(offset: 3)),
            ("0\n0;x", .trailing(offset: 4)), ("11\n", .tooLong(byteCount: 65, limit: 64)),
            ("~~~~~\n", .tooLong(byteCount: 1_073_741_823, limit: 64)), ("4000000\n", .number(offset: 0)),
            ("3~~~~~\n", .tooLong(byteCount: .max, limit: 64)), (" 4\n", .number(offset: 0)),
        ] as [(String, DeltaError)])
    func refusals(patch: String, error: DeltaError) {
        #expect(apply(patch) == .failure(error))
    }

    @Test func `an empty target has an empty patch`() {
        #expect(apply("0\n0;") == .success([]))
    }

    @Test(
        "the checksum adds big-endian words",
        arguments: [("1:a", "1X0000"), ("4:abcd", "1XObD_"), ("5:abcde", "36ObD_")])
    func checksums(literal: String, checksum: String) {
        let size = literal.prefix(1)
        let text = literal.dropFirst(2)
        #expect(apply("\(size)\n\(literal)\(checksum);") == .success(Array(text.utf8)))
    }

    @Test("10,000 mutated patches end in an error or within the limit", arguments: [1, 2, 3, 4] as [UInt64])
    func mutations(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let base = generator.document(isText: true) + Array("and a common ending of some length".utf8)
        let target = base.prefix(base.count / 2) + Array("changed".utf8) + base.suffix(base.count / 2)
        let good = try #require(FossilDelta.patch(from: base, to: Array(target)))
        for _ in 0..<2_500 {
            var patch = good
            for _ in 0...Int.random(in: 0...3, using: &generator) { generator.mutate(&patch) }
            do throws(DeltaError) {
                let made = try FossilDelta.apply(patch, to: base, limit: target.count)
                #expect(made.count <= target.count, "seed \(seed)")
            } catch {
                continue
            }
        }
    }
}
