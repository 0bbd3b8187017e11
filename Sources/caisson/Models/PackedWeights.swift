import Foundation
import Glibc
import SystemPackage

/// What the engine writes for itself of a model's weights: files of the model's own, which it writes
/// anew where they are missing.
struct PackedWeights {
  let folder: FilePath

  /// Deletes those of a model that is gone, unless another has a file of the same name: which of the two
  /// they belong to, their names do not say.
  func remove(of model: LocalModel, others: [LocalModel]) {
    let start = Self.start(of: model.file)
    guard !others.contains(where: { Self.start(of: $0.file) == start }) else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
    for name in names where Self.isPacked(name, start: start) {
      let path = folder.appending(name).string
      var facts = stat()
      guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
      _ = unlink(path)
    }
  }

  /// The name of the model's file as the engine writes it: at most 80 bytes, none of which is special.
  static func start(of file: String) -> String {
    let name = file.split(separator: "/").last ?? ""
    return String(
      name.utf8.prefix(80).map { byte in
        switch byte {
        case 48...57, 65...90, 97...122, 45, 46, 95: Character(Unicode.Scalar(byte))
        default: "_" as Character
        }
      }
    )
  }

  /// Whether it is that name, 16 hexadecimal digits and the end, and nothing else.
  static func isPacked(_ name: String, start: String) -> Bool {
    let end = ".packed"
    guard !start.isEmpty, name.hasPrefix("\(start)-"), name.hasSuffix(end) else { return false }
    let digits = name.utf8.dropFirst(start.utf8.count + 1).dropLast(end.utf8.count)
    return digits.count == 16
      && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
