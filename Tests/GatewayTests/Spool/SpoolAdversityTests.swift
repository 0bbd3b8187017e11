import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Gateway

/// Deaths of real processes, and disks that take no more.
@Suite struct SpoolAdversityTests {
  @Test func `of a writer that is killed, whatever was written has survived`() async throws {
    try await withSpool { fixture in
      var total: Int64 = 0
      for round in 0..<6 {
        let directory = fixture.directory.string
        let progress = directory + ".progress"
        defer { unlink(progress) }
        // From the opening itself to well into the writing.
        let lifetime = UInt32(round * 20_000 + 1_500)
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [
            directory = directory as String, progress = progress as String,
            lifetime = lifetime as UInt32, round = round as Int
          ] in
          Thread.detachNewThread {
            usleep(lifetime)
            kill(getpid(), SIGKILL)
          }
          var options = SpoolOptions()
          options.segmentBytes = 100_000
          let spool = try Spool.open(directory: FilePath(directory), options: options).spool
          let call = CallNumber(Int64(round))
          try spool.begin(call)
          let note = open(progress, O_CREAT | O_WRONLY, 0o600)
          var random = SplitMix(seed: UInt64(round))
          var count: Int64 = 0
          while true {
            try spool.append(random.bytes(random.below(5_000)), to: call)
            count += 1
            pwrite(note, &count, 8, 0)
          }
        }
        let opened = try fixture.open()
        #expect(opened.damage.isEmpty)
        let bytes = (try? Data(contentsOf: URL(filePath: progress))) ?? Data()
        let written =
          bytes.count == 8 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) } : 0
        let answer = try opened.spool.read(CallNumber(Int64(round)))
        let pieces = answer?.pieces ?? []
        total += written
        // One may have been written and not been noted.
        #expect(pieces.count == Int(written) || pieces.count == Int(written) + 1)
        var random = SplitMix(seed: UInt64(round))
        for piece in pieces { #expect(piece == random.bytes(random.below(5_000))) }
      }
      #expect(total > 0)
    }
  }

  @Test(.enabled(if: canMount, "mounting a small disk needs root"))
  func `a full disk fails that record only, and room makes it go on`() async throws {
    try await withSpool { fixture in
      try run("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", fixture.directory.string)
      defer { try? run("umount", "-l", fixture.directory.string) }
      do {
        let spool = try fixture.open().spool
        try spool.begin(1)
        var pieces: [[UInt8]] = []
        let error = #expect(throws: SpoolError.self) {
          while true {
            // Ends within a page of the disk, so that the last write is a short one.
            let piece = [UInt8](repeating: UInt8(pieces.count), count: 9_000)
            try spool.append(piece, to: 1)
            pieces.append(piece)
          }
        }
        guard case .diskFull = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(pieces.count > 20)
        #expect(try spool.read(1)?.pieces == pieces)
        try run("mount", "-o", "remount,size=4m", fixture.directory.string)
        try spool.append([42], to: 1)
        try spool.end(1, .complete, summary: [])
        #expect(try spool.read(1)?.pieces == pieces + [[42]])
      }
      let opened = try fixture.open()
      #expect(opened.damage.isEmpty && opened.cutBytes == 0)
      #expect(try opened.spool.read(1)?.outcome == .complete)
    }
  }

  @Test(.enabled(if: canMount, "mounting a small disk needs root"))
  func `a disk without room for a segment leaves none half-made`() async throws {
    try await withSpool { fixture in
      try run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", fixture.directory.string)
      defer { try? run("umount", "-l", fixture.directory.string) }
      let spool = try fixture.open().spool
      try fixture.write([UInt8](repeating: 0, count: 64 << 10), to: "ballast")
      #expect(throws: SpoolError.self) { try spool.begin(1) }
      #expect(try fixture.segments().isEmpty)
      #expect(throws: SpoolError.notBeingWritten(1)) { try spool.append([1], to: 1) }
      try FileManager.default.removeItem(atPath: fixture.directory.appending("ballast").string)
      try spool.begin(1)
      #expect(try spool.read(1) != nil)
    }
  }

  @Test(.enabled(if: canMount, "mounting a small disk needs root"))
  func `a disk without room for an index loses nothing but the index`() async throws {
    try await withSpool { fixture in
      try run("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", fixture.directory.string)
      defer { try? run("umount", "-l", fixture.directory.string) }
      let ballast = fixture.directory.appending("ballast").string
      do {
        var options = SpoolOptions()
        options.segmentBytes = 40_000
        let spool = try fixture.open(options).spool
        // An index of several pages, of which the first bytes fit.
        for call in 1...450 {
          try spool.begin(CallNumber(Int64(call)))
          try spool.end(CallNumber(Int64(call)), .complete, summary: [])
        }
        try? fixture.write([UInt8](repeating: 0, count: 1 << 20), to: "ballast")
        let size = try fixture.bytes(SegmentFile.name(1)).count
        let large = [UInt8](repeating: 7, count: 3_000)
        try spool.begin(1_000)
        #expect(throws: SpoolError.self) { try spool.append(large, to: 1_000) }
        #expect(try fixture.segments().count == 1)
        #expect(try fixture.bytes(SegmentFile.name(1)).count <= size + 100)
        try FileManager.default.removeItem(atPath: ballast)
        try spool.append(large, to: 1_000)
        #expect(try fixture.segments().count == 2)
        #expect(try spool.read(1_000)?.pieces == [large])
      }
      let opened = try fixture.open()
      #expect(opened.damage.isEmpty && opened.cutBytes == 0)
      #expect(opened.calls.count == 451)
      #expect(try opened.spool.read(450)?.outcome == .complete)
      #expect(try opened.spool.read(1_000)?.pieces.count == 1)
    }
  }
}

private let canMount = geteuid() == 0 && access("/usr/bin/mount", X_OK) == 0

private func run(_ command: String, _ arguments: String...) throws {
  let line = ([command] + arguments).joined(separator: " ")
  guard system(line) == 0 else { throw Errno.notPermitted }
}
