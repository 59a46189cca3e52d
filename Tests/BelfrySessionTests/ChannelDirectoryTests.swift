import BelfryHub
import BelfryProtocol
import BelfrySession
import Testing

/// protocol.md 18.1: which options belong to a name.
@Suite struct ChannelDirectoryTests {
    private let directory = ChannelDirectory(
        unnamed: ChannelOptions { $0.presence = true },
        namespaces: ["chat": ChannelOptions { $0.joinLeave = true }, "empty": ChannelOptions()])

    @Test(
        "a name has the options of its namespace",
        arguments: [
            ("lobby", "unnamed"), ("$lobby", "unnamed"), ("#42", "unnamed"), ("chat", "unnamed"),
            ("chat:lobby", "chat"), ("$chat:lobby", "chat"), ("chat:", "chat"), ("chat:a:b", "chat"),
            ("chat:x#42,43", "chat"), ("empty:a", "nothing"), ("Chat:lobby", "unknown"),
            ("other:lobby", "unknown"), ("$other:lobby", "unknown"),
        ]) func options(name: String, expected: String) throws
    {
        let options = directory.options(of: try ChannelName(name))
        let found =
            switch options {
            case nil: "unknown"
            case let options? where options.presence: "unnamed"
            case let options? where options.joinLeave: "chat"
            default: "nothing"
            }
        #expect(found == expected)
    }
}
