import Foundation
import SystemPackage
import Testing

@testable import Gateway

/// What is deleted when, and what never.
@Suite struct SpoolRoomTests {
  private func write(_ call: CallNumber, bytes: Int, to spool: Spool) throws {
    try spool.begin(call)
    try spool.append([UInt8](repeating: 1, count: bytes), to: call)
    try spool.end(call, .complete, summary: [])
  }

  private var small: SpoolOptions {
    var options = SpoolOptions()
    options.segmentBytes = 10_000
    return options
  }

  @Test func `answers past the retention go, and those of the last day stay`() async throws {
    try await withSpool { fixture in
      let spool = try fixture.open(small).spool
      for call in 1...3 { try write(CallNumber(Int64(call)), bytes: 9_500, to: spool) }
      fixture.pass(seconds: 20 * 3_600)
      for call in 4...6 { try write(CallNumber(Int64(call)), bytes: 9_500, to: spool) }
      fixture.pass(seconds: 5 * 3_600)
      spool.expire()
      for call in [4, 5, 6] as [CallNumber] { #expect(try spool.read(call) != nil) }
      #expect(try spool.read(1) == nil)
      #expect(try spool.read(2) == nil)
      fixture.pass(seconds: 24 * 3_600)
      spool.expire()
      #expect(try fixture.segments().count == 1)
    }
  }

  @Test func `retention goes by the time in the records, also after opening anew`() async throws {
    try await withSpool { fixture in
      do {
        let spool = try fixture.open(small).spool
        for call in 1...4 { try write(CallNumber(Int64(call)), bytes: 9_500, to: spool) }
      }
      fixture.pass(seconds: 23 * 3_600)
      #expect(try fixture.open(small).calls.count == 4)
      #expect(try fixture.segments().count > 3)
      fixture.pass(seconds: 2 * 3_600)
      _ = try fixture.open(small)
      #expect(try fixture.segments().count == 1)
    }
  }

  @Test func `beyond the bound the oldest go first, and one being written never`() async throws {
    try await withSpool { fixture in
      var options = small
      options.totalBytes = 60_000
      let spool = try fixture.open(options).spool
      try spool.begin(1)
      try spool.append([1], to: 1)
      for call in 2...30 {
        try write(CallNumber(Int64(call)), bytes: 9_000, to: spool)
        let sizes = try fixture.segments().map { try fixture.bytes($0).count }
        #expect(sizes.reduce(0, +) <= options.totalBytes)
      }
      try spool.append([2], to: 1)
      #expect(try spool.read(1)?.pieces == [[1], [2]])
      // The second shares a segment with the first, which keeps it.
      #expect(try spool.read(3) == nil)
      #expect(try spool.read(30) != nil)
      #expect(try spool.read(29) != nil)
    }
  }

  @Test func `an answer that lost a segment is no answer, here and after opening`() async throws {
    try await withSpool { fixture in
      var options = small
      options.totalBytes = 40_000
      do {
        let spool = try fixture.open(options).spool
        try spool.begin(1)
        for _ in 0..<3 { try spool.append([UInt8](repeating: 7, count: 9_000), to: 1) }
        try spool.end(1, .complete, summary: [])
        try write(2, bytes: 9_000, to: spool)
        try write(3, bytes: 9_000, to: spool)
        #expect(try spool.read(1) == nil)
        #expect(try spool.read(3) != nil)
      }
      let opened = try fixture.open(options)
      #expect(opened.calls.contains(3))
      #expect(!opened.calls.contains(1))
      #expect(opened.damage.isEmpty)
    }
  }

  @Test func `who reads an answer reads it to its end though it is deleted meanwhile`() async throws
  {
    try await withSpool { fixture in
      let spool = try fixture.open(small).spool
      try write(1, bytes: 9_500, to: spool)
      try write(2, bytes: 9_500, to: spool)
      try write(3, bytes: 9_500, to: spool)
      var cursor = try #require(try spool.answer(of: 1))
      _ = try cursor.next()
      fixture.pass(seconds: 25 * 3_600)
      spool.expire()
      #expect(try spool.answer(of: 1) == nil)
      #expect(try cursor.next() == .piece([UInt8](repeating: 1, count: 9_500)))
      guard case .end = try cursor.next() else {
        Issue.record("no end")
        return
      }
      #expect(try cursor.next() == nil)
    }
  }

  @Test func `a record larger than a segment has one for itself`() async throws {
    try await withSpool { fixture in
      let spool = try fixture.open(small).spool
      try write(1, bytes: 1_000_000, to: spool)
      try write(2, bytes: 1, to: spool)
      #expect(try spool.read(1)?.pieces.first?.count == 1_000_000)
      #expect(try spool.read(2) != nil)
    }
  }
}
