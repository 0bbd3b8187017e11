import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Gateway

/// The index of a closed segment: as good as reading the segment, and never needed.
@Suite struct SpoolIndexTests {
  /// What opening learned of each segment, and where it takes each answer to be.
  private struct Knowledge: Equatable {
    var newest: [UInt32: Int64]
    var places: [CallNumber: RecordPlace]

    init(_ spool: Spool) {
      let calls = spool.calls
      (newest, places) = spool.state.withLock { state in
        let newest = state.segments.map { ($0.file.number, $0.newest) }
        let places = calls.map { ($0, state.last(of: $0)?.place ?? .none) }
        return (
          Dictionary(newest, uniquingKeysWith: max), Dictionary(uniqueKeysWithValues: places)
        )
      }
    }
  }

  /// Takes the indexes off all segments, and gives how many there were.
  private func takeIndexes(_ fixture: SpoolFixture) throws -> Int {
    var count = 0
    for name in try fixture.segments() {
      let bytes = try fixture.bytes(name)
      guard let start = indexStart(bytes) else { continue }
      try fixture.write(Array(bytes[..<start]), to: name)
      count += 1
    }
    return count
  }

  private func indexStart(_ bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBytes { bytes in
      let start = Int(bytes.load(UInt32.self, at: bytes.count - SegmentIndex.trailerSize))
      guard start >= SegmentFile.headerSize, let head = RecordHead(in: bytes, at: start),
        head.kind == .index
      else { return nil }
      return start
    }
  }

  private var small: SpoolOptions {
    var options = SpoolOptions()
    options.segmentBytes = 2_000
    return options
  }

  /// A life of the spool's owner: calls are begun, written, ended and given up while time passes.
  /// Those that are open at the end are broken off.
  private func live(
    _ spool: Spool,
    _ fixture: SpoolFixture,
    _ random: inout SplitMix,
    numbers: () -> CallNumber,
    givesUp: Bool
  ) throws {
    var open: [CallNumber] = []
    for _ in 0..<random.below(150) {
      fixture.pass(seconds: Int64(random.below(1_000)))
      if open.isEmpty || (random.below(3) == 0 && open.count < 6) {
        let call = numbers()
        guard !open.contains(call) else { continue }
        try spool.begin(call)
        open.append(call)
        continue
      }
      let place = random.below(open.count)
      switch random.below(6) {
      case 0...1:
        try spool.end(open[place], .complete, summary: random.bytes(random.below(50)))
        open.remove(at: place)
      case 2 where givesUp:
        spool.abandon(open[place])
        open.remove(at: place)
      default: try spool.append(random.bytes(random.below(400)), to: open[place])
      }
    }
  }

  @Test(arguments: 1...24)
  func `opening by indexes learns what opening by reading learns`(seed: UInt64) async throws {
    try await withSpool { fixture in
      var random = SplitMix(seed: seed)
      var options = small
      options.retention = .max / 4
      // In some histories numbers come again, as after the loss of a ledger.
      let repeats = seed % 3 == 0
      let givesUp = seed % 2 == 0
      var next: Int64 = 0
      for _ in 0..<4 {
        var numbers = SplitMix(seed: random.next())
        try live(
          try fixture.open(options).spool,
          fixture,
          &random,
          numbers: {
            next += 1
            return CallNumber(repeats ? Int64(numbers.below(30)) : next)
          },
          givesUp: givesUp
        )
        // Now and then a segment is gone in between, and answers with it.
        if repeats, random.below(3) == 0,
          let gone = try fixture.segments().randomElement(using: &random)
        {
          try FileManager.default.removeItem(atPath: fixture.directory.appending(gone).string)
        }
        let opened = try fixture.open(options)
        #expect(opened.damage.isEmpty && opened.cutBytes == 0)
        let indexed = Knowledge(opened.spool)
        var answers: [CallNumber: ModelAnswer] = [:]
        for call in opened.calls { answers[call] = try opened.spool.read(call) }
        try await withSpool { copy in
          for name in try fixture.segments() { try copy.write(try fixture.bytes(name), to: name) }
          let closed = try takeIndexes(copy)
          #expect(closed >= (try fixture.segments().count) - 2)
          let scanned = try copy.open(options)
          #expect(scanned.damage.isEmpty && scanned.cutBytes == 0)
          let read = Knowledge(scanned.spool)
          #expect(indexed.places == read.places)
          for call in scanned.calls { #expect(try scanned.spool.read(call) == answers[call]) }
          if repeats || givesUp {
            // Of an answer that was given up, or whose beginning is gone, the records do not tell
            // when it was over.
            for (segment, time) in read.newest { #expect(indexed.newest[segment] ?? 0 >= time) }
          } else {
            #expect(indexed.newest == read.newest)
          }
        }
      }
    }
  }

  /// Segments of which the first is closed, and what can be read.
  private func closed(
    _ fixture: SpoolFixture
  ) throws -> (bytes: [UInt8], start: Int, answers: [CallNumber: ModelAnswer]) {
    let spool = try fixture.open(small).spool
    try spool.begin(1)
    try spool.begin(2)
    try spool.append([UInt8](repeating: 2, count: 900), to: 2)
    try spool.end(1, .complete, summary: [1])
    try spool.append([UInt8](repeating: 3, count: 900), to: 2)
    try spool.append([UInt8](repeating: 4, count: 900), to: 2)
    try spool.end(2, .complete, summary: [2])
    let bytes = try fixture.bytes(SegmentFile.name(1))
    let start = try #require(indexStart(bytes))
    var answers: [CallNumber: ModelAnswer] = [:]
    for call in spool.calls { answers[call] = try spool.read(call) }
    return (bytes, start, answers)
  }

  private func answers(_ spool: Spool) throws -> [CallNumber: ModelAnswer] {
    var answers: [CallNumber: ModelAnswer] = [:]
    for call in spool.calls { answers[call] = try spool.read(call) }
    return answers
  }

  @Test func `killed while the index is written, or right after, nothing is lost`() async throws {
    try await withSpool { fixture in
      let (bytes, start, _) = try closed(fixture)
      for count in start...bytes.count {
        try fixture.empty()
        try fixture.write(Array(bytes[..<count]), to: SegmentFile.name(1))
        do {
          let opened = try fixture.open(small)
          #expect(opened.damage.isEmpty)
          #expect(opened.cutBytes == (count < bytes.count ? count - start : 0))
          #expect(try opened.spool.read(1)?.outcome == .complete)
          #expect(try opened.spool.read(2)?.pieces.count == 1)
          try opened.spool.begin(3)
          try opened.spool.append([7], to: 3)
        }
        // Nothing follows an index: a closed segment stays closed.
        #expect(try fixture.segments().count == (count < bytes.count ? 1 : 2))
        let again = try fixture.open(small)
        #expect(again.cutBytes == 0 && again.damage.isEmpty)
        #expect(again.calls == [1, 2, 3])
      }
    }
  }

  @Test func `an index with any byte flipped is not believed: the records are read`() async throws {
    try await withSpool { fixture in
      let (bytes, start, expected) = try closed(fixture)
      let second = try fixture.bytes(SegmentFile.name(2))
      for place in start..<bytes.count {
        try fixture.empty()
        var flipped = bytes
        flipped[place] ^= UInt8(1 << (place % 8))
        try fixture.write(flipped, to: SegmentFile.name(1))
        try fixture.write(second, to: SegmentFile.name(2))
        let opened = try fixture.open(small)
        // The disk changed bytes of a closed segment, which is told; no answer is lost.
        #expect(opened.damage.map(\.offset) == [start])
        #expect(try answers(opened.spool) == expected)
      }
    }
  }

  @Test func `an index that is whole and wrong is not believed either`() async throws {
    try await withSpool { fixture in
      let (bytes, start, expected) = try closed(fixture)
      let second = try fixture.bytes(SegmentFile.name(2))
      let table = CallPlaces.Table([(1, UInt32(start))])
      let descending = CallPlaces.Table(calls: [2, 1], offsets: [16, 16])
      #expect(descending == nil)
      let elsewhere = RecordPlace(segment: 1, offset: 16)
      let part = SegmentIndex.Part(
        call: 1,
        offset: 16,
        previous: elsewhere,
        newest: 0,
        isOver: true
      )
      for wrong in [
        SegmentIndex(newest: 0, whole: table, parts: []),
        SegmentIndex(newest: 0, whole: .init(), parts: [part]),
      ] {
        try fixture.empty()
        let record = try #require(wrong.record(at: start))
        try fixture.write(bytes[..<start] + record, to: SegmentFile.name(1))
        try fixture.write(second, to: SegmentFile.name(2))
        let opened = try fixture.open(small)
        #expect(opened.damage.isEmpty)
        #expect(try answers(opened.spool) == expected)
      }
    }
  }

  @Test func `damage within a closed segment is found by who reads that answer`() async throws {
    try await withSpool { fixture in
      let (bytes, start, expected) = try closed(fixture)
      var flipped = bytes
      flipped[start / 2] ^= 1
      try fixture.write(flipped, to: SegmentFile.name(1))
      let opened = try fixture.open(small)
      #expect(opened.damage.isEmpty)
      #expect(try opened.spool.read(1) == expected[1])
      let error = #expect(throws: SpoolError.self) { try opened.spool.read(2) }
      guard case .damaged = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func `segments of the format without an index are read, and not written further`()
    async throws
  {
    try await withSpool { fixture in
      let (bytes, start, expected) = try closed(fixture)
      var older: [String: [UInt8]] = [
        SegmentFile.name(1): Array(bytes[..<start]),
        SegmentFile.name(2): try fixture.bytes(SegmentFile.name(2)),
      ]
      for name in older.keys {
        older[name]?[8] = 1
        try fixture.write(older[name] ?? [], to: name)
      }
      for round in 0..<2 {
        let opened = try fixture.open(small)
        #expect(opened.damage.isEmpty && opened.cutBytes == 0)
        for (call, answer) in expected { #expect(try opened.spool.read(call) == answer) }
        try opened.spool.begin(CallNumber(Int64(10 + round)))
        #expect(try fixture.segments().count == 3)
        for (name, bytes) in older { #expect(try fixture.bytes(name) == bytes) }
      }
      // What a death left at the end of the last one is cut off there, too.
      try fixture.empty()
      try fixture.write(
        Array((older[SegmentFile.name(1)] ?? []).dropLast(3)),
        to: SegmentFile.name(1)
      )
      let opened = try fixture.open(small)
      #expect(opened.damage.isEmpty && opened.cutBytes > 0)
    }
  }
}
