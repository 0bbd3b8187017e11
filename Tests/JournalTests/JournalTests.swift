import Foundation
import SystemPackage
import GRDB
import Testing

@testable import Journal

@Test func `rows come back as they were written, in order`() async throws {
  try await withFixture { fixture in
    let written = try fixture.fill(7)
    let journal = try fixture.open()
    #expect(try journal.rows() == written)
    #expect(try journal.rows(run: "run1") == written.filter { $0.run == "run1" })
    #expect(try journal.rows(after: 3, limit: 2) == Array(written[3..<5]))
    #expect(written.map(\.sequence) == Array(1...7))
    #expect(written[4].event == .denial(.sample(5)))
  }
}

@Test func `several events are written together or not at all`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    let rows = try journal.append([.denial(.sample(1)), .denial(.sample(2))], run: "a")
    #expect(rows.map(\.sequence) == [1, 2])
    #expect(try journal.append([], run: "a") == [])
    #expect(
      try journal.verify() == .intact(head: Head(sequence: 2, hash: rows[1].hash), uncovered: 0)
    )
  }
}

@Test func `each write is synchronous in full, even on a connection put back to normal`()
  async throws
{
  try await withFixture { fixture in
    let journal = try fixture.open()
    try journal.queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
    try journal.append(.denial(.sample(1)))
    let (mode, synchronous) = try journal.queue.inDatabase { database in
      (
        try String.fetchOne(database, sql: "PRAGMA journal_mode"),
        try Int.fetchOne(database, sql: "PRAGMA synchronous")
      )
    }
    #expect(mode == "wal")
    #expect(synchronous == 2)
  }
}

@Test func `a connection is synchronous in full from its opening`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    #expect(
      try journal.queue.inDatabase { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2
    )
  }
}

@Test func `every file is for its owner alone`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    try journal.append(.denial(.sample(1)))
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.string)
    #expect(
      Set(names) == ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.head"]
    )
    for name in names {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: fixture.directory.appending(name).string
      )
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    _ = consume journal
  }
}

@Test func `a run is found by its name, by a beginning of it, and as the last`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    for run in ["3kab", "3kac", "3m00"] { try journal.append(.runStarted(.sample()), run: run) }
    #expect(try journal.resolve("3kab") == "3kab")
    #expect(try journal.resolve("3M") == "3m00")
    #expect(try journal.resolve("last") == "3m00")
    #expect(throws: JournalError.ambiguousRun("3k", candidates: ["3kac", "3kab"])) {
      try journal.resolve("3k")
    }
    for text in ["", "zz", "%", "3k%", "3kab0", "é"] {
      #expect(throws: JournalError.unknownRun(text)) { try journal.resolve(text) }
    }
  }
}

@Test func `a full name is found though others begin with it`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    for run in ["ab", "abc"] { try journal.append(.runStarted(.sample()), run: run) }
    #expect(try journal.resolve("ab") == "ab")
  }
}

@Test func `a list of runs says how each stands`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    for run in ["a", "b", "c", "d"] { try journal.append(.runStarted(.sample([run])), run: run) }
    try journal.append(.denial(.sample(5)), run: "a")
    try journal.append(.runEnded(RunEnded(exit: 0, seconds: 1, denials: 5)), run: "a")
    try journal.append(.applyStarted(ApplyStarted(id: "1", paths: [])), run: "a")
    try journal.append(
      .applyFinished(ApplyFinished(id: "1", added: 0, modified: 0, deleted: 0)),
      run: "a"
    )
    try journal.append(.denial(.sample(2)), run: "b")
    #expect(try journal.abandon(run: "c", reason: "gone") != nil)
    try journal.append(.discarded(Discarded()), run: "d")

    let runs = try journal.runs()
    #expect(runs.map(\.run) == ["d", "c", "b", "a"])
    #expect(runs.map(\.denials) == [0, 0, 2, 5])
    #expect(runs.map(\.fate) == [.discarded, nil, nil, .applied])
    #expect(
      runs.map(\.state) == [
        .running, .abandoned(reason: "gone"), .running,
        .ended(RunEnded(exit: 0, seconds: 1, denials: 5)),
      ]
    )
    #expect(try journal.runs(limit: 1).map(\.run) == ["d"])
    #expect(try journal.run("b")?.started.command == ["b"])
    #expect(try journal.run("x") == nil)
  }
}

@Test func `a run that goes on is that of its new supervisor`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    var (first, second) = (RunStarted.sample(["first"]), RunStarted.sample(["second"]))
    (first.pid, second.pid) = (11, 12)
    try journal.append(.runStarted(first), run: "a")
    try journal.append(.denial(.sample(5)), run: "a")
    try journal.append(.runEnded(RunEnded(exit: 0, seconds: 1, denials: 5)), run: "a")
    try journal.append(
      .applyFinished(ApplyFinished(id: "1", added: 1, modified: 0, deleted: 0)),
      run: "a"
    )
    try journal.append(.runStarted(.sample(["other"])), run: "b")
    try journal.append(.runResumed(second), run: "a")

    let run = try #require(try journal.run("a"))
    #expect(run.started == second)
    #expect(run.state == .running && run.fate == nil)
    #expect(try journal.runs().map(\.run) == ["a", "b"])
    // Whoever saw the first one die does not write the end of the second.
    #expect(try journal.abandon(run: "a", started: first, reason: "gone") == nil)
    try journal.append(.runEnded(RunEnded(exit: 0, seconds: 1, denials: 1)), run: "a")
    #expect(try journal.run("a")?.denials == 5)
    try journal.append(.runResumed(first), run: "a")
    #expect(try journal.abandon(run: "a", started: first, reason: "gone") != nil)
    #expect(try journal.run("a")?.state == .abandoned(reason: "gone"))
  }
}

@Test func `a run that has ended is not abandoned`() async throws {
  try await withFixture { fixture in
    let journal = try fixture.open()
    try journal.append(.runStarted(.sample()), run: "a")
    try journal.append(.runEnded(RunEnded(exit: 0, seconds: 1)), run: "a")
    #expect(try journal.abandon(run: "a", reason: "gone") == nil)
    #expect(try journal.abandon(run: "unheard of", reason: "gone") == nil)
    #expect(try journal.rows().count == 2)
  }
}

@Test func `where nothing was recorded there is nothing to open`() async throws {
  try await withFixture { fixture in
    #expect(try Journal.openExisting(directory: fixture.directory) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.directory.string) == [])
    try fixture.fill(1)
    #expect(try Journal.openExisting(directory: fixture.directory) != nil)
  }
}
