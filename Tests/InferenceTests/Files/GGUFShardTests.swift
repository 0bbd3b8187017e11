import Foundation
import Testing

@testable import Inference

@Suite struct GGUFShardTests {
  /// Three files of one tensor each.
  private static func shards(_ change: (Int, inout GGUFWriter) -> Void = { _, _ in }) -> [[UInt8]] {
    (0..<3).map { index in
      var writer = GGUFWriter.shard(index, of: 3)
      change(index, &writer)
      return writer.bytes
    }
  }

  private static func open(_ shards: [[UInt8]]) throws(GGUFError) -> GGUFFile {
    try GGUFFile(files: shards.map(MappedFile.init(bytes:)))
  }

  @Test func `a model of three files is one model, whichever of them is named`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = (1...3).map { folder.appending(path: "m-q4-0000\($0)-of-00003.gguf").path }
    for (path, bytes) in zip(paths, Self.shards()) {
      try Data(bytes).write(to: URL(filePath: path))
    }
    for path in paths {
      let file = try GGUFFile(path: path)
      #expect(file.tensors.keys.sorted() == ["blk.0", "blk.1", "blk.2"])
      #expect(try (0..<3).map { try file.tensor("blk.\($0)").bytes[0] } == [0, 1, 2])
      #expect(file.files.map(\.file.path) == paths)
      #expect(file.unsigned("split.no") == 0)
    }
    // A file under another name cannot tell where the others are.
    let alone = folder.appending(path: "model.gguf").path
    try FileManager.default.copyItem(atPath: paths[0], toPath: alone)
    let error = #expect(throws: GGUFError.self) { try GGUFFile(path: alone) }
    #expect(error?.description.contains("not named like NAME-00001-of-00003.gguf") == true)
    // The second in the place of the third.
    try FileManager.default.removeItem(atPath: paths[2])
    try FileManager.default.copyItem(atPath: paths[1], toPath: paths[2])
    #expect(throws: GGUFError.self) { try GGUFFile(path: paths[0]) }
    #expect(throws: GGUFError.self) { try GGUFFile(path: paths[2]) }
    try FileManager.default.removeItem(atPath: paths[2])
    let missing = #expect(throws: GGUFError.self) { try GGUFFile(path: paths[0]) }
    #expect(missing?.description.contains("No such file or directory") == true)
  }

  @Test func `files that do not belong together are refused`() throws {
    _ = try Self.open(Self.shards())
    let wrong: [(Int, inout GGUFWriter) -> Void] = [
      { index, writer in if index == 1 { writer.keys[0].1 = .uint16(2) } },
      { index, writer in if index == 1 { writer.keys[1].1 = .uint16(2) } },
      { index, writer in if index == 2 { writer.keys.removeAll() } },
      { index, writer in if index == 0 { writer.keys[2].1 = .int32(4) } },
      { index, writer in if index == 0 { writer.keys[2].1 = .int32(-1) } },
      { index, writer in if index == 0 { writer.keys[1].1 = .text("3") } },
      { index, writer in if index == 0 { writer.keys[1].1 = .uint32(70_000) } },
      { index, writer in if index == 0 { writer.keys[0].1 = .uint16(3) } },
      { index, writer in if index == 2 { writer.tensors[0].name = "blk.1" } },
    ]
    for (index, change) in wrong.enumerated() {
      #expect(throws: GGUFError.self, "\(index)") { try Self.open(Self.shards(change)) }
    }
    #expect(throws: GGUFError.self) { try Self.open(Array(Self.shards().prefix(2))) }
    #expect(throws: GGUFError.self) { try Self.open([]) }
  }

  @Test func `a model that says it has one file has one`() throws {
    var writer = GGUFWriter.small
    writer.keys += [("split.no", .uint16(0)), ("split.count", .uint16(1))]
    #expect(try GGUFFile(bytes: writer.bytes).tensors.count == 2)
  }

  @Test(arguments: [
    "a-0001-of-0003.gguf", "a-00001-of-00003", "a-00004-of-00003.gguf", "a-00000-of-00003.gguf",
    "00001-of-00003.gguf", "a-00001_of-00003.gguf", "a-0000１-of-00003.gguf", "",
  ])
  func `a name of another form is none of several`(_ name: String) {
    #expect(ShardName(name) == nil)
  }

  @Test func `names of several files count from one`() throws {
    let name = try #require(ShardName("/x/m-00002-of-00012.gguf"))
    #expect(name.index == 1 && name.count == 12)
    #expect(name.path(of: 11) == "/x/m-00012-of-00012.gguf")
  }
}
