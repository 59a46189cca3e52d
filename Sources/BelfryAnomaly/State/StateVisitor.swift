// A detector shows what it has learnt to a visitor, field by field. The same method serves to save and to
// restore, so the two cannot disagree about order or width.

/// Who writes the learnt fields down, or fills them from what was written.
package protocol StateVisitor {
    mutating func visit(_ value: inout UInt64) throws(StateError)
}

/// What can be saved and restored bit for bit.
///
/// Only what was learnt is shown; configuration stays with the value that restores.
package protocol Restorable {
    mutating func show(to visitor: inout some StateVisitor) throws(StateError)
}

extension StateVisitor {
    /// Refuses infinities and what is no number: no detector keeps one.
    package mutating func visit(_ value: inout Double) throws(StateError) {
        var bits = value.bitPattern
        try visit(&bits)
        let restored = Double(bitPattern: bits)
        guard restored.isFinite else { throw .impossible }
        value = restored
    }

    /// A count from 0 up.
    package mutating func visit(_ value: inout Int, upTo limit: Int = .max) throws(StateError) {
        var bits = UInt64(clamping: value)
        try visit(&bits)
        guard let restored = Int(exactly: bits), restored <= limit else { throw .impossible }
        value = restored
    }

    package mutating func visit(_ value: inout Bool) throws(StateError) {
        var bits: UInt64 = value ? 1 : 0
        try visit(&bits)
        guard bits <= 1 else { throw .impossible }
        value = bits == 1
    }

    /// An array of fixed length, such as a profile.
    package mutating func visit(_ values: inout [Double]) throws(StateError) {
        for index in values.indices { try visit(&values[index]) }
    }
}
