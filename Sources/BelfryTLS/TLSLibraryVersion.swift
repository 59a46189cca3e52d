internal import COpenSSL

/// The library that terminates TLS, as it was loaded.
package enum TLSLibraryVersion {
    /// `3.0.22`; the headers this was built with may be older.
    package static var text: String { unsafe String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }
}
