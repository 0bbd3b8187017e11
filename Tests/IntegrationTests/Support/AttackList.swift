import Foundation
import Glibc
import SystemPackage
import Testing

/// The attacks, read from their table: tests are named before anything is built or run.
enum AttackList {
  struct Entry: Sendable, CustomTestStringConvertible {
    let name: String
    let layer: String

    var testDescription: String { name }
  }

  /// Attacks that are known not to be stopped yet, each with what is missing.
  static let open: [String: String] = [:]

  /// Attacks that one layer alone does not stop where an ordinary user started the run: it has his
  /// own uid, so what is his in the host's /proc is hidden by the mounts alone.
  static let neededMounts: Set = geteuid() == 0 ? [] : ["keyctl-read", "process-descriptors"]

  static let all: [Entry] = {
    let path = Command.packageRoot.appending("Attacks/table.h").string
    guard let table = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return table.split(separator: "\n").compactMap { line -> Entry? in
      guard line.hasPrefix("ATTACK(") else { return nil }
      let fields = line.dropFirst("ATTACK(".count).split(separator: ",")
      guard fields.count > 3 else { return nil }
      return Entry(
        name: String(fields[0].map { $0 == "_" ? "-" : $0 }),
        layer: fields[2].trimmingCharacters(in: .whitespaces)
      )
    }
  }()

  static func names(layer: String) -> [String] {
    all.filter { $0.layer == layer }.map(\.name)
  }
}
