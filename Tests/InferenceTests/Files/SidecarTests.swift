import Foundation
import Synchronization
import Testing

@testable import Inference

/// A model of two matrices in a folder of its own, and a packing that turns each group of rows round.
private final class Bench {
  let folder: URL
  let model: GGUFFile
  let packings = Packings()

  /// How often a part was packed, a step at a time.
  final class Packings: Sendable {
    let count = Mutex(0)
  }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    let path = folder.appending(path: "mödel 1.gguf").path
    try Data(Self.writer.bytes).write(to: URL(filePath: path))
    model = try GGUFFile(path: path)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  static var writer: GGUFWriter {
    var random = SplitMix(seed: 6)
    return GGUFWriter(tensors: [
      .init("a", .q10, shape: [128, 19], data: random.bytes(19 * 18)),
      .init("norm", shape: [128]),
      .init("b", .q40, shape: [4096, 2000], data: random.bytes(2000 * 128 * 18)),
    ])
  }

  var cache: String { folder.appending(path: "deep/cache").path }

  func parts(rowGroup: Int = 8, form: Int = 1) throws -> [SidecarPart] {
    try ["a", "b"].map { name in
      SidecarPart(try model.tensor(name), rowGroup: rowGroup, form: form) {
        [packings] rows, packed, count, rowLength in
        packings.count.withLock { $0 += 1 }
        Self.turn(rows, packed, count, rowLength / (name == "a" ? 128 : 32) * 18, rowGroup)
      }
    }
  }

  /// Each group's rows from the last to the first.
  static func turn(
    _ rows: UnsafeRawPointer,
    _ turned: UnsafeMutableRawPointer,
    _ count: Int,
    _ size: Int,
    _ group: Int
  ) {
    for row in 0..<count {
      let first = row / group * group
      let place = first + min(group, count - first) - 1 - (row - first)
      (turned + place * size).copyMemory(from: rows + row * size, byteCount: size)
    }
  }

  /// A tensor as its packing should leave it.
  func turned(_ name: String) throws -> [UInt8] {
    let tensor = try model.tensor(name)
    let rows = try #require(tensor.bytes.baseAddress)
    return Array(unsafeUninitializedCapacity: tensor.bytes.count) { bytes, count in
      count = tensor.bytes.count
      guard let turned = UnsafeMutableRawPointer(bytes.baseAddress) else { return }
      Self.turn(rows, turned, tensor.rows, count / tensor.rows, 8)
    }
  }

  func open(_ parts: [SidecarPart]? = nil) throws -> Sidecar {
    try Sidecar(of: model, parts: parts ?? self.parts(), folder: cache)
  }

  /// How often something was packed while the body ran.
  func packed(_ body: () throws -> Void) rethrows -> Int {
    packings.count.withLock { $0 = 0 }
    try body()
    return packings.count.withLock { $0 }
  }

  var files: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []).sorted()
  }
}

@Suite struct SidecarTests {
  @Test func `weights are packed once, with progress, and mapped from then on`() throws {
    let bench = try Bench()
    var steps: [Sidecar.Progress] = []
    let first = try Sidecar(of: bench.model, parts: bench.parts(), folder: bench.cache) {
      steps.append($0)
      return true
    }
    let total = 19 * 18 + 2000 * 128 * 18
    #expect(
      steps.map(\.done) == [342, 342 + 1816 * 2304, total] && steps.allSatisfy { $0.total == total }
    )
    for name in ["a", "b"] {
      let bytes = try #require(first.bytes(of: name))
      #expect(try Data(bytes) == Data(bench.turned(name)))
      #expect(Int(bitPattern: bytes.baseAddress) % 64 == 0)
    }
    #expect(first.bytes(of: "norm") == nil && first.damaged().isEmpty)
    #expect(bench.files == [String(first.path.split(separator: "/").last ?? "")])
    #expect(bench.files[0].hasPrefix("m__del_1.gguf-") && bench.files[0].hasSuffix(".packed"))
    var second: Sidecar?
    let again = try bench.packed { second = try bench.open() }
    #expect(second?.path == first.path)
    #expect(again == 0)
  }

  @Test func `another model, group or form has a sidecar of its own`() throws {
    let bench = try Bench()
    var paths: Set<String> = [try bench.open().path]
    paths.insert(try bench.open(bench.parts(rowGroup: 4)).path)
    paths.insert(try bench.open(bench.parts(form: 2)).path)
    paths.insert(try bench.open([bench.parts()[1]]).path)
    let path = try #require(bench.model.files.first?.file.path)
    var times = [timespec(tv_sec: 1, tv_nsec: 2), timespec(tv_sec: 1, tv_nsec: 2)]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    let later = try GGUFFile(path: path)
    paths.insert(try Sidecar(of: later, parts: bench.parts(), folder: bench.cache).path)
    #expect(paths.count == 5)
    // The same size and time, one letter of a key changed.
    var writer = Bench.writer
    writer.keys = [("x", .uint8(1))]
    let one = try GGUFFile(bytes: writer.bytes)
    writer.keys = [("y", .uint8(1))]
    let other = try GGUFFile(bytes: writer.bytes)
    let layouts = [one, other].map { SidecarLayout(model: $0, parts: []).key }
    #expect(layouts[0] != layouts[1])
  }

  @Test func `a sidecar that is not what it should be is built anew`() throws {
    let bench = try Bench()
    let path = try bench.open().path
    let whole = try Data(contentsOf: URL(filePath: path))
    let layout = SidecarLayout(model: bench.model, parts: try bench.parts())
    // Each byte of the head counts.
    var head = Array(whole)
    for place in 0..<layout.headSize + 16 {
      head[place] ^= 1
      let isTaken = head.withUnsafeBytes { layout.matches(MappedFile(borrowing: $0)) }
      #expect(!isTaken, "\(place)")
      head[place] ^= 1
    }
    let changed = [9, 70, 100].map { place in
      var bytes = whole
      bytes[place] ^= 1
      return bytes
    }
    let wrong = changed + [whole.dropLast(), whole + [0], Data(), Data([1, 2])]
    for (index, bytes) in wrong.enumerated() {
      try bytes.write(to: URL(filePath: path))
      var sidecar: Sidecar?
      let count = try bench.packed { sidecar = try bench.open() }
      #expect(count == 3 && sidecar?.damaged() == [], "\(index)")
      #expect(try Data(contentsOf: URL(filePath: path)) == whole, "\(index)")
    }
  }

  @Test func `a byte that changed in a part is found when it is looked for`() throws {
    let bench = try Bench()
    let path = try bench.open().path
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 1] ^= 0x80
    try bytes.write(to: URL(filePath: path))
    let sidecar = try bench.open()
    #expect(sidecar.damaged() == ["b"])
  }

  @Test func `what a killed process left behind is taken over`() throws {
    let bench = try Bench()
    let path = try bench.open().path
    let whole = try Data(contentsOf: URL(filePath: path))
    try FileManager.default.moveItem(atPath: path, toPath: path + ".part")
    try (whole + whole).write(to: URL(filePath: path + ".part"))
    #expect(try bench.packed { _ = try bench.open() } == 3)
    #expect(try Data(contentsOf: URL(filePath: path)) == whole && bench.files.count == 1)
  }

  @Test func `several that want it at once build it once`() throws {
    let bench = try Bench()
    let parts = try bench.parts()
    let (model, cache) = (bench.model, bench.cache)
    let count = bench.packed {
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let sidecar = try? Sidecar(of: model, parts: parts, folder: cache)
        #expect(sidecar?.damaged() == [])
      }
    }
    #expect(count == 3 && bench.files.count == 1)
  }

  @Test func `one that is ended early leaves nothing`() throws {
    let bench = try Bench()
    let error = #expect(throws: SidecarError.self) {
      try Sidecar(of: bench.model, parts: bench.parts(), folder: bench.cache) { _ in false }
    }
    #expect(error == .cancelled && bench.files.isEmpty)
  }

  @Test func `no room is said plainly and leaves nothing`() async {
    await #expect(processExitsWith: .success) {
      let bench = try Bench()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let error = #expect(throws: SidecarError.self) { try bench.open() }
      #expect(error?.description.hasPrefix("5 MB for repacked weights do not fit in") == true)
      #expect(bench.files.isEmpty)
    }
  }

  @Test func `a folder that others may write is refused, and what is no folder`() throws {
    let bench = try Bench()
    try FileManager.default.createDirectory(
      atPath: bench.cache,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    #expect(chmod(bench.cache, 0o722) == 0)
    #expect(throws: SidecarError.self) { try bench.open() }
    #expect(chmod(bench.cache, 0o700) == 0)
    let path = try bench.open().path
    for folder in [path, "\(path)/below", ""] {
      #expect(throws: SidecarError.self) {
        try Sidecar(of: bench.model, parts: bench.parts(), folder: folder)
      }
    }
    // A link in the place of the draft leads nowhere.
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(
      atPath: path + ".part",
      withDestinationPath: bench.folder.appending(path: "victim").path
    )
    #expect(throws: SidecarError.self) { try bench.open() }
    #expect(!FileManager.default.fileExists(atPath: bench.folder.appending(path: "victim").path))
  }
}
