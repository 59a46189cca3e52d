import ArgumentParser
import BelfryAudit

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Check the audit trail in the journal, or hand it on.",
        subcommands: [Verify.self, Export.self])

    /// Where the entries come from.
    struct Source: ParsableArguments {
        @Option(
            help:
                "Read what journalctl -o json or -o export wrote; - is standard input. Default: ask journalctl."
        )
        var file: String?

        @Option(help: "Only entries from then on, as journalctl takes it: today, -1h, \"2026-08-01 12:00\".")
        var since: String?

        @Option(help: "Only entries until then.")
        var until: String?

        func validate() throws {
            if file != nil, since != nil || until != nil {
                throw ValidationError("--since and --until are for journalctl; a file is read whole")
            }
        }

        var entries: EntrySource { file.map { .file($0) } ?? .journal(since: since, until: until) }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether audit entries were removed, changed, put in or moved: exit 0, 1, or 2.",
            discussion: """
                0: every number and every chain value is as it was written. 1: at least one is not; the first comes first. 2: it \
                cannot be told, for want of the journal, of a key, or of any entry. What cannot be proved is said.
                """)

        @OptionGroup var source: Source

        @Option(
            name: .customLong("key-file"),
            help: "The file of journal.chain_key_file; repeat it for earlier keys.")
        var keyFiles: [String] = []

        @Flag(help: "What cannot be proved counts as wrong.")
        var strict = false

        func run() throws {
            throw ExitCode(
                VerifyRequest(source: source.entries, keyFiles: keyFiles, isStrict: strict).run())
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the relay's entries as JSON lines in the words of OCSF, of ECS, or in its own.")

        @OptionGroup var source: Source

        @Option(help: "ocsf, ecs or json.")
        var format: ExportFormat = .json

        func run() throws {
            throw ExitCode(ExportRequest(source: source.entries, format: format).run())
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}
