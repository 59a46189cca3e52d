import BelfryBytes
import BelfryLimits
import Testing

@Suite struct LimitKeyTests {
    @Test func `the same name in two scopes is two keys`() {
        #expect(keys.user("chat") != keys.channel("chat"))
        #expect(keys.user("chat") == keys.user("chat"))
    }

    @Test func `another seed makes other keys`() {
        #expect(LimitKeyMaker(seed: (1, 3)).user("ann") != keys.user("ann"))
        #expect(LimitKeyMaker(seed: (0, 2)).user("ann") != keys.user("ann"))
    }

    @Test func `the budgets of one key are apart`() {
        let key = keys.user("ann")
        #expect(Set((0...255).map { key.budget($0) }).count == 256)
    }

    @Test(arguments: [
        (0x2001_0DB8_0000_0001 as UInt64, 1 as UInt64, AddressPrefix.ipv6(0x2001_0DB8_0000_0001)),
        (0x2001_0DB8_0000_0001, 0xFFFF_C0A8_0001, .ipv6(0x2001_0DB8_0000_0001)),
        (0, 0xFFFF_C0A8_0001, .ipv4(0xC0A8_0001)),
        (0, 0x1_FFFF_C0A8_0001, .ipv6(0)),
        (0, 0xFFFE_C0A8_0001, .ipv6(0)),
        (0, 1, .ipv6(0)),
    ])
    func `an IPv6 peer is its /64 and a mapped IPv4 peer its address`(
        high: UInt64, low: UInt64, expected: AddressPrefix
    ) {
        #expect(AddressPrefix(ipv6High: high, low: low) == expected)
    }
}
