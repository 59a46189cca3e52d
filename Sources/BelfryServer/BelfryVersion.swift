import BelfryTLS

/// What this build is.
package enum BelfryVersion {
    /// Semantic version of the release.
    package static let number = "0.1.0"
    /// The commit it was built from; packagers set it, a build from a working tree does not know.
    package static let commit = "unknown"
    /// The language it was built with.
    package static let swift = "6.3"

    /// One line for `belfry version`.
    package static var description: String {
        "belfry \(number) (commit \(commit), Swift \(swift), OpenSSL \(TLSLibraryVersion.text))"
    }
}
