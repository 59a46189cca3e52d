import BelfryProtocol
import Foundation
import Testing

@testable import BelfryStore

@Suite("Publications as bytes")
struct PublicationCodingTests {
    private static let samples: [Publication] = [
        Publication(data: []),
        Publication(data: [0, 1, 2, 255], time: .min, form: .binary),
        Publication(data: [49], info: ClientInfo(user: "", client: "c"), time: 7, form: .jsonOnManyLines),
        Publication(
            data: [50], info: ClientInfo(user: "ü", client: "", connInfo: [123, 125], chanInfo: []),
            tags: [Tag("a", "b"), Tag("", "")], isDelta: true),
    ]

    @Test func `every publication is read as it was written`() {
        for var sample in Self.samples {
            (sample.offset, sample.epoch) = (9, "e")
            let bytes = PublicationCoding.encode(sample)
            #expect(PublicationCoding.decode(bytes, offset: 9, epoch: "e") == sample)
        }
    }

    @Test func `bytes cut short before the data are no publication`() throws {
        let sample = try #require(Self.samples.last)
        let bytes = PublicationCoding.encode(sample)
        for count in 0..<(bytes.count - sample.data.count) {
            #expect(PublicationCoding.decode(bytes.prefix(count), offset: 1, epoch: "") == nil)
        }
    }

    @Test func `another version, form or text is no publication`() {
        for bytes: [UInt8] in [
            [2, 0, 0], [1, 0, 3], [1, 2, 0, 1, 0, 0, 0, 0xff, 0, 0, 0, 0], [1, 16, 0, 255, 255, 255, 255],
        ] {
            #expect(PublicationCoding.decode(Data(bytes), offset: 1, epoch: "") == nil)
        }
    }
}
