import BelfryReactor
import Testing

/// Counts its own destruction.
private struct Tenant: ~Copyable {
    final class Deaths { var names: [Int] = [] }

    var name: Int
    let deaths: Deaths

    deinit { deaths.names.append(name) }
}

@Suite("Slot table")
struct SlotTableTests {
    private let deaths = Tenant.Deaths()

    @Test func `an element is found by its name and by no other`() throws {
        var table = SlotTable<Tenant>(capacity: 10)
        let inserted = table.insert(Tenant(name: 7, deaths: deaths))
        let id = try inserted.orThrow("full")
        #expect(table[id].name == 7)
        for stranger in [
            SlotID(index: id.index + 1, generation: id.generation),
            SlotID(index: id.index, generation: id.generation + 1),
            SlotID(index: id.index, generation: id.generation + 2), SlotID(index: id.index, generation: 0),
            SlotID(index: .max, generation: .max),
        ] {
            #expect(table.contains(stranger) == false)
            #expect(table.withElement(stranger) { $0.name } == nil)
        }
    }

    @Test func `a name goes stale with its tenant, and the slot's next tenant has another`() throws {
        var table = SlotTable<Tenant>(capacity: 10)
        let inserted = table.insert(Tenant(name: 1, deaths: deaths))
        let first = try inserted.orThrow("full")
        _ = table.remove(first)
        #expect(table.contains(first) == false)
        let again = table.insert(Tenant(name: 2, deaths: deaths))
        let second = try again.orThrow("full")
        #expect(second.index == first.index)
        #expect(second != first)
        let stale = table.remove(first) == nil
        #expect(stale)
        #expect(table[second].name == 2)
        #expect(deaths.names == [1])
    }

    @Test func `a free slot answers to no generation, its own even one included`() throws {
        var table = SlotTable<Tenant>(capacity: 4)
        let inserted = table.insert(Tenant(name: 1, deaths: deaths))
        let id = try inserted.orThrow("full")
        _ = table.remove(id)
        for generation in 0...8 as ClosedRange<UInt32> {
            #expect(table.contains(SlotID(index: id.index, generation: generation)) == false)
        }
    }

    @Test func `elements never move while the table grows`() throws {
        var table = SlotTable<InlineCounter>(capacity: 5_000)
        let inserted = table.insert(InlineCounter(value: 1))
        let first = try inserted.orThrow("full")
        let before = table.withElement(first) { unsafe withUnsafePointer(to: &$0) { UInt(bitPattern: $0) } }
        for value in 2...4_000 { _ = table.insert(InlineCounter(value: value)) }
        let after = table.withElement(first) { unsafe withUnsafePointer(to: &$0) { UInt(bitPattern: $0) } }
        #expect(before == after)
        #expect(before != nil)
    }

    @Test("a table takes its capacity and not one more", arguments: [1, 255, 256, 257])
    func capacity(limit: Int) {
        var table = SlotTable<InlineCounter>(capacity: limit)
        for value in 0..<limit { #expect(table.insert(InlineCounter(value: value)) != nil) }
        #expect(table.isFull == true)
        #expect(table.insert(InlineCounter(value: -1)) == nil)
        #expect(table.count == limit)
        _ = table.live(from: 0).map { table.remove($0) != nil }
        #expect(table.insert(InlineCounter(value: -1)) != nil)
    }

    @Test func `mutation happens in place`() throws {
        var table = SlotTable<InlineCounter>(capacity: 2)
        let inserted = table.insert(InlineCounter(value: 1))
        let id = try inserted.orThrow("full")
        table[id].value += 41
        #expect(table[id].value == 42)
        table.withElement(id) { $0.value += 1 }
        #expect(table[id].value == 43)
    }

    @Test func `a walk meets every live element once, though elements leave on the way`() throws {
        var table = SlotTable<InlineCounter>(capacity: 1_000)
        for value in 0..<600 { _ = table.insert(InlineCounter(value: value)) }
        var met: [Int] = []
        var next: UInt32 = 0
        while let id = table.live(from: next) {
            met.append(table[id].value)
            next = id.index + 1
            if id.index % 3 == 0 { _ = table.remove(id) }
        }
        #expect(met == Array(0..<600))
        #expect(table.count == 400)
        var left = 0
        table.forEach { id, counter in
            left += 1
            counter.value = Int(id.index)
        }
        #expect(left == 400)
    }

    @Test func `the table destroys what it still holds, once`() {
        do {
            var table = SlotTable<Tenant>(capacity: 600)
            for name in 0..<600 { _ = table.insert(Tenant(name: name, deaths: deaths)) }
            _ = table.insert(Tenant(name: 1_000, deaths: deaths))  // refused, destroyed at once
            _ = table.live(from: 300).map { table.remove($0) != nil }
            #expect(deaths.names == [1_000, 300])
        }
        #expect(deaths.names.sorted() == Array(0..<600) + [1_000])
    }

    @Test func `a name survives the way through a 64-bit token`() {
        for id in [
            SlotID(index: 0, generation: 1), SlotID(index: .max, generation: 0),
            SlotID(index: 7, generation: .max),
        ] {
            #expect(SlotID(token: id.token) == id)
        }
        #expect(SlotID(token: KernelEvent.wakeToken).generation == 0)
    }

    @Test func `a stale name in a subscript stops the program`() async {
        await #expect(processExitsWith: .failure) {
            var table = SlotTable<InlineCounter>(capacity: 2)
            guard let id = table.insert(InlineCounter(value: 1)) else { return }
            _ = table.remove(id)
            table[id].value = 2
        }
    }

    @Test func `a random life agrees with a dictionary`() {
        let seed: UInt64 = 20_260_101
        var random = TestRandom(state: seed)
        var table = SlotTable<InlineCounter>(capacity: 300)
        var model: [SlotID: Int] = [:]
        var gone: [SlotID] = []
        for step in 0..<20_000 {
            if Bool.random(using: &random), let id = table.insert(InlineCounter(value: step)) {
                #expect(model.updateValue(step, forKey: id) == nil, "seed \(seed)")
            } else if let id = model.keys.randomElement(using: &random) {
                let value = table.contains(id) ? table[id].value : nil
                let removed = table.remove(id) != nil
                #expect(removed)
                #expect(value == model.removeValue(forKey: id), "seed \(seed)")
                gone.append(id)
            }
        }
        #expect(table.count == model.count)
        for (id, value) in model { #expect(table[id].value == value) }
        for id in gone { #expect(table.contains(id) == false) }
    }
}

struct InlineCounter: ~Copyable {
    var value: Int
}

/// SplitMix64: the same numbers on every machine.
struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
