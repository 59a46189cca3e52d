package import BelfryBytes
package import BelfryProtocol

// One push in the forms its receivers need. The home makes each form once, and only those that some member waits for.

/// A form of one push.
@frozen package enum FrameVariant: UInt8, CaseIterable, Sendable {
    case json
    /// A JSON subscription with delta: the full data as a JSON string (protocol.md 19).
    case jsonString
    /// A JSON subscription with delta: the patch as a JSON string.
    case jsonPatch
    /// Full data, with or without delta.
    case protobuf
    case protobufPatch

    @inlinable package var codec: Codec {
        switch self {
        case .json, .jsonString, .jsonPatch: .json
        case .protobuf, .protobufPatch: .protobuf
        }
    }
}

/// Complete WebSocket frames of one push; `nil` for forms that nobody needs.
@frozen package struct PushFrames: Sendable {
    package var json: [UInt8]?
    package var jsonString: [UInt8]?
    package var jsonPatch: [UInt8]?
    package var protobuf: [UInt8]?
    package var protobufPatch: [UInt8]?
    /// The same compressed, by the raw values of their variants; empty when nobody takes any.
    @usableFromInline var compressed: [[UInt8]?] = []

    @inlinable package init() {}

    /// The compressed frame of that form; `nil` when nobody takes one, or it would not be shorter.
    @inlinable package func compressed(_ variant: FrameVariant) -> [UInt8]? {
        compressed.isEmpty ? nil : compressed[Int(variant.rawValue)]
    }

    package mutating func setCompressed(_ frame: [UInt8], for variant: FrameVariant) {
        if compressed.isEmpty { compressed = Array(repeating: nil, count: FrameVariant.allCases.count) }
        compressed[Int(variant.rawValue)] = frame
    }

    package subscript(variant: FrameVariant) -> [UInt8]? {
        @inlinable get {
            switch variant {
            case .json: json
            case .jsonString: jsonString
            case .jsonPatch: jsonPatch
            case .protobuf: protobuf
            case .protobufPatch: protobufPatch
            }
        }
        set {
            switch variant {
            case .json: json = newValue
            case .jsonString: jsonString = newValue
            case .jsonPatch: jsonPatch = newValue
            case .protobuf: protobuf = newValue
            case .protobufPatch: protobufPatch = newValue
            }
        }
    }
}

/// A publication on its way to the members on one loop.
@frozen package struct PublicationDelivery: Sendable {
    package let frames: PushFrames
    /// 0 when it was not stored.
    package let offset: UInt64
    /// JSON members with a base get it as a patch.
    ///
    /// The members' bases are kept in step by ``LocalHub/delivered(_:of:)``.
    package let hasJSONPatch: Bool
    package let hasProtobufPatch: Bool
    /// For members with a filter.
    package let tags: [Tag]
    /// The start of the delivery's latency; `nil` when another node received it.
    package let receivedAt: Instant?

    package init(
        frames: PushFrames, offset: UInt64 = 0, tags: [Tag] = [], receivedAt: Instant? = nil
    ) {
        self.frames = frames
        self.offset = offset
        hasJSONPatch = frames.jsonPatch != nil
        hasProtobufPatch = frames.protobufPatch != nil
        self.tags = tags
        self.receivedAt = receivedAt
    }

    /// The form a member gets; `nil` when the member has it already, with its subscribe reply.
    ///
    /// There is no frame of that form when the data can not be written for the member's codec: close 3506.
    @inlinable package func variant(for member: Member) -> FrameVariant? {
        if offset != 0, offset <= member.startsAfter { return nil }
        if member.contains(.protobuf) {
            return hasProtobufPatch && member.hasBase ? .protobufPatch : .protobuf
        }
        guard member.contains(.delta) else { return .json }
        return hasJSONPatch && member.hasBase ? .jsonPatch : .jsonString
    }
}

/// Writes pushes: the only thing the hub does not know how to do.
package struct PushEncoder {
    /// Makes a complete WebSocket frame; `nil` when the data can not be written in that form.
    ///
    /// A patch comes as a publication with `isDelta` whose data is the patch.
    package let frame: (HubPush, FrameVariant) -> [UInt8]?
    /// Makes the patch from `base` to `target`; `nil` when it would not be smaller than the target.
    package let patch: (_ base: [UInt8], _ target: [UInt8]) -> [UInt8]?
    /// Makes the compressed form of a complete frame; `nil` when it is not worth it.
    package let compress: (_ frame: [UInt8]) -> [UInt8]?

    package init(
        frame: @escaping (HubPush, FrameVariant) -> [UInt8]?,
        patch: @escaping (_ base: [UInt8], _ target: [UInt8]) -> [UInt8]?,
        compress: @escaping (_ frame: [UInt8]) -> [UInt8]? = { _ in nil }
    ) {
        self.frame = frame
        self.patch = patch
        self.compress = compress
    }
}
