import BelfryReactor
import Testing

@testable import BelfryServer

@Suite struct OrderBoxTests {
    @Test func `orders come in turn, and one that is offered stands for its like`() {
        let box = OrderBox()
        #expect(box.offer(.reload) && box.offer(.reload))
        box.put(.reload)
        #expect(box.next() == .reload && box.next() == .reload)
        #expect(box.offer(.reload) && box.offer(.stop(by: "a")))
        #expect(box.next() == .reload && box.next() == .stop(by: "a"))
        box.end()
        #expect(box.next() == nil)
    }

    @Test func `once the end was asked for, only signals are heard, each of them`() {
        let box = OrderBox()
        box.put(ProcessOrder(.terminate))
        #expect(!box.offer(.reload) && !box.offer(.stop(by: "a")))
        box.put(ProcessOrder(.terminate))
        #expect(box.next() == .stop(by: "SIGTERM") && box.next() == .stop(by: "SIGTERM"))
        #expect(!box.offer(.reload))
        #expect(ProcessOrder(.interrupt) == .stop(by: "SIGINT") && ProcessOrder(.reload) == .reload)
    }
}
