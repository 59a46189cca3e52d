package import NIOCore

/// What waits in a follower's queue.
package struct JournalStream: AsyncSequence, Sendable {
    let parts: AsyncStream<ByteBuffer>
    let feed: JournalFeed
    let number: UInt64

    package typealias Element = ByteBuffer
    package typealias Failure = Never

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: parts.makeAsyncIterator(), feed: feed, number: number)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        package typealias Element = ByteBuffer
        package typealias Failure = Never

        fileprivate var parts: AsyncStream<ByteBuffer>.Iterator
        fileprivate let feed: JournalFeed
        fileprivate let number: UInt64

        package mutating func next(isolation actor: isolated (any Actor)?) async -> ByteBuffer? {
            if let part = await parts.next(isolation: actor) { return part }
            feed.leave(number)
            return nil
        }
    }
}
