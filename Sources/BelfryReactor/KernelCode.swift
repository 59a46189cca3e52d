#if canImport(Glibc)
    import Glibc
#endif

/// The negative results of `Kernel.receive` and `Kernel.send` that callers tell apart; all others end a
/// connection.
package enum KernelCode {
    package static let wouldBlock = -Int(EAGAIN)
    package static let connectionReset = -Int(ECONNRESET)
    package static let brokenPipe = -Int(EPIPE)
}
