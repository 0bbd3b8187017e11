import CLinux
import Foundation
import Glibc

@testable import MCP

/// Programs that are not ours, and those of ours that are built beside the tests.
enum Programs {
  static let root: String = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in
    url.deletingLastPathComponent()
  }.path

  /// What `Scripts/clients.sh` brought.
  static let python = "\(root)/.build-clients/mcp/bin/python"
  static let hasPython = access("\(root)/.build-clients/mcp/ready", F_OK) == 0

  static func script(_ name: String) -> String { "\(root)/Tests/MCPTests/Servers/\(name)" }

  /// Where it really lies: a grant names no link on the way.
  static func built(_ name: String) -> String {
    URL(filePath: "\(root)/.build/debug/\(name)").resolvingSymlinksInPath().path
  }

  /// The status that a child of this process ends with. Waits on a thread of its own: those that
  /// tests share are as many as processors.
  static func end(of pid: Int32) async -> Int32 {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var status = cl_exit_status()
        _ = cl_wait(pid, 1, &status)
        continuation.resume(returning: status.code)
      }
    }
  }

  /// A server that misbehaves, as `odd.py` says.
  static func odd(
    _ mode: String,
    grace: Duration = .seconds(2),
    options: SessionOptions = SessionOptions()
  ) -> StdioServer {
    var command = ServerCommand("python3", [script("odd.py"), mode])
    command.grace = grace
    return StdioServer(command, options: options)
  }
}

/// Gives `body` an empty directory of its own, and removes it afterwards.
func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  let path = "\(NSTemporaryDirectory())/caisson-mcp-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}
