import CLinux
import Foundation
import Glibc

/// A program that is spoken with line by line: what is said goes to its standard input, what it says
/// comes from its standard output.
///
/// What comes is waited for on a thread of its own: those that tests share are as many as processors.
final class Conversation: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let pid: Int32
  private var writing: Int32
  private let reading: Int32
  private let errors: String
  private var buffer: [UInt8] = []
  private var status: Int32?

  init(
    _ program: String,
    _ arguments: [String],
    environment: [String: String],
    in directory: String? = nil
  ) throws {
    errors = NSTemporaryDirectory() + "conversation-\(UUID().uuidString)"
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard cl_pipe(&input) == 0, cl_pipe(&output) == 0 else {
      throw Failure(description: "no pipe can be made")
    }
    let error = Glibc.open(errors, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    let line = directory.map { ["/usr/bin/env", "-C", $0, program] } ?? [program]
    var words = (line + arguments).map { strdup($0) } + [nil]
    var names = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in words + names { free(text) } }
    pid = cl_spawn(line[0], &words, &names, [input[0], output[1], error], 3)
    for descriptor in [input[0], output[1], error] { Glibc.close(descriptor) }
    (writing, reading) = (input[1], output[0])
    guard pid > 0 else { throw Failure(description: "cannot start \(program): \(pid)") }
  }

  /// Says a line, and gives the one that comes back.
  func ask(_ line: String, seconds: Int = 100) async throws -> [String: Any] {
    try say(line)
    return try await hear(seconds: seconds)
  }

  func ask(_ object: [String: Any], seconds: Int = 100) async throws -> [String: Any] {
    let data = try JSONSerialization.data(withJSONObject: object)
    return try await ask(String(decoding: data, as: UTF8.self), seconds: seconds)
  }

  func say(_ line: String) throws {
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        cl_write(writing, $0.baseAddress! + done, $0.count - done)
      }
      guard count > 0 else { throw Failure(description: "it reads nothing more: \(complaints)") }
      done += count
    }
  }

  func hear(seconds: Int = 100) async throws -> [String: Any] {
    let text = try await line(seconds: seconds)
    guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    else { throw Failure(description: "it said \(text)") }
    return object
  }

  /// The next line of what it says. One at a time.
  func line(seconds: Int = 100) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { [self] in
        continuation.resume(with: Result { try nextLine(seconds) })
      }
    }
  }

  private func nextLine(_ seconds: Int) throws -> String {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      if let place = buffer.firstIndex(of: 0x0A) {
        defer { buffer.removeSubrange(...place) }
        return String(decoding: buffer[..<place], as: UTF8.self)
      }
      var waited = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
      guard poll(&waited, 1, 500) >= 0, ContinuousClock.now < end else {
        throw Failure(description: "it said nothing in \(seconds) s: \(complaints)")
      }
      guard waited.revents != 0 else { continue }
      var piece = [UInt8](repeating: 0, count: 65_536)
      let count = read(reading, &piece, piece.count)
      guard count > 0 else { throw Failure(description: "it ended: \(complaints)") }
      buffer += piece[..<count]
    }
  }

  var complaints: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

  func hangUp() {
    if writing >= 0 { Glibc.close(writing) }
    writing = -1
  }

  func signal(_ number: Int32) { if status == nil { kill(pid, number) } }

  /// Its exit status, or 128 and its signal.
  @discardableResult
  func wait() -> Int32 {
    if let status { return status }
    var end = cl_exit_status()
    while cl_wait(pid, 1, &end) == -EINTR {}
    let code = end.signal > 0 ? 128 + end.signal : end.code
    status = code
    return code
  }

  deinit {
    hangUp()
    signal(SIGKILL)
    wait()
    Glibc.close(reading)
    try? FileManager.default.removeItem(atPath: errors)
  }
}
