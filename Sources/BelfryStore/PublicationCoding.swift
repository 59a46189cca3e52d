import BelfryProtocol
import Foundation

// A publication as bytes: what is not a column of its own. Offset and epoch are the row's.
//
//   version 1, flags, form, [time], [info], [tags], data to the end
//
// Numbers are little-endian; texts and byte strings carry their length in four bytes.

enum PublicationCoding {
    static let version: UInt8 = 1

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let time = Flags(rawValue: 1)
        static let info = Flags(rawValue: 2)
        static let connInfo = Flags(rawValue: 4)
        static let chanInfo = Flags(rawValue: 8)
        static let tags = Flags(rawValue: 16)
        static let delta = Flags(rawValue: 32)
    }

    static func encode(_ publication: Publication) -> Data {
        // An array while it grows: appending to Data costs six times as much.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(publication.data.count + 128)
        bytes += [version, flags(of: publication).rawValue, code(of: publication.form)]
        if publication.time != 0 { bytes.append(number: UInt64(bitPattern: publication.time), bytes: 8) }
        if let info = publication.info {
            bytes.append(counted: info.user.utf8)
            bytes.append(counted: info.client.utf8)
            if let info = info.connInfo { bytes.append(counted: info) }
            if let info = info.chanInfo { bytes.append(counted: info) }
        }
        if !publication.tags.isEmpty {
            bytes.append(number: UInt64(publication.tags.count), bytes: 4)
            for tag in publication.tags {
                bytes.append(counted: tag.key.utf8)
                bytes.append(counted: tag.value.utf8)
            }
        }
        bytes += publication.data
        return Data(bytes)
    }

    /// `nil` for bytes that no release has written.
    static func decode(_ data: Data, offset: UInt64, epoch: String) -> Publication? {
        var reader = Reader(bytes: Array(data))
        guard reader.number(bytes: 1) == UInt64(version), let bits = reader.number(bytes: 1),
            let form = reader.number(bytes: 1).flatMap({ form(of: UInt8(truncatingIfNeeded: $0)) })
        else { return nil }
        let flags = Flags(rawValue: UInt8(truncatingIfNeeded: bits))
        var publication = Publication(data: [], offset: offset, epoch: epoch, form: form)
        publication.isDelta = flags.contains(.delta)
        if flags.contains(.time) {
            guard let time = reader.number(bytes: 8) else { return nil }
            publication.time = Int64(bitPattern: time)
        }
        if flags.contains(.info) {
            guard let info = info(flags, from: &reader) else { return nil }
            publication.info = info
        }
        if flags.contains(.tags) {
            guard let tags = tags(from: &reader) else { return nil }
            publication.tags = tags
        }
        publication.data = reader.rest()
        return publication
    }

    private static func info(_ flags: Flags, from reader: inout Reader) -> ClientInfo? {
        guard let user = reader.text(), let client = reader.text() else { return nil }
        var info = ClientInfo(user: user, client: client)
        if flags.contains(.connInfo) {
            guard let bytes = reader.counted() else { return nil }
            info.connInfo = bytes
        }
        if flags.contains(.chanInfo) {
            guard let bytes = reader.counted() else { return nil }
            info.chanInfo = bytes
        }
        return info
    }

    private static func tags(from reader: inout Reader) -> [Tag]? {
        guard let count = reader.number(bytes: 4) else { return nil }
        var tags: [Tag] = []
        for _ in 0..<count {
            guard let key = reader.text(), let value = reader.text() else { return nil }
            tags.append(Tag(key, value))
        }
        return tags
    }

    private static func flags(of publication: Publication) -> Flags {
        var flags: Flags = []
        if publication.time != 0 { flags.insert(.time) }
        if publication.info != nil { flags.insert(.info) }
        if publication.info?.connInfo != nil { flags.insert(.connInfo) }
        if publication.info?.chanInfo != nil { flags.insert(.chanInfo) }
        if !publication.tags.isEmpty { flags.insert(.tags) }
        if publication.isDelta { flags.insert(.delta) }
        return flags
    }

    private static func code(of form: PayloadForm) -> UInt8 {
        switch form {
        case .json: 0
        case .jsonOnManyLines: 1
        case .binary: 2
        }
    }

    private static func form(of code: UInt8) -> PayloadForm? {
        PayloadForm.allCases.first { self.code(of: $0) == code }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: UInt64, bytes: Int) {
        for place in 0..<bytes { append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }

    fileprivate mutating func append(counted bytes: some Collection<UInt8>) {
        append(number: UInt64(bytes.count), bytes: 4)
        append(contentsOf: bytes)
    }
}

private struct Reader {
    let bytes: [UInt8]
    var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func number(bytes count: Int) -> UInt64? {
        guard bytes.count - place >= count else { return nil }
        var number: UInt64 = 0
        for index in 0..<count { number |= UInt64(bytes[place + index]) << UInt64(8 * index) }
        place += count
        return number
    }

    mutating func counted() -> [UInt8]? {
        guard let count = number(bytes: 4).flatMap({ Int(exactly: $0) }), bytes.count - place >= count
        else { return nil }
        defer { place += count }
        return Array(bytes[place..<(place + count)])
    }

    mutating func text() -> String? { counted().flatMap { String(validating: $0, as: UTF8.self) } }

    mutating func rest() -> [UInt8] {
        defer { place = bytes.count }
        return Array(bytes[place...])
    }
}
