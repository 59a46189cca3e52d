import Testing

@testable import BelfryJournal

@Suite struct JournalNamespaceTests {
    private static let proc = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    /// As systemd 252 mounts it for a service with LogNamespace=belfry.
    private static let service =
        "241 232 0:48 /systemd/journal.belfry /run/systemd/journal ro,nosuid,nodev shared:46 master:6 - tmpfs "
        + "tmpfs rw,size=4936820k,nr_inodes=819200,mode=755\n"

    @Test func `a service with a journal of its own knows its name`() {
        #expect(JournalNamespace.name(in: Self.proc + Self.service) == "belfry")
    }

    @Test func `without one there is no name`() {
        #expect(JournalNamespace.name(in: "") == nil)
        #expect(JournalNamespace.name(in: Self.proc) == nil)
        // A container that was given the machine's own socket.
        let own = "9 1 0:5 /systemd/journal /run/systemd/journal rw - tmpfs tmpfs rw\n"
        #expect(JournalNamespace.name(in: own) == nil)
        #expect(JournalNamespace.name(in: Self.service + own) == nil)
    }

    @Test func `a container that was given the socket of a namespace is in it`() {
        let socket =
            "9 1 0:5 /run/systemd/journal.chat_2/socket /run/systemd/journal/socket rw - ext4 /dev/vda1 rw"
        #expect(JournalNamespace.name(in: socket) == "chat_2")
    }

    @Test(arguments: ["journal.", "journal.a;reboot", "journal.a\\040b", "journal", "journal.ä"])
    func `what is no name is none`(directory: String) {
        let mount = "1 2 0:3 /systemd/\(directory) /run/systemd/journal rw - tmpfs tmpfs rw"
        #expect(JournalNamespace.name(in: mount) == nil)
    }
}
