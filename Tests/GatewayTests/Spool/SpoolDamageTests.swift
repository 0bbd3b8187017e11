import Foundation
import SystemPackage
import Testing

@testable import Gateway

/// What is left after a death, and after worse.
@Suite struct SpoolDamageTests {
  /// A small segment, and what each of its records added.
  private struct Sample {
    var bytes: [UInt8]
    /// Where each record ends, and what can be read of the calls then.
    var steps: [(end: Int, answers: [CallNumber: ModelAnswer])]
  }

  private func sample(_ fixture: SpoolFixture) throws -> Sample {
    let spool = try fixture.open().spool
    let name = SegmentFile.name(1)
    try spool.begin(1)
    var steps: [(end: Int, answers: [CallNumber: ModelAnswer])] = [
      (SegmentFile.headerSize, [:])
    ]
    func note() throws {
      var answers: [CallNumber: ModelAnswer] = [:]
      for call in [1, 2] as [CallNumber] { answers[call] = try spool.read(call) }
      steps.append((try fixture.bytes(name).count, answers))
    }
    try note()
    try spool.append([1, 2, 3], to: 1)
    try note()
    try spool.begin(2)
    try note()
    try spool.append([], to: 2)
    try note()
    try spool.append([4], to: 1)
    try note()
    try spool.end(1, .complete, summary: [9, 9])
    try note()
    try spool.append([5, 6], to: 2)
    try note()
    return Sample(bytes: try fixture.bytes(name), steps: steps)
  }

  private func answers(_ opened: SpoolFixture.Opened) throws -> [CallNumber: ModelAnswer] {
    var answers: [CallNumber: ModelAnswer] = [:]
    for call in opened.calls { answers[call] = try opened.spool.read(call) }
    return answers
  }

  @Test func `cut at any byte, the records before it are there and writing goes on`() async throws {
    try await withSpool { fixture in
      let sample = try sample(fixture)
      let name = SegmentFile.name(1)
      for count in 0...sample.bytes.count {
        try fixture.empty()
        try fixture.write(Array(sample.bytes.prefix(count)), to: name)
        let expected = sample.steps.last { $0.end <= count }
        do {
          let opened = try fixture.open()
          #expect(try answers(opened) == expected?.answers ?? [:], "cut at \(count)")
          #expect(opened.cutBytes == count - (expected?.end ?? 0), "cut at \(count)")
          #expect(opened.damage.isEmpty)
          try opened.spool.begin(3)
          try opened.spool.append([7], to: 3)
        }
        let again = try fixture.open()
        #expect(again.cutBytes == 0 && again.damage.isEmpty)
        #expect(try again.spool.read(3)?.pieces == [[7]])
        #expect(again.calls.count == (expected?.answers.count ?? 0) + 1)
      }
    }
  }

  @Test func `with any byte flipped, the records before it are there and nothing is lost`()
    async throws
  {
    try await withSpool { fixture in
      let sample = try sample(fixture)
      let name = SegmentFile.name(1)
      for place in sample.bytes.indices {
        try fixture.empty()
        var bytes = sample.bytes
        bytes[place] ^= UInt8(1 << (place % 8))
        try fixture.write(bytes, to: name)
        let step = sample.steps.lastIndex { $0.end <= place }
        let opened: SpoolFixture.Opened
        do {
          opened = try fixture.open()
        } catch SpoolError.newerFormat {
          #expect((8..<10).contains(place))
          continue
        }
        #expect(try answers(opened) == step.map { sample.steps[$0].answers } ?? [:], "\(place)")
        // In the last record it looks like a death; elsewhere it is kept for whoever looks.
        if step == sample.steps.count - 2 {
          #expect(opened.damage.isEmpty && opened.cutBytes > 0)
        } else {
          #expect(opened.damage.map(\.offset) == [step.map { sample.steps[$0].end } ?? 0])
          #expect(try fixture.bytes(name + SegmentFile.asideSuffix) == bytes)
        }
        try opened.spool.begin(3)
        try opened.spool.append([7], to: 3)
        #expect(try opened.spool.read(3)?.pieces == [[7]])
      }
    }
  }

  @Test func `a damaged segment stays aside, readable and reported, whatever expires`() async throws
  {
    try await withSpool { fixture in
      let sample = try sample(fixture)
      var bytes = sample.bytes
      bytes[sample.steps[4].end + 9] ^= 1
      try fixture.write(bytes, to: SegmentFile.name(1))
      for _ in 0..<3 {
        let opened = try fixture.open()
        #expect(opened.damage.count == 1)
        #expect(try opened.spool.read(1)?.pieces == [[1, 2, 3]])
        try opened.spool.begin(9)
        try opened.spool.end(9, .complete, summary: [])
        fixture.pass(seconds: 100_000)
        opened.spool.expire()
        #expect(try fixture.segments(".damaged").count == 1)
      }
    }
  }

  @Test func `a torn segment that is not the last is damage`() async throws {
    try await withSpool { fixture in
      let sample = try sample(fixture)
      try fixture.write(Array(sample.bytes.dropLast()), to: SegmentFile.name(1))
      try fixture.write(SegmentFile.header(2), to: SegmentFile.name(2))
      let opened = try fixture.open()
      #expect(opened.damage.count == 1 && opened.cutBytes == 0)
      #expect(opened.calls == [1, 2])
    }
  }

  @Test func `a segment of a newer format stops the opening with both numbers`() async throws {
    try await withSpool { fixture in
      var header = SegmentFile.header(1)
      header[8] = 3
      try fixture.write(header, to: SegmentFile.name(1))
      #expect(
        throws: SpoolError.newerFormat(
          path: fixture.directory.appending(SegmentFile.name(1)).string,
          found: 3,
          known: 2
        )
      ) { try fixture.open() }
    }
  }

  @Test func `random bytes behind a header never trap`() async throws {
    try await withSpool { fixture in
      var random = SplitMix(seed: 4)
      let sample = try sample(fixture)
      for _ in 0..<300 {
        try fixture.empty()
        var bytes = sample.bytes
        for _ in 0...random.below(4) {
          let place = SegmentFile.headerSize + random.below(bytes.count - SegmentFile.headerSize)
          let count = min(random.below(40), bytes.count - place)
          bytes.replaceSubrange(place..<place + count, with: random.bytes(random.below(40)))
          if bytes.count <= SegmentFile.headerSize + 1 { bytes += random.bytes(40) }
        }
        try fixture.write(bytes, to: SegmentFile.name(1))
        let opened = try fixture.open()
        for call in opened.calls { #expect(try opened.spool.read(call) != nil) }
      }
    }
  }
}
