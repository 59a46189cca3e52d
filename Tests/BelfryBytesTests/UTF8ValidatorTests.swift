import BelfryBytes
import Testing

@Suite("UTF-8, byte by byte (RFC 3629)")
struct UTF8ValidatorTests {
    private func accepts(_ bytes: [UInt8]) -> Bool {
        let validator = Reader()
        return validator.takes(bytes) && validator.isComplete
    }

    /// The index of the first byte refused when they come one at a time.
    private func firstRefused(_ bytes: [UInt8]) -> Int? {
        let validator = Reader()
        return bytes.indices.first { !validator.takes([bytes[$0]]) }
    }

    @Test func `every Unicode scalar is valid, however it is cut`() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            guard accepts(bytes), firstRefused(bytes) == nil else {
                Issue.record("U+\(String(value, radix: 16)) refused")
                return
            }
        }
    }

    @Test func `all pairs of bytes agree with the standard library`() {
        for first in UInt8.min ... .max {
            for second in UInt8.min ... .max {
                let bytes = [first, second]
                #expect(accepts(bytes) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
            }
        }
    }

    @Test func `three and four bytes agree with the standard library at every edge`() {
        let edges: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
            0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for first in UInt8(0xC0) ... .max {
            for second in edges {
                for third in edges {
                    let three = [first, second, third]
                    #expect(accepts(three) == (String(validating: three, as: UTF8.self) != nil), "\(three)")
                    for fourth in [UInt8(0x7F), 0x80, 0xBF, 0xC0] where first >= 0xF0 {
                        let four = three + [fourth]
                        #expect(accepts(four) == (String(validating: four, as: UTF8.self) != nil), "\(four)")
                    }
                }
            }
        }
    }

    @Test(
        "the first bad byte is refused, not a later one",
        arguments: [
            ([0xC0, 0x80], 0), ([0xED, 0xA0, 0x80], 1), ([0xE0, 0x9F, 0xBF], 1),
            ([0xF4, 0x90, 0x80, 0x80], 1),
            ([0xF0, 0x8F, 0xBF, 0xBF], 1), ([0xF5, 0x80], 0), ([0x61, 0xC3, 0x28], 2), ([0x80], 0),
            ([0xE2, 0x82, 0xFF], 2), ([0xF0, 0x9F, 0x98, 0x41], 3),
        ] as [([UInt8], Int)])
    func firstBadByte(bytes: [UInt8], position: Int) {
        #expect(firstRefused(bytes) == position)
    }

    @Test func `a refusal is final`() {
        let validator = Reader()
        #expect(!validator.takes([0xFF]))
        #expect(!validator.takes([0x61]))
        #expect(!validator.takes([0x80]))
        #expect(!validator.isComplete)
    }

    @Test func `a bad byte is found at every place of a long text, cut anywhere`() {
        let clean = Array(String(repeating: "abc\u{E4}\u{20AC}\u{1F514}", count: 12).utf8)
        #expect(accepts(clean))
        for position in clean.indices {
            var bad = clean
            bad[position] = 0xFF
            #expect(!accepts(bad))
            let validator = Reader()
            #expect(validator.takes(Array(bad[..<position])))
            #expect(!validator.takes(Array(bad[position...])))
        }
    }

    @Test func `an unfinished scalar is valid so far, but not complete`() {
        let validator = Reader()
        #expect(validator.takes([0x61, 0xF0, 0x9F]))
        #expect(!validator.isComplete)
        #expect(validator.takes([0x94, 0x94]))
        #expect(validator.isComplete)
    }
}

/// A validator behind a reference: `#expect` takes neither spans nor mutating calls.
private final class Reader {
    private var validator = UTF8Validator()

    var isComplete: Bool { validator.isComplete }

    func takes(_ bytes: [UInt8]) -> Bool { validator.consume(bytes.span) }
}
