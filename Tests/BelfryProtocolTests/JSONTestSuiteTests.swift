import Testing

@testable import BelfryProtocol

/// https://github.com/nst/JSONTestSuite: the letters RFC 8259 wants accepted (y), refused (n), or leaves to us (i).
@Suite struct JSONTestSuiteTests {
    private static let folder = "json-test-suite/test_parsing"

    private func cases(_ letter: String) throws -> [String] {
        try TestData.names(in: Self.folder).filter { $0.hasPrefix(letter + "_") }
    }

    @Test func `all 95 texts that must be accepted are accepted`() throws {
        let names = try cases("y")
        #expect(names.count == 95)
        for name in names {
            let bytes = try TestData.bytes("\(Self.folder)/\(name)")
            #expect(jsonError(bytes) == nil, "\(name)")
        }
    }

    @Test func `all 188 texts that must be refused are refused`() throws {
        let names = try cases("n")
        #expect(names.count == 188)
        for name in names {
            let bytes = try TestData.bytes("\(Self.folder)/\(name)")
            #expect(jsonError(bytes) != nil, "\(name)")
        }
    }

    @Test func `all 35 texts left to the implementation are treated as written here`() throws {
        let names = try cases("i")
        #expect(names == Self.decisions.map(\.name).sorted())
        for (name, isAccepted) in Self.decisions {
            let bytes = try TestData.bytes("\(Self.folder)/\(name)")
            #expect((jsonError(bytes) == nil) == isAccepted, "\(name)")
        }
    }

    /// Numbers beyond any machine's range and escaped lone surrogates are grammatical, and a payload is
    /// relayed without being read: accepted.
    ///
    /// What is not UTF-8 is not JSON for us, nor is what nests deeper than 64.
    private static let decisions: [(name: String, isAccepted: Bool)] = [
        ("i_number_double_huge_neg_exp.json", true),
        ("i_number_huge_exp.json", true),
        ("i_number_neg_int_huge_exp.json", true),
        ("i_number_pos_double_huge_exp.json", true),
        ("i_number_real_neg_overflow.json", true),
        ("i_number_real_pos_overflow.json", true),
        ("i_number_real_underflow.json", true),
        ("i_number_too_big_neg_int.json", true),
        ("i_number_too_big_pos_int.json", true),
        ("i_number_very_big_negative_int.json", true),
        ("i_object_key_lone_2nd_surrogate.json", true),
        ("i_string_1st_surrogate_but_2nd_missing.json", true),
        ("i_string_1st_valid_surrogate_2nd_invalid.json", true),
        ("i_string_UTF-16LE_with_BOM.json", false),
        ("i_string_UTF-8_invalid_sequence.json", false),
        ("i_string_UTF8_surrogate_U+D800.json", false),
        ("i_string_incomplete_surrogate_and_escape_valid.json", true),
        ("i_string_incomplete_surrogate_pair.json", true),
        ("i_string_incomplete_surrogates_escape_valid.json", true),
        ("i_string_invalid_lonely_surrogate.json", true),
        ("i_string_invalid_surrogate.json", true),
        ("i_string_invalid_utf-8.json", false),
        ("i_string_inverted_surrogates_U+1D11E.json", true),
        ("i_string_iso_latin_1.json", false),
        ("i_string_lone_second_surrogate.json", true),
        ("i_string_lone_utf8_continuation_byte.json", false),
        ("i_string_not_in_unicode_range.json", false),
        ("i_string_overlong_sequence_2_bytes.json", false),
        ("i_string_overlong_sequence_6_bytes.json", false),
        ("i_string_overlong_sequence_6_bytes_null.json", false),
        ("i_string_truncated-utf-8.json", false),
        ("i_string_utf16BE_no_BOM.json", false),
        ("i_string_utf16LE_no_BOM.json", false),
        ("i_structure_500_nested_arrays.json", false),
        ("i_structure_UTF-8_BOM_empty_object.json", false),
    ]

    @Test func `a command with any text of the suite as data never traps, and is refused where the text is`()
        throws
    {
        for name in try TestData.names(in: Self.folder) {
            let payload = try TestData.bytes("\(Self.folder)/\(name)")
            // A line break ends the command; and whatever closes the envelope early is no payload.
            guard !payload.contains(ASCII.lineFeed) else { continue }
            let command = Array(#"{"id":1,"send":{"data":"#.utf8) + payload + Array("}}".utf8)
            let isRefused = commandError(command) != nil
            if jsonError(payload) == nil { #expect(!isRefused, "\(name)") }
            if name.hasPrefix("n_"), !name.hasPrefix("n_structure"), !name.contains("object") {
                #expect(isRefused, "\(name)")
            }
        }
    }
}
