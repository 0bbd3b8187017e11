import Catalogue
import Crypto
import Foundation
import Glibc
import SystemPackage

/// The catalogue that holds on this machine: the program's own, or one that the user took.
struct CatalogueStore {
  let home: Home

  /// More than any catalogue has.
  static let largest = 16 << 20

  private var directory: FilePath { home.config.appending("catalogue") }
  private var file: FilePath { directory.appending("models.json") }
  private var digestFile: FilePath { directory.appending("models.json.sha256") }

  /// The catalogue, checked against the hash that was written when it was taken.
  func load() throws -> ModelCatalogue {
    guard let text = try Self.text(of: file) else {
      return try own()
    }
    let expected = try Self.text(of: digestFile).map { String($0.prefix(64)) } ?? "missing"
    let found = Self.digest(of: text)
    guard found == expected else {
      throw CatalogueError.wrongDigest(expected: expected, found: found)
    }
    return try ModelCatalogue(json: text, file: file.string)
  }

  /// The text of the one that was taken; nil where the program's own holds.
  func takenText() throws -> String? { try Self.text(of: file) }

  /// The program's own.
  func own() throws -> ModelCatalogue {
    try Snapshot.load { Self.hexadecimal(SHA256.hash(data: $0)) }
  }

  /// Whether one was taken and cannot be used.
  var isDamaged: Bool { isTaken && (try? load()) == nil }

  /// Whether the catalogue is not the program's own.
  var isTaken: Bool { (try? file.stat()) != nil }

  /// Puts a catalogue in the place of the one that holds. Its hash is written first: if this ends
  /// half-way, what is there does not match and is refused.
  func take(_ text: String) throws {
    try Home.prepare(home.config)
    try Home.prepare(directory)
    try Self.write("\(Self.digest(of: text))  models.json\n", to: digestFile)
    try Self.write(text, to: file)
  }

  static func digest(of text: String) -> String {
    hexadecimal(SHA256.hash(data: Data(text.utf8)))
  }

  /// The text of a file; nil where there is none.
  static func text(of path: FilePath) throws -> String? {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    } catch Errno.noSuchFileOrDirectory {
      return nil
    } catch {
      throw CatalogueStoreError.unreadable(path.string, reason: "\(error)")
    }
    let handle = FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: true)
    let data: Data
    do {
      data = try handle.read(upToCount: largest + 1) ?? Data()
    } catch {
      throw CatalogueStoreError.unreadable(path.string, reason: "it is no file")
    }
    guard data.count <= largest else {
      throw CatalogueStoreError.unreadable(path.string, reason: "it is larger than 16 MiB")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw CatalogueStoreError.unreadable(path.string, reason: "it is not UTF-8 text")
    }
    return text
  }

  private static func write(_ text: String, to path: FilePath) throws {
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
        _ = try file.writeAll(Array(text.utf8))
        guard fsync(file.rawValue) == 0 else { throw Errno.ioError }
      }
      guard rename(temporary.string, path.string) == 0 else { throw Errno.ioError }
    } catch {
      _ = unlink(temporary.string)
      throw CatalogueStoreError.unwritable(path.string, reason: "\(error)")
    }
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    digest.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0\(text)" : text
    }.joined()
  }
}

enum CatalogueStoreError: Error, CustomStringConvertible {
  case unreadable(String, reason: String)
  case unwritable(String, reason: String)

  var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(path): \(reason)"
    case .unwritable(let path, let reason):
      "cannot write \(path): \(reason); nothing was changed"
    }
  }
}

extension CalendarDate {
  /// The day that it is, in UTC.
  static func today() -> CalendarDate {
    let text = Date().formatted(.iso8601.year().month().day())
    // The format is fixed: what is not a date is a program's error, and then nothing is retired.
    return CalendarDate(text) ?? .never
  }
}
