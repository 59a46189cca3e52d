import BelfryAuth
import Foundation
import Testing

struct JSONObjectTests {
    private func read(_ text: String) throws(JSONFault) -> JSONObject {
        try JSONObject([UInt8](text)[...], limit: 8)
    }

    @Test func `values are kept in the bytes they were written in`() throws {
        let object = try read(
            " {\"a\" : { \"x\" : 1.50 } ,\n\"b\":\"\\u00e9\\ud83d\\ude00\\n\", \"c\":[1,\n2]} ")
        #expect(object.text(of: "a") == [UInt8]("{ \"x\" : 1.50 }"))
        #expect(try object.string("b") == "é😀\n")
        #expect(object.text(of: "b") == [UInt8]("\"\\u00e9\\ud83d\\ude00\\n\""))
        #expect(object.text(of: "c") == [UInt8]("[1,2]"))
        #expect(object.text(of: "d") == nil)
    }

    @Test func `null counts as absent, but is mentioned`() throws {
        let object = try read(#"{"a":null}"#)
        #expect(object["a"] == nil)
        #expect(object.mentions("a"))
        #expect(!object.mentions("b"))
    }

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, JSONFault.duplicateName), (#"{"a":1,"\u0061":1}"#, .duplicateName),
        (#"{"a":1,}"#, .syntax), (#"{,"a":1}"#, .syntax), (#"{"a":1 "b":1}"#, .syntax), (#"{"a"}"#, .syntax),
        (#"{"a":1}x"#, .syntax), (#"{"a":1}{}"#, .syntax), (#"{"a":1"#, .syntax), (#"{"a":"#, .syntax),
        (#"{"#, .syntax), ("", .syntax), ("[]", .syntax), ("1", .syntax), ("\u{FEFF}{}", .syntax),
        (#"{a:1}"#, .syntax), (#"{'a':1}"#, .syntax), (#"{"a":01}"#, .syntax), (#"{"a":+1}"#, .syntax),
        (#"{"a":1.}"#, .syntax), (#"{"a":.1}"#, .syntax), (#"{"a":-}"#, .syntax), (#"{"a":1e}"#, .syntax),
        (#"{"a":NaN}"#, .syntax), (#"{"a":Infinity}"#, .syntax), (#"{"a":True}"#, .syntax),
        (#"{"a":nul}"#, .syntax),
        (#"{"a":"\x"}"#, .syntax), (#"{"a":"\u12"}"#, .syntax), (#"{"a":"\u٠٠٠٠"}"#, .syntax),
        (#"{"a":"\"}"#, .syntax), ("{\"a\":\"\t\"}", .syntax), ("{\"a\":\"\0\"}", .syntax),
        ("{\"a\"\0:1}", .syntax),
        (#"{"a":"\ud800"}"#, .encoding), (#"{"a":"\ud800\u0041"}"#, .encoding),
        (#"{"a":"\udc00"}"#, .encoding),
        (#"{"a":["\ud800"]}"#, .encoding), (#"{"a":[1,]}"#, .syntax), (#"{"a":[}"#, .syntax),
        (#"{"a":{]}"#, .syntax),
    ])
    func `anything but one strict object is refused`(text: String, fault: JSONFault) {
        #expect(throws: fault) { try read(text) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
        ] {
            let text = [UInt8](#"{"a":""#) + bytes + [UInt8](#""}"#)
            #expect(throws: JSONFault.encoding) { try JSONObject(text[...], limit: 8) }
        }
    }

    @Test(arguments: [(31, true), (32, false), (100_000, false)])
    func `values nest 32 deep and no deeper`(arrays: Int, fits: Bool) {
        // The value of the member is the first level.
        let text =
            [UInt8](#"{"a":"#) + [UInt8](repeating: 0x5B, count: arrays) + [0x31]
            + [UInt8](repeating: 0x5D, count: arrays) + [0x7D]
        #expect(((try? JSONObject(text[...], limit: 8)) != nil) == fits)
    }

    @Test(arguments: [(8, true), (9, false)])
    func `members are limited`(count: Int, fits: Bool) {
        let text = "{" + (0..<count).map { "\"n\($0)\":0" }.joined(separator: ",") + "}"
        #expect(((try? read(text)) != nil) == fits)
    }

    @Test(arguments: [("[]", 0), ("[1]", 1), ("[ 1 , \"a\" , {} ]", 3)])
    func `elements of an array are counted and limited`(text: String, count: Int) throws {
        let value = try #require(try read(#"{"a":\#(text)}"#)["a"])
        #expect(try value.elements(limit: count)?.count == count)
        if count > 0 { #expect(throws: JSONFault.size) { try value.elements(limit: count - 1) } }
    }

    @Test func `JSONTestSuite is read as RFC 8259 demands`() throws {
        let folder = TestData.root + "/json-test-suite/test_parsing"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        var counts: [Character: Int] = [:]
        for file in files {
            let content = try TestData.bytes("json-test-suite/test_parsing/" + file)
            let text = [UInt8](#"{"value":"#) + content + [UInt8]("}")
            let accepted = (try? JSONObject(text[...], limit: 1)) != nil
            let kind = file.first ?? "?"
            counts[kind, default: 0] += 1
            if kind == "y" { #expect(accepted, "\(file)") }
            if kind == "n" { #expect(!accepted, "\(file)") }
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
    }
}
