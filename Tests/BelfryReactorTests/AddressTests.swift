import BelfryReactor
import Testing

@Suite("Addresses")
struct AddressTests {
    @Test(
        "an address is written as it was read (RFC 5952)",
        arguments: ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3:4"])
    func roundTrip(text: String) throws {
        let address = try IPAddress(parsing: text).orThrow("refused")
        #expect(address.description == text)
        #expect(address.isIPv4 == !text.contains(":"))
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "localhost", "127.0.0", "127.0.0.256", "1.2.3.4.5", "[::1]", "::1%lo", "127.0.0.1\0.5",
            "1::2::3",
        ])
    func refused(text: String) {
        #expect(IPAddress(parsing: text) == nil)
    }

    @Test("listen addresses", arguments: ["0.0.0.0:8443", "127.0.0.1:0", "[::]:8443", "[2001:db8::1]:65535"])
    func listenAddress(text: String) {
        #expect(ListenAddress(parsing: text)?.description == text)
    }

    @Test(
        "what is no listen address is refused",
        arguments: [
            "", ":", "8443", ":8443", "0.0.0.0", "0.0.0.0:", "0.0.0.0:65536", "0.0.0.0:-1", "0.0.0.0:+1",
            "0.0.0.0:8443 ", "::1:80", "[127.0.0.1]:80", "localhost:80", "[::1]", "[]:80", "0.0.0.0:000080",
        ])
    func listenAddressRefused(text: String) {
        #expect(ListenAddress(parsing: text) == nil)
    }

    @Test(
        "a network keeps the first bits: one IPv4 host, one IPv6 site",
        arguments: [
            ("192.0.2.77", 32, 64, "192.0.2.77"), ("192.0.2.77", 24, 64, "192.0.2.0"),
            ("192.0.2.77", 0, 64, "0.0.0.0"),
            ("2001:db8:1:2:3:4:5:6", 32, 64, "2001:db8:1:2::"),
            ("2001:db8:1:2:3:4:5:6", 32, 48, "2001:db8:1::"),
            ("2001:db8:1:2:3:4:5:6", 32, 128, "2001:db8:1:2:3:4:5:6"), ("2001:db8::1", 32, 0, "::"),
            ("2001:db8:1:2:8000::6", 32, 65, "2001:db8:1:2:8000::"),
        ])
    func network(text: String, ipv4Bits: Int, ipv6Bits: Int, expected: String) {
        #expect(
            IPAddress(parsing: text)?.network(ipv4Bits: ipv4Bits, ipv6Bits: ipv6Bits).description == expected)
    }
}
