import CLinux
import Glibc

@testable import MCP

/// A server over HTTP on loopback, which tells its port, and ends with its standard input.
struct Loopback {
  struct Failure: Error {}

  let port: Int
  private let pid: Int32
  private let input: Int32

  /// - Parameter mode: what `loopback.py` is asked to be.
  static func start(
    _ mode: String,
    _ argument: String = "",
    script: String = "loopback.py",
    python: String = Programs.python
  ) async throws -> Loopback {
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard cl_pipe(&input) == 0, cl_pipe(&output) == 0 else { throw Failure() }
    let line: [String] = [python, Programs.script(script), mode, argument]
    var words = line.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let pid = cl_spawn(python, &words, environ, [input[0], output[1], 2], 3)
    close(input[0])
    close(output[1])
    guard pid > 0 else { throw Failure() }
    let reader = BlockingReader(output[0])
    var text = ""
    while !text.hasSuffix("\n"), let bytes = try await reader.read() {
      text += String(decoding: bytes, as: UTF8.self)
    }
    close(output[0])
    guard let port = Int(text.dropLast()) else { throw Failure() }
    return Loopback(port: port, pid: pid, input: input[1])
  }

  func stop() async {
    close(input)
    _ = await Programs.end(of: pid)
  }
}
