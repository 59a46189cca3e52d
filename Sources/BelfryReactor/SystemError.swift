#if canImport(Glibc)
    import Glibc
#endif

/// A system call that failed: which, and the kernel's reason.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A positive `errno` value.
    public let code: Int32
    public let operation: Operation

    public enum Operation: String, Sendable {
        case accept, adopt, connect, epoll, eventfd, listen, localPort, option, parse, register, shutdown,
            signals,
            thread, file
    }

    public init(_ operation: Operation, code: Int32) {
        self.operation = operation
        self.code = code
    }

    public var description: String {
        let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return "\(operation.rawValue): \(text)"
    }

    /// Turns a shim's `-errno` into a thrown error, and a result into itself.
    static func check(_ result: Int32, _ operation: Operation) throws(SystemError) -> Int32 {
        guard result < 0 else { return result }
        stopOnBug(Int(result), operation)
        throw SystemError(operation, code: -result)
    }

    /// `EBADF` and `EFAULT` never come from the world: a descriptor used after its close, or a wild pointer.
    ///
    /// Going on would write one client's bytes into another's socket.
    static func stopOnBug(_ result: Int, _ operation: Operation) {
        precondition(result != -Int(EBADF), "\(operation.rawValue) on a descriptor that is not open")
        precondition(result != -Int(EFAULT), "\(operation.rawValue) with memory that is not ours")
    }
}
