import Glibc

/// Where lines go when there is no journald.
protocol LineStream: Sendable {
    /// Writes all of it, however long that takes.
    ///
    /// Returns how many bytes were taken: fewer than given when the other side is gone.
    func write(_ bytes: [UInt8]) -> Int
}

/// A file descriptor somebody else owns, usually 2.
struct DescriptorStream: LineStream {
    let descriptor: Int32

    func write(_ bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                if written > 0 {
                    done += written
                } else if errno == EAGAIN {
                    waitForRoom()
                } else if errno != EINTR {
                    break
                }
            }
            return done
        }
    }

    /// Another holder of the same open file may have made it non-blocking.
    private func waitForRoom() {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, -1)
    }
}
