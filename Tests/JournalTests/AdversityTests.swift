import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Journal

/// What opening and writing say where the disk does not play along.
@Suite struct AdversityTests {
  @Test func `a directory that is not there is named`() async throws {
    try await withFixture { fixture in
      let nowhere = fixture.directory.appending("nowhere")
      let error = #expect(throws: JournalError.self) { try Journal.open(directory: nowhere) }
      #expect(error?.description.contains("nowhere") == true)
    }
  }

  @Test func `a file that is no database is called damaged`() async throws {
    try await withFixture { fixture in
      try Data(repeating: 0x41, count: 8_192).write(to: URL(filePath: fixture.database.string))
      #expect(
        throws: JournalError.damaged(
          path: fixture.database.string,
          reason: "file is not a database"
        )
      ) { try fixture.open() }
    }
  }

  @Test func `another program's database is left alone`() async throws {
    try await withFixture { fixture in
      try fixture.tamper("CREATE TABLE recipes (name TEXT)")
      let before = try Data(contentsOf: URL(filePath: fixture.database.string))
      #expect(
        throws: JournalError.damaged(
          path: fixture.database.string,
          reason: "it is another program's database"
        )
      ) { try fixture.open() }
      #expect(try Data(contentsOf: URL(filePath: fixture.database.string)) == before)
    }
  }

  @Test func `a newer format is refused with both numbers`() async throws {
    try await withFixture { fixture in
      try fixture.fill(1)
      try fixture.tamper("PRAGMA user_version = 9")
      #expect(throws: JournalError.newerSchema(path: fixture.database.string, found: 9, known: 3)) {
        try fixture.open()
      }
    }
  }

  @Test func `a page of rubbish is an error, never a trap`() async throws {
    try await withFixture { fixture in
      try fixture.fill(400)
      var bytes = try Data(contentsOf: URL(filePath: fixture.database.string))
      try #require(bytes.count > 5 * 4_096)
      bytes.replaceSubrange(
        3 * 4_096..<bytes.count - 4_096,
        with: Data(repeating: 0xA5, count: bytes.count - 4 * 4_096)
      )
      try bytes.write(to: URL(filePath: fixture.database.string))
      // SQLite may notice by itself, or the chain does. Either way it is told.
      do {
        #expect(try fixture.found() != nil)
      } catch let error as JournalError {
        guard case .damaged = error else {
          Issue.record("\(error)")
          return
        }
      }
    }
  }

  @Test(.enabled(if: canMount, "mounting a small disk needs root"))
  func `on a full disk nothing is half-written, and room makes it go on`() async throws {
    try await withFixture { fixture in
      try run("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", fixture.directory.string)
      defer { try? run("umount", "-l", fixture.directory.string) }
      let journal = try fixture.open()
      let big = Event.denial(
        Denial(layer: .file, what: String(repeating: "x", count: 9_000), rule: "r")
      )
      var written: Int64 = 0
      let error = #expect(throws: JournalError.self) {
        while true { written = try journal.append(big, run: "a").sequence }
      }
      #expect(error == .diskFull(path: fixture.database.string))
      #expect(written > 3)
      guard case .intact(let head, _) = try journal.verify() else {
        Issue.record("\(try journal.verify())")
        return
      }
      #expect(head.sequence == written)
      try run("mount", "-o", "remount,size=4m", fixture.directory.string)
      #expect(try journal.append(big, run: "a").sequence == written + 1)
    }
  }

  @Test(.enabled(if: canMount, "mounting a small disk needs root"), arguments: [0, 4, 12, 40, 72])
  func `a first use on a disk with almost no room fails cleanly`(kilobytes: Int) async throws {
    try await withFixture { fixture in
      try run("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", fixture.directory.string)
      defer { try? run("umount", "-l", fixture.directory.string) }
      let ballast = fixture.directory.appending("ballast").string
      try Data(count: (256 - kilobytes) << 10).write(to: URL(filePath: ballast))
      do {
        let journal = try fixture.open()
        while true { try journal.append(.denial(.sample(1)), run: "a") }
      } catch let error as JournalError {
        guard case .diskFull = error else {
          Issue.record("\(error)")
          return
        }
      }
      try FileManager.default.removeItem(atPath: ballast)
      try fixture.fill(2)
      #expect(try fixture.found() == nil)
    }
  }

  @Test(.enabled(if: canMount, "mounting a small disk needs root"))
  func `a disk that may not be written is told as that`() async throws {
    try await withFixture { fixture in
      try run("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", fixture.directory.string)
      defer { try? run("umount", "-l", fixture.directory.string) }
      try run("mount", "-o", "remount,ro", fixture.directory.string)
      #expect(throws: JournalError.readOnly(path: fixture.head.string)) { try fixture.open() }
      try run("mount", "-o", "remount,rw", fixture.directory.string)
      try fixture.fill(2)
      try run("mount", "-o", "remount,ro", fixture.directory.string)
      let error = #expect(throws: JournalError.self) { try fixture.fill(1) }
      #expect(error?.description.contains("read-only") == true)
    }
  }
}

private let canMount = geteuid() == 0 && access("/usr/bin/mount", X_OK) == 0

private func run(_ command: String, _ arguments: String...) throws {
  let line = ([command] + arguments).joined(separator: " ")
  guard system(line) == 0 else { throw Errno.notPermitted }
}
