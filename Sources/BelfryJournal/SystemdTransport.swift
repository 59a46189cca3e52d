import BelfryObserve
import CSystemd
import Glibc

/// journald through libsystemd.
///
/// Two habits of `sd_journal_sendv` shape this file. It returns success when the socket does not exist, so the
/// path is looked at before each call (half a microsecond against twenty). And it blocks while journald does not
/// read, so only the writer thread may come here.
struct SystemdTransport: JournalTransport {
    /// libsystemd has it compiled in.
    static let path = "/run/systemd/journal/socket"

    /// Connects and closes: a file may lie there with nobody behind it.
    func probe() -> Reachability {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .unknown(errno: errno) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Self.path.utf8) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { return .listening }
        let code = errno
        return Self.result(ofCode: -code) == .absent ? .absent(errno: code) : .unknown(errno: code)
    }

    func send(_ entry: EntryBuffer) -> SendResult {
        guard unsafe access(Self.path, F_OK) == 0 else { return .absent }
        let result = unsafe entry.bytes.withUnsafeBytes { bytes in
            unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: entry.items.count) { vectors in
                for (index, item) in entry.items.enumerated() {
                    // libsystemd does not write through it; iovec has no other type to offer.
                    let start = unsafe bytes.baseAddress.map {
                        unsafe UnsafeMutableRawPointer(mutating: $0 + item.start)
                    }
                    unsafe vectors.initializeElement(
                        at: index, to: iovec(iov_base: start, iov_len: item.end - item.start))
                }
                return unsafe sd_journal_sendv(vectors.baseAddress, Int32(clamping: entry.items.count))
            }
        }
        return Self.result(ofCode: result)
    }

    static func result(ofCode code: Int32) -> SendResult {
        switch code {
        case 0...: .sent
        // A socket file without a daemon, or the daemon gone from under the call.
        case -ECONNREFUSED, -ENOENT, -ENOTCONN, -ECONNRESET: .absent
        case -EMSGSIZE, -E2BIG: .oversize
        default: .failed(errno: -code)
        }
    }

    func find(_ entry: SentEntry) -> Readback {
        guard let journal = JournalFiles() else { return .unreadable }
        if journal.newest(where: ["\(JournalField.chain.journalName)=\(entry.chain)"]) { return .found }
        // Without permission the journal opens and is empty.
        guard let oldest = journal.oldestTime() else { return .unreadable }
        return oldest > entry.sentAt ? .expired : .missing
    }

    func newestChain() -> ChainValue? {
        let trail = ["SYSLOG_IDENTIFIER=\(EventEncoder.identifier)", "SYSLOG_FACILITY=10"]
        guard let journal = JournalFiles(), journal.newest(where: trail) else { return nil }
        return journal.value(of: JournalField.chain.journalName).flatMap { ChainValue(hex: $0) }
    }
}
