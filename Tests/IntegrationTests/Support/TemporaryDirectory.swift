import Foundation
import SystemPackage

/// Gives `body` an empty directory of its own, and removes it afterwards.
func withTemporaryDirectory<Value>(
  _ body: (FilePath) async throws -> Value
) async throws -> Value {
  let path = FilePath(NSTemporaryDirectory()).appending("caisson-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(
    atPath: path.string,
    withIntermediateDirectories: false,
    attributes: [.posixPermissions: 0o700]
  )
  defer { try? FileManager.default.removeItem(atPath: path.string) }
  return try await body(path)
}
