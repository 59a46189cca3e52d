import BelfryAuth
import BelfryReactor
import Testing

@testable import BelfryServer

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.7/24", "192.0.2.0/24"), ("192.0.2.7", "192.0.2.7/32"),
        ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("2001:db8::/32", "2001:db8::/32"),
        ("2001:db8:1:2:3:4:5:6/64", "2001:db8:1:2::/64"), ("::1", "::1/128"), ("::/0", "::/0"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
    ])
    func `a range is read as people write it, and written as it is read`(text: String, canonical: String) {
        #expect(AddressRange(parsing: text)?.text == canonical)
    }

    @Test(arguments: [
        "", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8/8", "192.0.2/24",
        "2001:db8::/129", "localhost", "192.0.2.0/1e1", "192.0.2.0 /24", "[::1]", "192.0.2.0/255.255.255.0",
        "::1%lo", "192.0.2.0/0008",
    ])
    func `what is no range is refused`(text: String) { #expect(AddressRange(parsing: text) == nil) }

    @Test func `a client of an IPv6 socket is the IPv4 client that it is`() throws {
        let range = try #require(AddressRange(parsing: "127.0.0.0/8"))
        let mapped = try #require(IPAddress(parsing: "::ffff:127.0.0.1"))
        let plain = try #require(IPAddress(parsing: "127.0.0.1"))
        for ip in [mapped, plain] { #expect(range.contains(high: ip.high, low: ip.low)) }
    }
}
