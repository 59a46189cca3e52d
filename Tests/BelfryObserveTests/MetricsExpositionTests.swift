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

    @Test func `certificates are at most four, each once, and known by name`() {
        let registry = MetricRegistry.sample(certificates: ["a", "a", "b", "c", "d", "e"])
        #expect(registry.setCertificateExpiry("d", notAfter: 1_800_000_000_000_000_000))
        #expect(!registry.setCertificateExpiry("e", notAfter: 1))
        let snapshot = registry.snapshot()
        #expect(
            snapshot.value("belfry_tls_certificate_expiry_timestamp_seconds", ["name": "d"]) == 1_800_000_000)
        #expect(snapshot.value("belfry_tls_certificate_expiry_timestamp_seconds", ["name": "e"]) == nil)
    }

    @Test func `a page without certificates is still a page`() {
        let lines = MetricRegistry.sample(certificates: []).lines(.prometheusText)
        #expect(!lines.contains { $0.hasPrefix("belfry_tls_certificate_expiry") })
    }

    @Test(arguments: [
        (0 as UInt64, ExpositionNumber.Style.whole, "0"), (10, .whole, "10"),
        (.max, .whole, "18446744073709551615"),
        (.max, .signed, "-1"), (1 << 63, .signed, "-9223372036854775808"), (1, .seconds, "0.000000001"),
        (1_500_000_000, .seconds, "1.5"), (60_000_000_000, .seconds, "60"),
        (1_000_000_010, .seconds, "1.00000001"),
        (UInt64(bitPattern: -1_500_000_000), .signedSeconds, "-1.5"),
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

    @Test func `a scrape tells the size of the one before`() {
        let registry = MetricRegistry.sample()
        #expect(registry.snapshot().value("belfry_exposition_bytes") == 0)
        let size = registry.render(.openMetrics).count
        #expect(registry.snapshot().value("belfry_exposition_bytes") == Double(size))
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
