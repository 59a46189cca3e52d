import BelfryHub
import BelfryProtocol
import Testing

@Suite("Compressed forms of a push")
struct CompressionTests {
    /// The last publication's compressed forms.
    private func forms(_ house: House) -> [FrameVariant] {
        for routed in house.deliveries.reversed() {
            guard case .publication(_, let publication) = routed.delivery else { continue }
            return FrameVariant.allCases.filter { publication.frames.compressed($0) != nil }
        }
        return []
    }

    @Test func `nothing is compressed while no member takes it`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 0)
        house.subscribe("bob", loop: 1, connection: 2, codec: .protobuf)
        house.publish("hello", loop: 0, command: 2)
        #expect(house.compressed == [])
        #expect(forms(house) == [])
    }

    @Test func `a form is compressed once, however many take it and on however many loops`() {
        var house = House(loops: 3)
        for connection in 0..<9 as Range<UInt64> {
            house.subscribe("u", loop: Int(connection % 3), connection: connection, compressed: true)
        }
        house.publish("hello", loop: 0, command: 2)
        #expect(house.compressed == ["publication hello"])
        let publications = house.deliveries.compactMap { routed -> [UInt8]? in
            guard case .publication(_, let publication) = routed.delivery else { return nil }
            return publication.frames.compressed(.json)
        }
        #expect(publications == Array(repeating: Array("z publication hello".utf8), count: 3))
    }

    @Test func `only the forms that compressing members may get are compressed`() {
        var house = House(loops: 1)
        house.subscribe("plain", loop: 0, connection: 1)
        house.subscribe("compressing", loop: 0, connection: 2, codec: .protobuf, compressed: true)
        house.publish("hello", loop: 0, command: 2)
        #expect(forms(house) == [.protobuf])
        house.subscribe("delta", loop: 0, connection: 3, delta: true, compressed: true)
        house.publish("hello again", loop: 0, command: 3)
        #expect(forms(house) == [.jsonString, .protobuf])
    }

    @Test func `a frame that does not get shorter is sent as it is`() {
        var house = House(loops: 1)
        house.subscribe("ada", loop: 0, compressed: true)
        house.publish("a-b", loop: 0, command: 2)
        #expect(house.compressed == ["publication a-b"])
        #expect(forms(house) == [])
    }

    @Test func `the last compressing member takes the compressing along`() {
        var house = House(loops: 2)
        house.subscribe("ada", loop: 0)
        house.subscribe("bob", loop: 1, connection: 2, compressed: true)
        house.unsubscribe("bob", loop: 1, connection: 2, compressed: true)
        // Once more for a member that is gone, which must not count.
        house.unsubscribe("bob", loop: 1, connection: 2, compressed: true)
        house.publish("hello", loop: 0, command: 3)
        #expect(house.compressed == [])
        house.subscribe("eve", loop: 1, connection: 4, compressed: true)
        house.publish("hello", loop: 0, command: 4)
        #expect(house.compressed == ["publication hello"])
    }

    @Test func `joins are compressed too`() {
        var house = House(loops: 1)
        house.subscribe("ada", loop: 0, compressed: true)
        house.subscribe("bob", loop: 0, connection: 2, announced: true)
        #expect(house.compressed == ["join bob"])
    }
}
