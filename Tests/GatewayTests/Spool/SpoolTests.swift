import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Gateway

@Suite struct SpoolTests {
  @Test func `an answer is read as it was written, and again after opening anew`() async throws {
    try await withSpool { fixture in
      let expected = ModelAnswer(
        scope: Array("key".utf8),
        pieces: [[1, 2, 3], [], [4]],
        outcome: .complete,
        summary: [9]
      )
      do {
        let spool = try fixture.open().spool
        try spool.begin(7)
        for piece in expected.pieces { try spool.append(piece, to: 7) }
        try spool.end(7, .complete, summary: [9])
        #expect(try spool.read(7) == expected)
        #expect(try spool.read(8) == nil)
      }
      let opened = try fixture.open()
      #expect(try opened.spool.read(7) == expected)
      #expect(opened.calls == [7])
      var cursor = try #require(try opened.spool.answer(of: 7))
      guard case .begin(let head) = try cursor.next() else {
        Issue.record("no beginning")
        return
      }
      #expect(head.requestHash == [1, 2])
      #expect(head.response == Array("200".utf8))
      #expect(opened.damage.isEmpty && opened.cutBytes == 0)
    }
  }

  @Test func `after opening, an answer is whole, partial, or only begun`() async throws {
    try await withSpool { fixture in
      do {
        let spool = try fixture.open().spool
        for call in [1, 2, 3] as [CallNumber] { try spool.begin(call) }
        try spool.append([1, 2], to: 2)
        try spool.append([3], to: 3)
        try spool.end(3, .failed, summary: Array("usage".utf8))
      }
      let opened = try fixture.open()
      let end = AnswerEnd(
        endedAt: 1_700_000_000_000_000,
        outcome: .failed,
        summary: Array("usage".utf8)
      )
      let rest: [CallNumber: [AnswerCursor.Part]] = [
        1: [.brokenOff], 2: [.piece([1, 2]), .brokenOff], 3: [.piece([3]), .end(end)],
      ]
      for (call, expected) in rest {
        var cursor = try #require(try opened.spool.answer(of: call))
        _ = try cursor.next()
        for part in expected { #expect(try cursor.next() == part) }
      }
    }
  }

  @Test func `a call is written between its begin and its end only`() async throws {
    try await withSpool { fixture in
      let spool = try fixture.open().spool
      #expect(throws: SpoolError.notBeingWritten(1)) { try spool.append([1], to: 1) }
      try spool.begin(1)
      #expect(throws: SpoolError.beingWritten(1)) { try spool.begin(1) }
      let long = [UInt8](repeating: 0, count: RecordHead.longest + 1)
      #expect(throws: SpoolError.tooLong(1, bytes: long.count)) { try spool.append(long, to: 1) }
      try spool.end(1, .complete, summary: [])
      #expect(throws: SpoolError.notBeingWritten(1)) { try spool.end(1, .failed, summary: []) }
      try spool.begin(1, "other")
      #expect(try spool.read(1) == ModelAnswer(scope: Array("other".utf8)))
    }
  }

  @Test func `a reader follows a writer from the beginning to the end`() async throws {
    try await withSpool { fixture in
      let spool = try fixture.open().spool
      try spool.begin(1)
      let (growth, grown) = AsyncStream.makeStream(of: Void.self)
      let registered = spool.watch(1) { grown.yield() }
      let watch = try #require(registered)
      let pieces = (0..<500).map { [UInt8](repeating: UInt8($0 % 256), count: $0) }
      Thread.detachNewThread {
        for piece in pieces { try? spool.append(piece, to: 1) }
        try? spool.end(1, .complete, summary: [5])
      }
      var cursor = try #require(try spool.answer(of: 1))
      var read: [[UInt8]] = []
      var end: AnswerEnd?
      reading: for await _ in growth {
        while let part = try cursor.next() {
          switch part {
          case .begin: #expect(read.isEmpty)
          case .piece(let bytes): read.append(bytes)
          case .waiting: continue reading
          case .end(let found): end = found
          case .brokenOff: Issue.record("the writer lives")
          }
        }
        break
      }
      #expect(read == pieces)
      #expect(end?.summary == [5])
      spool.stopWatching(watch)
      let late = spool.watch(1) {}
      #expect(late == nil)
    }
  }

  @Test func `a follower of an answer that is given up is told`() async throws {
    try await withSpool { fixture in
      let spool = try fixture.open().spool
      try spool.begin(1)
      let calls = Mutex(0)
      _ = spool.watch(1) { calls.withLock { $0 += 1 } }
      var cursor = try #require(try spool.answer(of: 1))
      _ = try cursor.next()
      #expect(try cursor.next() == .waiting)
      try spool.append([1], to: 1)
      spool.abandon(1)
      #expect(calls.withLock { $0 } == 2)
      #expect(try cursor.next() == .piece([1]))
      #expect(try cursor.next() == .brokenOff)
    }
  }

  @Test func `a second opener is told who has it`() async throws {
    try await withSpool { fixture in
      let first = try fixture.open()
      let error = #expect(throws: SpoolError.held(path: fixture.directory.string)) {
        try fixture.open()
      }
      #expect(error?.description.contains("CAISSON_HOME") == true)
      withExtendedLifetime(first) {}
    }
  }

  @Test func `the directory and its files are the owner's alone`() async throws {
    try await withSpool { fixture in
      rmdir(fixture.directory.string)
      let opened = try fixture.open()
      try opened.spool.begin(1)
      var status = stat()
      stat(fixture.directory.string, &status)
      #expect(status.st_mode & 0o777 == 0o700)
      for name in try fixture.segments() + ["lock"] {
        stat(fixture.directory.appending(name).string, &status)
        #expect(status.st_mode & 0o777 == 0o600)
      }
    }
  }

  @Test func `an end that waits for the disk is an end like others`() async throws {
    try await withSpool { fixture in
      var options = SpoolOptions()
      options.syncsAtEnd = true
      options.segmentBytes = 2_000
      let spool = try fixture.open(options).spool
      try spool.begin(1)
      for _ in 0..<5 { try spool.append([UInt8](repeating: 1, count: 900), to: 1) }
      try spool.end(1, .cancelled, summary: [3])
      #expect(try fixture.segments().count > 1)
      #expect(try spool.read(1)?.outcome == .cancelled)
    }
  }
}
