import BelfryAnomaly
import BelfryReactor

/// What the detectors have learnt, over a restart.
struct AnomalyStateFile: Sendable {
    /// A bank's state is below 64 KiB.
    private static let bytesMax = 1 << 20

    let path: String

    /// Fills `bank` from the file.
    ///
    /// - Returns: Why it learns anew, if there is something to say about it; a file that is not there is nothing to say.
    func restore(_ bank: inout DetectorBank) -> String? {
        let bytes: [UInt8]
        do throws(FileProblem) {
            bytes = try ConfigurationFiles.read(path, bytesMax: Self.bytesMax)
        } catch .absent {
            return nil
        } catch {
            return "\(path): \(error); the detectors learn anew"
        }
        do throws(StateError) {
            try StateReader.restore(&bank, from: bytes)
            return nil
        } catch {
            return "\(path) is no state of this version's detectors, or damaged (\(error)); they learn anew"
        }
    }

    /// - Returns: Why it could not be written.
    func save(_ bank: DetectorBank) -> String? {
        do {
            try AtomicFile.replace(path, with: try StateWriter.save(bank))
            return nil
        } catch {
            return "\(path): \(error); what the detectors have learnt is not kept"
        }
    }
}
