private import CZlib

/// Whole texts as gzip files (RFC 1952), the content coding of HTTP (RFC 9110, section 8.4.1.3).
package enum Gzip {
    /// zlib's fastest: a page of metrics, 54 KB, shrinks to a sixth with it in half a millisecond.
    private static let level: Int32 = 1

    /// The gzip file of `text`.
    ///
    /// - Returns: `nil` when there is no memory for zlib's state (270 KiB for the time of the call), or the text has 4 GiB
    ///   or more.
    package static func compressed(_ text: [UInt8]) -> [UInt8]? {
        // zlib keeps its address: it must not move between two calls.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        guard unsafe belfry_gzip_init(stream, level) == Z_OK else { return nil }
        defer { unsafe deflateEnd(stream) }
        return unsafe finish(stream, text)
    }

    private static func finish(_ stream: UnsafeMutablePointer<z_stream>, _ text: [UInt8]) -> [UInt8]? {
        guard let given = UInt32(exactly: text.count),
            let room = UInt32(exactly: unsafe deflateBound(stream, UInt(given)))
        else { return nil }
        let file = unsafe [UInt8](unsafeUninitializedCapacity: Int(room)) { output, count in
            unsafe text.withUnsafeBufferPointer { input in
                // zlib's field is not const; it never writes there.
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = given
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = room
                // zlib.h: with the room of deflateBound one call is enough.
                guard unsafe deflate(stream, Z_FINISH) == Z_STREAM_END else { return }
                count = Int(room) - Int(unsafe stream.pointee.avail_out)
            }
        }
        return file.isEmpty ? nil : file
    }
}
