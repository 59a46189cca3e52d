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
