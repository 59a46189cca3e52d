private import CZlib

/// zlib's compressor, for payloads that each stand alone: what came before is never referred to.
@safe struct Deflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    /// Compressed bytes of the payload just given.
    private(set) var output: [UInt8] = []
    /// How much of `output` they are.
    private(set) var count = 0

    /// A receiver with a smaller window gets only what is shorter than that window, so one state serves all.
    static var windowBits: Int32 { 15 }
    /// 32 KiB of hash table, which is cleared for every message: at zlib's own 8 a payload of 256 bytes takes a quarter
    /// longer, and none gets smaller.
    private static var memoryLevel: Int32 { 7 }
    /// What a flush ends with, and what the receiver puts back (RFC 7692, sections 7.2.1 and 7.2.2).
    static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    /// - Returns: `nil` without memory.
    init?(level: Int) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let level = Int32(clamping: min(max(level, 1), 9))
        guard unsafe belfry_deflate_init(stream, level, Self.windowBits, Self.memoryLevel) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Compresses `payload` into `output`, without the tail.
    ///
    /// - Returns: Whether that is shorter than the payload; else the output is worth nothing.
    mutating func deflate(_ payload: Span<UInt8>) -> Bool {
        // One byte less than the payload, the tail, and the one byte that tells a whole flush from a cut one.
        let room = payload.count + Self.tail.count
        if output.count < room { output = Array(repeating: 0, count: room) }
        guard let produced = run(payload, room), produced >= Self.tail.count else { return false }
        count = produced - Self.tail.count
        return true
    }

    private mutating func run(_ payload: Span<UInt8>, _ room: Int) -> Int? {
        guard let given = UInt32(exactly: payload.count), let taken = UInt32(exactly: room),
            unsafe deflateReset(stream) == Z_OK
        else { return nil }
        let stream = unsafe stream
        return unsafe payload.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                // zlib's field is not const; it never writes there.
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = given
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = taken
                // zlib.h: a flush is complete when room is left.
                guard unsafe CZlib.deflate(stream, Z_SYNC_FLUSH) == Z_OK,
                    unsafe stream.pointee.avail_out > 0
                else { return nil }
                return room - Int(unsafe stream.pointee.avail_out)
            }
        }
    }
}
