import Testing

@testable import Inference

@Suite struct SlotTableTests {
  private func store(_ tokens: [Int32], _ table: inout SlotTable) -> Int? {
    guard let place = table.assign(prompt: tokens, need: tokens.count + 4) else { return nil }
    table.store(tokens[place.reused...], in: place.slot)
    return place.slot
  }

  @Test func `a conversation goes on where it lies`() throws {
    var table = SlotTable(parallel: 2, capacity: 1000)
    let slotSlot = store([1, 2, 3, 4], &table)
    let slot = try #require(slotSlot)
    table.release(slot)
    let next = table.assign(prompt: [1, 2, 3, 4, 5, 6], need: 10)
    #expect(next == .init(slot: slot, reused: 4, source: nil, evicted: []))
  }

  @Test func `of the same prompt all but the last token is known`() throws {
    var table = SlotTable(parallel: 2, capacity: 1000)
    let slotSlot = store([1, 2, 3, 4], &table)
    let slot = try #require(slotSlot)
    table.release(slot)
    let assigned = table.assign(prompt: [1, 2, 3, 4], need: 10)
    #expect(assigned?.reused == 3)
  }

  @Test func `a beginning is copied where the rest is worth keeping or in use`() throws {
    var table = SlotTable(parallel: 2, capacity: 1000)
    let firstSlot = store([1, 2, 3, 4, 5, 6, 7, 8], &table)
    let first = try #require(firstSlot)
    let runningPlace = table.assign(prompt: [1, 2, 9], need: 10)
    let running = try #require(runningPlace)
    #expect(running.source == first && running.reused == 2 && running.slot != first)
    table.release(first)
    table.release(running.slot)
    let keptPlace = table.assign(prompt: [1, 2, 3, 10], need: 10)
    let kept = try #require(keptPlace)
    #expect(kept.source == first && kept.reused == 3 && kept.slot != first)
    #expect(table.tokens(first) == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test func `no more answers than are allowed, and none that do not fit`() throws {
    var table = SlotTable(parallel: 2, capacity: 20)
    var assigned = table.assign(prompt: [1, 2], need: 12)
    #expect(assigned != nil)
    assigned = table.assign(prompt: [3, 4], need: 12)
    #expect(assigned == nil)
    assigned = table.assign(prompt: [3, 4], need: 8)
    #expect(assigned != nil)
    assigned = table.assign(prompt: [5, 6], need: 1)
    #expect(assigned == nil)
  }

  @Test func `kept sequences go when their place is needed, the longest unused first`() throws {
    var table = SlotTable(parallel: 2, capacity: 16)
    let oldSlot = store([1, 2, 3], &table)
    let old = try #require(oldSlot)
    table.release(old)
    let youngSlot = store([4, 5, 6], &table)
    let young = try #require(youngSlot)
    table.release(young)
    let placePlace = table.assign(prompt: [7], need: 11)
    let place = try #require(placePlace)
    #expect(place.evicted == [old])
    #expect(table.tokens(young) == [4, 5, 6] && table.tokens(old).isEmpty)
    table.release(place.slot)
    let assigned = table.assign(prompt: [4, 5, 6, 8], need: 16)
    #expect(assigned?.reused == 3)
  }
}
