/// A page with everything but the numbers: made once, so that a scrape only copies bytes and writes digits.
struct ExpositionTemplate: Sendable {
    private struct Piece: Sendable {
        /// All text since the last number, headers included.
        let text: [UInt8]
        let source: MetricLayout.Source
        let style: ExpositionNumber.Style
    }

    private let pieces: [Piece]
    private let tail: [UInt8]
    private let textByteCount: Int

    init(_ layout: MetricLayout, _ format: ExpositionFormat) {
        var pieces: [Piece] = []
        var pending = ""
        for family in layout.families {
            pending += format.header(of: family.definition)
            for series in family.series {
                pending += format.prefix(of: series)
                let style = family.definition.style(of: series)
                pieces.append(Piece(text: Array(pending.utf8), source: series.source, style: style))
                pending = "\n"
            }
        }
        self.pieces = pieces
        tail = Array((pending + format.trailer).utf8)
        textByteCount = pieces.reduce(tail.count) { $0 + $1.text.count }
    }

    func render(_ cells: [UInt64]) -> [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(textByteCount + pieces.count * 8)  // most numbers have fewer than eight digits
        for piece in pieces {
            page += piece.text
            ExpositionNumber.append(piece.source.value(in: cells), as: piece.style, to: &page)
        }
        page += tail
        return page
    }
}

extension FamilyDefinition {
    fileprivate func style(of series: MetricLayout.Series) -> ExpositionNumber.Style {
        guard unit == .seconds else { return isSigned ? .signed : .whole }
        // The buckets and the count of a duration are plain counts.
        if case .cumulative = series.source { return .whole }
        return isSigned ? .signedSeconds : .seconds
    }
}
