#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

// swift-protobuf gives `bytes` fields the type `Data`. Here the two worlds meet, so that no module of ours but this one
// has to know Foundation.

/// What a `bytes` field holds.
package typealias WireBytes = Data

extension [UInt8] {
    package init(field: WireBytes) { self.init(field) }

    /// These bytes, as a field holds them.
    package var field: WireBytes { WireBytes(self) }
}
