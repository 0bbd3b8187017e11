import Foundation
import Testing

@testable import Inference

@Suite struct MappedFileTests {
  private let folder: URL = {
    let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }()

  @Test func `bytes are those of the file, and a change of it is noticed`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "file").path
    try Data("some bytes".utf8).write(to: URL(filePath: path))
    let file = try MappedFile(path: path)
    #expect(String(decoding: file.bytes, as: UTF8.self) == "some bytes")
    #expect(file.identity?.size == 10 && file.isUnchanged)
    file.prefetch(3..<7)
    file.prefetch(100..<200)
    // Replaced by renaming, the mapped file stays what it was.
    try Data("other".utf8).write(to: URL(filePath: path + ".new"))
    #expect(rename(path + ".new", path) == 0)
    #expect(file.isUnchanged && file.bytes.count == 10)
    let second = try MappedFile(path: path)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 3)
    try handle.close()
    #expect(!second.isUnchanged)
  }

  @Test func `what is no file of some bytes is refused with its path`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let empty = folder.appending(path: "empty").path
    #expect(FileManager.default.createFile(atPath: empty, contents: Data()))
    let pipe = folder.appending(path: "pipe").path
    #expect(mkfifo(pipe, 0o600) == 0)
    for (path, text) in [
      (empty, "is empty"), (pipe, "is no regular file"), (folder.path, "is no regular file"),
      ("\(folder.path)/none", "No such file"), ("/dev/zero", "is no regular file"),
    ] {
      let error = #expect(throws: MappedFileError.self) { try MappedFile(path: path) }
      #expect(
        error?.description.contains(text) == true && error?.description.contains(path) == true
      )
    }
  }

  @Test func `a file that is let go of leaves no descriptor behind`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "file").path
    try Data([1]).write(to: URL(filePath: path))
    func holders() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
      }
    }
    do {
      let file = try MappedFile(path: path)
      #expect(try holders() == 1)
      withExtendedLifetime(file) {}
    }
    #expect(try holders() == 0)
  }
}
