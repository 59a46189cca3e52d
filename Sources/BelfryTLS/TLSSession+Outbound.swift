package import BelfryBytes

extension TLSSession {
    /// Encrypts and sends one record from the front of a queue.
    ///
    /// What went out is the caller's to take from the queue.
    ///
    ///
    /// A single frame is written from where it lies; several are put together first, since a record for each would cost
    /// each its own encryption and its own 22 bytes on the wire.
    ///
    /// - `queue`: Not empty. After `.needsWrite` its front must stay as it is until a later call has moved it.
    /// - `scratch`: The loop's, empty, with room for a record.
    package mutating func write(
        _ queue: borrowing OutboundQueue, from frames: borrowing FrameTable, gathering scratch: inout [UInt8],
        on descriptor: Int32
    ) -> TLSStep {
        if queue.count == 1 {
            return unsafe frames.withBytes(queue.first, from: Int(queue.headOffset)) {
                unsafe write($0, on: descriptor)
            }
        }
        queue.gather(from: frames, into: &scratch, limit: Self.recordBytesMax)
        return write(scratch.span, on: descriptor)
    }

    /// The most plaintext one record carries (RFC 8446, 5.1).
    package static var recordBytesMax: Int { 16_384 }
}
