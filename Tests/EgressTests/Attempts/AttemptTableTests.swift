import Testing

@testable import Egress

@Suite struct AttemptTableTests {
  private let start = ContinuousClock.now
  private func head(_ port: UInt16) -> PacketHead {
    PacketHead(transport: .tcp, address: [1, 1, 1, 1], port: port)
  }

  @Test func `the first attempt is told at once, more of them once a second`() {
    var table = AttemptTable(at: start)
    #expect(table.note(head(22), at: start) == .init(head: head(22), count: 1))
    for _ in 0..<9 { #expect(table.note(head(22), at: start) == nil) }
    #expect(table.due(at: start + .milliseconds(900)).told.isEmpty)
    let later = table.due(at: start + .seconds(1))
    #expect(later.told == [.init(head: head(22), count: 9)] && later.beyond == 0)
    #expect(table.isWaiting)
    #expect(table.due(at: start + .seconds(2)).told.isEmpty)
    #expect(!table.isWaiting)
    #expect(table.note(head(22), at: start + .seconds(3))?.count == 1)
  }

  @Test func `at the end all is told`() {
    var table = AttemptTable(at: start)
    for _ in 0..<3 { _ = table.note(head(22), at: start) }
    #expect(table.due(at: start, isLast: true).told == [.init(head: head(22), count: 2)])
    #expect(!table.isWaiting)
  }

  @Test func `a run that tries every port gets so many rows, and a count of the rest`() {
    var table = AttemptTable(at: start)
    let told = (1...60_000).filter { table.note(head(UInt16($0)), at: start) != nil }
    #expect(told.count == 256)
    let first = table.due(at: start)
    #expect(first.told.isEmpty && first.beyond == 60_000 - 256)
    // The count, too, is told once a second.
    _ = table.note(head(60_001), at: start)
    #expect(table.due(at: start + .milliseconds(10)).beyond == 0)
    #expect(table.due(at: start + .seconds(1)).beyond == 1)
    #expect(table.note(head(60_002), at: start + .seconds(1)) != nil)
  }

  @Test func `what was lost is told once a second`() {
    var table = AttemptTable(at: start)
    table.note(lost: 3)
    #expect(table.due(at: start).lost == 3)
    table.note(lost: 4)
    #expect(table.isWaiting)
    #expect(table.due(at: start + .milliseconds(500)).lost == 0)
    table.note(lost: 5)
    #expect(table.due(at: start + .seconds(1)).lost == 9)
    #expect(!table.isWaiting)
  }
}
