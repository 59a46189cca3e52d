internal import SwiftProtobuf

// Bytes to messages and back. The only lines of ours that call the library; what it throws gets our names here.

/// Why bytes are no message of the schema.
package enum WireFault: Error, Equatable, Sendable {
    /// The bytes end inside a field.
    case truncated
    case invalidUTF8
    case nestedTooDeep
    /// A tag or a number that the encoding does not know.
    case invalidEncoding

    fileprivate init(_ error: any Error) {
        self =
            switch error as? BinaryDecodingError {
            case .truncated: .truncated
            case .invalidUTF8: .invalidUTF8
            case .messageDepthLimit: .nestedTooDeep
            default: .invalidEncoding
            }
    }
}

extension WireCommand {
    /// Unknown fields are skipped, and so are known ones of another wire type.
    ///
    /// - Parameters:
    ///   - bytes: One whole message, without its length.
    ///   - depthMax: Messages open at once, unknown ones too.
    /// - Throws: ``WireFault``.
    package init(bytes: Span<UInt8>, depthMax: Int) throws(WireFault) {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = depthMax
        options.discardUnknownFields = true
        do {
            try self.init(serializedBytes: bytes.bytes, options: options)
        } catch {
            throw WireFault(error)
        }
    }
}

extension WireReply {
    /// Reads a message back, which stands in `bytes` without its length.
    ///
    /// - Throws: ``WireFault``.
    package init(bytes: Span<UInt8>) throws(WireFault) {
        do {
            try self.init(serializedBytes: bytes.bytes)
        } catch {
            throw WireFault(error)
        }
    }

    /// The message without its length; the same reply always gives the same bytes.
    ///
    /// - Returns: `nil` for more than 2 GiB, which Protobuf cannot say.
    package var bytes: [UInt8]? {
        var options = BinaryEncodingOptions()
        // Maps are written in the order of their keys.
        options.useDeterministicOrdering = true
        return try? serializedBytes(options: options)
    }
}
