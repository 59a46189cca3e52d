/// A page with everything but the numbers: made once, so that a scrape only copies bytes and writes digits.
struct ExpositionTemplate: Sendable {
    fileprivate struct Piece: Sendable {
        /// All text since the last number, headers included.
        let text: [UInt8]
        let source: MetricLayout.Source
        let style: ExpositionNumber.Style
        let isBucket: Bool
    }

    /// A family without series has its header alone.
    fileprivate struct Section: Sendable {
        let names: Set<String>
        let pieces: [Piece]
        /// What stands behind the last number.
        let tail: [UInt8]
    }

    private let sections: [Section]
    private let trailer: [UInt8]
    private let byteCount: Int

    init(_ layout: MetricLayout, _ format: ExpositionFormat) {
        sections = layout.families.map { Section($0, format) }
        trailer = Array(format.trailer.utf8)
        byteCount = sections.reduce(trailer.count) { $0 + $1.byteCount }
    }

    /// Puts the numbers in; `exemplars` stand behind the buckets whose cells they name.
    ///
    /// With `names` only the families so called are shown, in their usual order.
    func render(
        _ cells: [UInt64], _ exemplars: [Int: Exemplars.Exemplar] = [:], only names: Set<String>? = nil
    ) -> [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(names == nil ? byteCount : 0)
        for section in sections where names.map({ !$0.isDisjoint(with: section.names) }) ?? true {
            for piece in section.pieces { piece.append(cells, exemplars, to: &page) }
            page += section.tail
        }
        page += trailer
        return page
    }
}

extension ExpositionTemplate.Section {
    init(_ family: MetricLayout.Family, _ format: ExpositionFormat) {
        var pieces: [ExpositionTemplate.Piece] = []
        var pending = format.header(of: family.definition)
        for series in family.series {
            pending += format.prefix(of: series)
            pieces.append(
                .init(
                    text: Array(pending.utf8), source: series.source,
                    style: family.definition.style(of: series),
                    isBucket: series.name.hasSuffix("_bucket")))
            pending = "\n"
        }
        self.init(names: family.definition.names, pieces: pieces, tail: Array(pending.utf8))
    }

    /// About: most numbers have fewer than eight digits.
    var byteCount: Int { pieces.reduce(tail.count) { $0 + $1.text.count + 8 } }
}

extension ExpositionTemplate.Piece {
    func append(_ cells: [UInt64], _ exemplars: [Int: Exemplars.Exemplar], to page: inout [UInt8]) {
        page += text
        ExpositionNumber.append(source.value(in: cells), as: style, to: &page)
        guard !exemplars.isEmpty, isBucket, case .cumulative(let range) = source else { return }
        exemplars[range.upperBound - 1]?.append(to: &page)
    }
}

extension FamilyDefinition {
    /// What it is called: OpenMetrics names the family, text 0.0.4 and people its samples.
    fileprivate var names: Set<String> { [name, name + kind.sampleSuffix] }

    fileprivate func style(of series: MetricLayout.Series) -> ExpositionNumber.Style {
        guard unit.isScaled else { return isSigned ? .signed : .whole }
        // The buckets and the count of a duration are plain counts.
        if case .cumulative = series.source { return .whole }
        return isSigned ? .signedBillionths : .billionths
    }
}
