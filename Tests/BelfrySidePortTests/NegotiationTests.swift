import BelfryObserve
import Testing

@testable import BelfrySidePort

@Suite("Accept and Host")
struct NegotiationTests {
    @Test(arguments: [
        ("", ExpositionFormat.prometheusText), ("*/*", .prometheusText), ("text/plain", .prometheusText),
        ("text/plain;version=0.0.4", .prometheusText), ("application/json", .prometheusText),
        ("application/openmetrics-text", .openMetrics),
        ("application/openmetrics-text; version=1.0.0", .openMetrics),
        ("application/openmetrics-text;version=0.0.1", .prometheusText),
        ("application/openmetrics-text;version=2.0.0, text/plain;q=0.1", .prometheusText),
        ("application/openmetrics-text;version=1.0.0;q=0", .prometheusText),
        ("text/plain;q=0.9,application/openmetrics-text;version=1.0.0;q=0.5", .prometheusText),
        ("text/plain;q=0.5,application/openmetrics-text;version=1.0.0;q=0.8", .openMetrics),
        ("APPLICATION/OpenMetrics-Text;Version=1.0.0", .openMetrics),
        // Prometheus 2.42, then with native histograms, then Prometheus 3.
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            .openMetrics
        ),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            .openMetrics
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            .openMetrics
        ),
        (";;;,,,=;q=,version=1.0.0", .prometheusText), ("text/plain;q=nan", .prometheusText),
    ])
    func `the format is what the scraper likes best of ours`(accept: String, format: ExpositionFormat) {
        #expect(ExpositionFormat(accept: accept) == format)
    }

    @Test(arguments: [
        ("", false), ("gzip", true), ("GZip", true), ("x-gzip", true), ("*", true), ("identity", false),
        ("deflate, br", false), ("gzip;q=0", false), ("gzip; q=0.000", false), ("gzip;q=0, *", false),
        ("*;q=0", false), ("gzip;q=0.001", true), ("gzip ; q=0.5 , identity;q=0.5", true),
        ("gzip;q=0.4, identity;q=0.5", false), ("identity;q=0, gzip", true), ("gzip, gzip;q=0", false),
        ("gzip;q=x", false), ("gzip;q=nan", false), ("gzip;q=-1", false), ("gzip;q=2", false),
        (";;,,q=1", false),
        // Prometheus, curl --compressed, a browser.
        ("deflate, gzip, br, zstd", true), ("gzip, deflate, br", true),
    ])
    func `gzip is used where it is allowed and liked no less than plain text`(accept: String, isTaken: Bool) {
        #expect(ContentCoding.takesGzip(accept) == isTaken)
    }

    @Test(
        arguments: [
            ("", []), ("name[]=a", ["a"]), ("name[]=a&name[]=b&name[]=a", ["a", "b"]),
            ("name%5B%5D=a%5fb", ["a_b"]),
            ("name[]=", [""]), ("name[]", [""]), ("x=1&name[]=a&name=b", ["a"]), ("name[]=%ff", nil),
            (Array(repeating: "name[]=a", count: 64).joined(separator: "&"), ["a"]),
            (Array(repeating: "name[]=a", count: 65).joined(separator: "&"), nil),
        ] as [(String, Set<String>?)])
    func `names are taken as Prometheus's libraries take them, up to 64`(query: String, names: Set<String>?) {
        #expect(SidePortResponder.names(query[...]) == names)
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:1", true), ("LocalHost:65535", true), ("127.0.0.1:9300", true),
        ("[::1]", true),
        ("[::1]:9300", true), ("10.0.0.5", true), ("ops.example:80", true), ("localhost:", true),
        ("localhost:65536", false),
        ("localhost:-1", false), ("localhost:x", false), ("::1", false), ("[::1", false), ("[::1]x", false),
        ("[localhost]", false), ("", false), (":", false), ("127.1", false), ("2130706433", false),
        ("user@localhost", false), ("localhost.", false), ("localhost/metrics", false),
        ("ops.example.evil", false),
    ])
    func `a Host is ours or it is not`(authority: String, isAllowed: Bool) {
        let list = HostAllowList(SidePortConfiguration(host: "10.0.0.5", allowedHosts: ["ops.example"]))
        #expect(list.allows(authority) == isAllowed)
    }
}
