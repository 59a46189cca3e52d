// The page for those who run no script: the same figures as tables, anew every ten seconds.

enum ConsoleFigures {
    static func html(_ report: StatusReport) -> String {
        """
        <main class="static"><section class="verdict" data-level="\(report.verdict.level.rawValue)">
        <h1>\(escaped(report.verdict.text))</h1>\(reasons(report))
        <p class="soft">\(escaped("\(report.node): \(report.state) at \(report.time); without scripts this page is made anew every 10 s"))</p></section>
        \(table("Now", ["What", "Figure"], now(report)))
        \(table("What closes connections", ["Reason", "By", "Last minute", "Since the start"], closes(report)))
        \(table("Certificates", ["Name", "Until", "Days left"], certificates(report)))
        <p>More: <a href="/connections">who is connected</a>, <a href="/top">who causes most</a>, <a href="/status">all figures</a>.</p>
        </main>
        """
    }

    private static func reasons(_ report: StatusReport) -> String {
        let others = report.verdict.reasons.dropFirst()
        guard !others.isEmpty else { return "" }
        let items = others.map { "<li class=\"level-\($0.level.rawValue)\">\(escaped($0.text))</li>" }
        return "<ul class=\"reasons\">\(items.joined())</ul>"
    }

    private static func now(_ report: StatusReport) -> [[String]] {
        let stages = report.connections.stages.sorted { $0.key < $1.key }.map {
            ["Connections: \($0.key)", "\($0.value)"]
        }
        return stages + [
            ["Users", "\(report.population.users)"],
            ["Channels", "\(report.population.rooms)"],
            ["Subscriptions", "\(report.population.memberships)"],
            ["Messages in a second", "\(report.traffic.publications.rate10s)"],
            ["Deliveries a second", "\(report.traffic.deliveries.rate10s)"],
            ["Delivery time, 99 of 100 in the last minute", seconds(report.delivery.p99)],
            ["Commands refused a second", "\(report.traffic.refusals.rate10s)"],
            ["Tokens refused since the start", "\(report.traffic.authFailures.total)"],
            ["Output waiting, bytes", "\(report.pressure.queueBytes)"],
            ["Clients that read too slowly", "\(report.pressure.slowConsumers)"],
            ["Processors in use", "\(report.process.cpu) of \(report.process.processors)"],
            ["Memory, bytes", "\(report.process.residentBytes)"],
            ["Descriptors", "\(report.process.openDescriptors) of \(report.process.maxDescriptors)"],
            ["Journal", "\(report.journal.route), \(report.journal.dropped) lost"],
            ["Store", report.store.map { $0.failure ?? $0.path } ?? "none"],
        ]
    }

    private static func seconds(_ value: Double?) -> String {
        value.map { "\($0) s" } ?? "nothing was delivered"
    }

    private static func closes(_ report: StatusReport) -> [[String]] {
        report.closes.map { [$0.reason, $0.by, "\($0.lastMinute)", "\($0.total)"] }
    }

    private static func certificates(_ report: StatusReport) -> [[String]] {
        report.certificates.map { [$0.name, $0.notAfter, "\($0.daysLeft)"] }
    }

    private static func table(_ caption: String, _ heads: [String], _ rows: [[String]]) -> String {
        let head = heads.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            let first = row.first.map { "<th scope=\"row\">\(escaped($0))</th>" } ?? ""
            return "<tr>\(first)\(row.dropFirst().map { "<td>\(escaped($0))</td>" }.joined())</tr>"
        }
        return """
            <table class="figures"><caption>\(escaped(caption))</caption><thead><tr>\(head)</tr></thead>
            <tbody>\(body.joined(separator: "\n"))</tbody></table>
            """
    }

    /// Scalar by scalar: a mark that combines with `<` makes another character of it, and the same markup.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
