import Crypto
import Foundation
import Glibc
import SystemPackage

/// The models on this machine: a small record for each, and the files of those that were fetched.
///
/// A record is written beside its place and renamed, so that there is a whole one or none.
struct ModelStore {
  let home: Home
  /// A directory whose models come with Caisson; nil for the one beside the program.
  var ownModels = getenv("CAISSON_MODELS").map { FilePath(String(cString: $0)) }

  var directory: FilePath { home.state.appending("models") }
  /// What was fetched, each file named after its model.
  var files: FilePath { directory.appending("files") }
  /// What has not been fetched to its end.
  var parts: FilePath { directory.appending("parts") }
  /// What the engine writes for itself.
  var cache: FilePath { directory.appending("cache") }
  private var records: FilePath { directory.appending("records") }

  /// All models, the one that came with Caisson first. A record that cannot be read is told of, and
  /// stands in nobody's way.
  func all() throws -> [LocalModel] {
    var models = try recorded()
    if !models.contains(where: { $0.name == LocalModel.defaultName }), let own = ownModel() {
      models.insert(own, at: 0)
    }
    return models
  }

  /// The model of a name or of an alias.
  func model(_ name: String) throws -> LocalModel? {
    let name = Self.plain(name)
    return try all().first { $0.name == name || $0.aliases.contains(name) }
  }

  /// A name without what the gateway puts before it, and without a tag that says nothing.
  static func plain(_ name: String) -> String {
    var name = name[...]
    if name.hasPrefix("local/") { name = name.dropFirst("local/".count) }
    if name.hasSuffix(":latest") { name = name.dropLast(":latest".count) }
    return name.lowercased()
  }

  /// The model that came with Caisson, where it is.
  private func ownModel() -> LocalModel? {
    let directory = ownModels ?? FilePath(RunSession.ownPath("models"))
    let file = directory.appending(LocalModel.defaultFile)
    guard let found = try? file.stat(), found.type == .regular else { return nil }
    do {
      return LocalModel(
        name: LocalModel.defaultName,
        file: file.string,
        origin: .own,
        taken: Int(found.st_mtim.tv_sec),
        facts: try ModelFacts.read(file.string, checked: false)
      )
    } catch {
      complain("the model that came with Caisson cannot be used: \(error)")
      return nil
    }
  }

  private func recorded() throws -> [LocalModel] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: records.string)
    } catch CocoaError.fileReadNoSuchFile {
      return []
    } catch {
      let isFile = (try? home.state.stat()).map { $0.type != .directory } ?? false
      throw HomeError.unavailable(
        isFile ? home.state.string : records.string,
        reason: isFile ? "not a directory" : error.localizedDescription
      )
    }
    return names.sorted().filter { $0.hasSuffix(".json") }.compactMap { name in
      do {
        let data = try Data(contentsOf: URL(filePath: records.appending(name).string))
        return try JSONDecoder().decode(LocalModel.self, from: data)
      } catch {
        complain("the record \(records.appending(name)) cannot be read; import the model again")
        return nil
      }
    }
  }

  // MARK: What changes it

  /// A model is there from now on.
  func add(_ model: LocalModel) throws {
    try prepare()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try Self.write(
      Array(try encoder.encode(model)) + [UInt8(ascii: "\n")],
      to: record(of: model.name)
    )
  }

  /// A model is there no more; the file of one that was fetched goes, too, and what the engine wrote of
  /// either.
  func remove(_ model: LocalModel) throws {
    let record = record(of: model.name)
    guard unlink(record.string) == 0 || errno == ENOENT else {
      throw ModelStoreError.unwritable(record.string, reason: String(cString: strerror(errno)))
    }
    PackedWeights(folder: cache).remove(of: model, others: (try? all()) ?? [])
    guard model.origin == .pulled else { return }
    for file in model.facts.files where FilePath(file).removingLastComponent() == files {
      _ = unlink(file)
    }
  }

  /// Makes the directories that are missing.
  func prepare() throws {
    try home.prepareState()
    for path in [directory, records, files, parts, cache] { try Home.prepare(path) }
  }

  private func record(of name: String) -> FilePath { records.appending("\(name).json") }

  private static func write(_ bytes: [UInt8], to path: FilePath) throws {
    let temporary = FilePath("\(path.string).\(getpid())")
    do {
      _ = unlink(temporary.string)
      let file = try FileDescriptor.open(
        temporary,
        .writeOnly,
        options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite
      )
      do {
        defer { try? file.close() }
        _ = try file.writeAll(bytes)
        guard fsync(file.rawValue) == 0 else { throw Errno.ioError }
      }
      guard rename(temporary.string, path.string) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      _ = unlink(temporary.string)
      throw ModelStoreError.unwritable(path.string, reason: "\(error)")
    }
  }

  // MARK: Names and hashes

  /// A name that can be given: it stands in paths, and in requests.
  static func check(_ name: String) throws(ModelStoreError) -> String {
    let isName =
      name.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
          || [0x2D, 0x2E, 0x3A, 0x5F].contains($0)
      } && (1...100).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasPrefix("-")
    guard isName else { throw .noName(name) }
    guard name != LocalModel.defaultAlias else { throw .taken(name) }
    return name
  }

  /// A name for a file: its own, in lower case, without what is not part of one.
  static func name(ofFile file: String) -> String {
    var name = (FilePath(file).lastComponent?.string ?? "model").lowercased()
    for end in [".gguf", ".safetensors"] where name.hasSuffix(end) { name.removeLast(end.count) }
    if let shard = name.firstRange(of: /-\d{5}-of-\d{5}$/) { name.removeSubrange(shard) }
    let kept = name.unicodeScalars.map { scalar -> Character in
      let isPlain =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || "0123456789.-_:".unicodeScalars.contains(scalar))
      return isPlain ? Character(scalar) : "-"
    }
    // What begins with a hyphen is an option to every command.
    return String(String(kept).drop { $0 == "." || $0 == "-" }.prefix(100))
  }

  /// The SHA-256 of a file, in hexadecimal.
  static func digest(of file: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw ModelStoreError.unfit(file, reason: "it cannot be read")
    }
    defer { try? handle.close() }
    var hash = SHA256()
    var progress = ModelProgress("counted", of: try? FilePath(file).stat().size)
    defer { progress.clear() }
    while let piece = try handle.read(upToCount: 4 << 20), !piece.isEmpty {
      hash.update(data: piece)
      progress.add(piece.count)
    }
    return hash.finalize().map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0\(text)" : text
    }.joined()
  }
}

enum ModelStoreError: Error, CustomStringConvertible {
  case unknown(String, near: String?)
  case noName(String)
  case taken(String)
  case unfit(String, reason: String)
  case unwritable(String, reason: String)
  case own(String)
  case mistaken(String)
  case failed(String)

  /// Whether the command line asked for what is not there, or cannot be.
  var isUsage: Bool {
    switch self {
    case .unknown, .noName, .taken, .own, .mistaken: true
    case .unfit, .unwritable, .failed: false
    }
  }

  var description: String {
    switch self {
    case .unknown(let name, let near):
      "there is no model '\(name)' on this machine; "
        + (near.map { "did you mean '\($0)'?" } ?? "see: caisson models list --local")
    case .noName(let name):
      "'\(name)' is no name for a model: begin with a small letter or a digit, go on with those "
        + "and any of - . _ :, and name it with --name"
    case .taken(let name):
      "a model is called '\(name)' already; choose another with --name, or take that one away with: "
        + "caisson models remove \(name)"
    case .unfit(let file, let reason): "\(file) cannot be taken: \(reason)"
    case .unwritable(let path, let reason): "cannot write \(path): \(reason); nothing was changed"
    case .own(let file): "this model came with Caisson and lies in \(file); it is not in the store"
    case .mistaken(let what), .failed(let what): what
    }
  }
}
