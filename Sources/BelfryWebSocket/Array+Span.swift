extension [UInt8] {
    init(copying bytes: Span<UInt8>) {
        self.init(capacity: bytes.count) { output in
            for index in bytes.indices { output.append(bytes[index]) }
        }
    }

    /// Appends with one reservation: the loop becomes a `memcpy`, and growth stays geometric.
    mutating func append(copying bytes: Span<UInt8>) {
        // Reserving nothing more would still give an idle array its first block.
        if bytes.isEmpty { return }
        append(addingCapacity: bytes.count) { output in
            for index in bytes.indices { output.append(bytes[index]) }
        }
    }
}
