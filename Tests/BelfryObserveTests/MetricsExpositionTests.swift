import Testing

@testable import BelfryObserve

@Suite("Metric exposition")
struct MetricsExpositionTests {
    @Test func `text 0.0.4 has help and type by sample name`() {
        let page = MetricRegistry.sample().text(.prometheusText)
        #expect(
            page.contains(
                "# HELP belfry_listener_accepts_total Connections taken from the kernel.\n# TYPE belfry_listener_accepts_total counter\nbelfry_listener_accepts_total 0\n"
            ))
        #expect(
            page.contains(
                "# TYPE belfry_build_info gauge\nbelfry_build_info{version=\"1.0\",commit=\"abc\",swift=\"6.3\",openssl=\"3.0\"} 1\n"
            ))
        #expect(page.contains("# TYPE belfry_state gauge\n"))
        #expect(!page.contains("# EOF") && !page.contains("# UNIT") && page.hasSuffix("\n"))
    }

    @Test func `OpenMetrics has type, unit and help by family name, and an end`() {
        let page = MetricRegistry.sample().text(.openMetrics)
        #expect(
            page.contains(
                "# TYPE belfry_received_bytes counter\n# UNIT belfry_received_bytes bytes\n# HELP belfry_received_bytes Bytes received, each byte counted at both layers.\nbelfry_received_bytes_total{layer=\"wire\"} 0\n"
            ))
        #expect(page.contains("# TYPE belfry_build info\n"))
        #expect(page.contains("# TYPE belfry_state stateset\n"))
        #expect(page.hasSuffix("\n# EOF\n") && !page.dropLast(6).contains("# EOF"))
    }

    @Test(arguments: ServiceState.allCases)
    func `exactly one state is true`(state: ServiceState) {
        let registry = MetricRegistry.sample()
        registry.state = state
        let snapshot = registry.snapshot()
        #expect(snapshot.value("belfry_state", ["belfry_state": state.label]) == 1)
        #expect(snapshot.total("belfry_state") == 1)
    }

    @Test func `label values and help are escaped`() {
        #expect(ExpositionFormat.openMetrics.escaped(value: "a\\b\"c\nd\r\ne") == "a\\\\b\\\"c\\nd\r\\ne")
        #expect(ExpositionFormat.prometheusText.escaped(help: "a\\b\"c\nd") == "a\\\\b\"c\\nd")
        #expect(ExpositionFormat.openMetrics.escaped(help: "a\"b") == "a\\\"b")
        let registry = MetricRegistry.sample(certificates: ["x\"\n\\y"])
        #expect(registry.text(.openMetrics).contains("{name=\"x\\\"\\n\\\\y\"} 0\n"))
    }

    private func expiry(_ registry: MetricRegistry, _ name: String) -> Double? {
        registry.snapshot().value("belfry_tls_certificate_expiry_timestamp_seconds", ["name": name])
    }

    @Test func `certificates are at most four, each once, and known by name`() {
        let registry = MetricRegistry.sample(certificates: ["a", "a", "b", "c", "d", "e"])
        registry.setCertificates(["a", "a", "b", "c", "d", "e"].map { ($0, 1_800_000_000_000_000_000) })
        #expect(expiry(registry, "d") == 1_800_000_000)
        #expect(expiry(registry, "e") == nil)
    }

    @Test func `a certificate that is loaded under another name has a series, and the one before has none`() {
        let registry = MetricRegistry.sample(certificates: ["old", "rsa"])
        registry.setCertificates([("old", 5_000_000_000), ("rsa", 6_000_000_000)])
        registry.setCertificates([("new", 7_000_000_000)])
        #expect(expiry(registry, "new") == 7)
        #expect(expiry(registry, "old") == nil && expiry(registry, "rsa") == nil)
        let name = "belfry_tls_certificate_expiry_timestamp_seconds"
        let lines = registry.lines(.prometheusText).filter { $0.hasPrefix(name) }
        #expect(lines == ["\(name){name=\"new\"} 7"])
    }

    @Test func `of two certificates with one name the end that comes first counts`() {
        let registry = MetricRegistry.sample(certificates: [])
        registry.setCertificates([("relay", 9_000_000_000), ("relay", 8_000_000_000)])
        #expect(expiry(registry, "relay") == 8)
    }

    @Test func `a page without certificates is still a page`() {
        let lines = MetricRegistry.sample(certificates: []).lines(.prometheusText)
        #expect(!lines.contains { $0.hasPrefix("belfry_tls_certificate_expiry") })
    }

    @Test(arguments: [
        (0 as UInt64, ExpositionNumber.Style.whole, "0"), (10, .whole, "10"),
        (.max, .whole, "18446744073709551615"),
        (.max, .signed, "-1"), (1 << 63, .signed, "-9223372036854775808"), (1, .billionths, "0.000000001"),
        (1_500_000_000, .billionths, "1.5"), (60_000_000_000, .billionths, "60"),
        (1_000_000_010, .billionths, "1.00000001"),
        (UInt64(bitPattern: -1_500_000_000), .signedBillionths, "-1.5"),
    ])
    func `numbers are exact`(raw: UInt64, style: ExpositionNumber.Style, text: String) {
        var bytes: [UInt8] = []
        ExpositionNumber.append(raw, as: style, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `the process describes itself`() {
        let snapshot = MetricRegistry.sample().snapshot()
        for name in ["process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds"] {
            #expect((snapshot.value(name) ?? 0) > 2, "\(name)")
        }
        #expect((snapshot.value("process_max_fds") ?? 0) >= 64)
        #expect((snapshot.value("process_threads") ?? 0) >= 1)
        #expect((snapshot.value("process_cpu_seconds_total") ?? -1) >= 0)
        #expect((snapshot.value("process_start_time_seconds") ?? 0) > 1_600_000_000)
    }

    @Test(arguments: ExpositionFormat.allCases)
    func `each family alone is its part of the whole page, and together they are the page`(
        format: ExpositionFormat
    ) {
        let registry = MetricRegistry.sample()
        registry.makeShard().observe(1_000, in: .delivery)
        registry.exemplars.note(1_000, in: .delivery, connectionID: "c", unixSeconds: 1)
        // What the process has open changes from one page to the next, while other tests run beside this one.
        let steady = { (line: String) in
            line.hasPrefix("belfry_") && !line.hasPrefix("belfry_overload_pressure_ratio")
        }
        let names = MetricFamily.allCases.map(\.definition.name).filter(steady)
        var parts = ""
        for name in names {
            let part = String(decoding: registry.render(format, only: [name]), as: UTF8.self)
            #expect(part.hasSuffix(format.trailer))
            parts += part.dropLast(format.trailer.count)
        }
        let all = String(decoding: registry.render(format, only: Set(names)), as: UTF8.self)
        #expect(all == parts + format.trailer)
        let lines = all.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == registry.lines(format).filter { steady(String($0)) }.count)
    }

    @Test(arguments: ExpositionFormat.allCases)
    func `a family has the name of either format, and no other`(format: ExpositionFormat) {
        let registry = MetricRegistry.sample()
        let part = registry.render(format, only: ["belfry_listener_accepts", "?"])
        #expect(part.count > format.trailer.utf8.count)
        #expect(part == registry.render(format, only: ["belfry_listener_accepts_total"]))
        let none: Set = ["", "belfry_listener", "BELFRY_STATE", "belfry_delivery_seconds_bucket", "belfry_*"]
        #expect(registry.render(format, only: none) == Array(format.trailer.utf8))
    }

    @Test func `a part of the page does not tell the size of a page`() {
        let registry = MetricRegistry.sample()
        _ = registry.render(.openMetrics, only: ["belfry_state"])
        #expect(registry.snapshot().value("belfry_exposition_bytes") == 0)
    }

    @Test func `a scrape tells the size of the one before`() {
        let registry = MetricRegistry.sample()
        #expect(registry.snapshot().value("belfry_exposition_bytes") == 0)
        let size = registry.render(.openMetrics).count
        #expect(registry.snapshot().value("belfry_exposition_bytes") == Double(size))
    }

    @Test(arguments: [
        (3_000_000 as UInt64, "0.005", "0.003"), (100_000, "0.0001", "0.0001"), (9_000_000_000, "+Inf", "9"),
        (0, "0.0001", "0"),
    ])
    func `an exemplar stands behind its bucket, and only in OpenMetrics`(
        value: UInt64, bound: String, shown: String
    ) {
        let registry = MetricRegistry.sample()
        registry.makeShard().observe(value, in: .delivery)
        registry.exemplars.note(value, in: .delivery, connectionID: "c-1", unixSeconds: 1_800_000_000)
        let with = registry.lines(.openMetrics).filter { $0.contains("#") }
        #expect(
            with == [
                #"belfry_delivery_seconds_bucket{le="\#(bound)"} 1 # {conn_id="c-1"} \#(shown) 1800000000"#[
                    ...]
            ])
        #expect(!registry.lines(.prometheusText).contains { $0.contains("conn_id") })
    }

    @Test func `an exemplar is replaced, and a name too long for one is left out`() {
        let registry = MetricRegistry.sample()
        for id in ["c-1", "c-2", String(repeating: "x", count: 101)] {
            registry.exemplars.note(1, in: .delivery, connectionID: id, unixSeconds: 1)
        }
        let text = registry.text(.openMetrics)
        #expect(text.contains(#"{conn_id="c-2"}"#) && !text.contains("c-1") && !text.contains("xxx"))
    }

    @Test func `no traffic adds or removes a series`() {
        let registry = MetricRegistry.sample()
        let before = registry.lines(.openMetrics).map { $0.prefix { $0 != " " } }
        let shard = registry.makeShard()
        var random = SeededRandom(state: 7)
        for _ in 0..<10_000 {
            shard.count(
                .connectionsClosed(.client, CloseReason(closeCode: .random(in: 0...65535, using: &random))))
            shard.count(.tlsCiphers(CipherLabel(suite: .random(in: 0...65535, using: &random))))
            shard.count(.httpRequests(HTTPCode(status: .random(in: 0...65535, using: &random))))
            shard.count(
                .messagesRejected(MessageRejection(errorCode: .random(in: 0...65535, using: &random))))
            shard.observe(random.next() >> 8, in: .delivery)
        }
        let after = registry.lines(.openMetrics)
        #expect(before == after.map { $0.prefix { $0 != " " } })
        #expect(registry.snapshot().total("belfry_connections_closed_total") == 10_000)
    }

    @Test func `buckets never disagree with the count while a loop writes`() async {
        let registry = MetricRegistry.sample()
        let shard = registry.makeShard()
        await withTaskGroup { group in
            group.addTask {
                var random = SeededRandom(state: 11)
                for _ in 0..<200_000 {
                    shard.observe(random.next() % 10_000_000_000, in: .delivery)
                    shard.count(.messagesDelivered)
                }
            }
            for format in ExpositionFormat.allCases {
                group.addTask {
                    var last = 0.0
                    for _ in 0..<20 {
                        let snapshot = registry.snapshot()
                        let counts = snapshot.layout.families[Int(MetricFamily.delivery.rawValue)].series
                            .dropLast()
                            .map { $0.source.value(in: snapshot.cells) }
                        #expect(counts == counts.sorted())
                        #expect(counts.suffix(2).first == counts.last)
                        let delivered = snapshot.value("belfry_messages_delivered_total") ?? -1
                        #expect(delivered >= last)
                        last = delivered
                        #expect(registry.render(format).count > 10_000)
                    }
                }
            }
        }
        #expect(registry.snapshot().count(of: .delivery) == 200_000)
    }
}
