import Glibc
import JSONRPC
import Synchronization
import Testing

@testable import MCP

@Suite(.serialized, .timeLimit(.minutes(10)))
struct StdioServerTests {
  private static func fails(_ server: StdioServer, _ expected: SessionError) async throws {
    _ = try await server.start()
    _ = try await server.listTools()
    // All who wait are told, not only the one who was first.
    await withTaskGroup(of: CallError?.self) { group in
      for _ in 0..<5 {
        group.addTask {
          do throws(CallError) {
            _ = try await server.call("a", arguments: "{}")
            return nil
          } catch {
            return error
          }
        }
      }
      for await error in group { #expect(error == .session(expected)) }
    }
    await #expect(throws: CallError.session(expected)) { try await server.listTools() }
    await server.close()
  }

  @Test func `a call is answered, many at a time`() async throws {
    let server = Programs.odd("good")
    let info = try await server.start()
    #expect(info.name == "good")
    #expect(info.revision == .november2025)
    await #expect(throws: CallError.toolsNotListed) { try await server.call("a", arguments: "{}") }
    #expect(try await server.listTools().tools.map(\.name) == ["a"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<50 {
        group.addTask {
          let result = try await server.call("a", arguments: #"{"n":\#(number)}"#)
          #expect(result == .text(#"{"n": \#(number)}"#))
        }
      }
      try await group.waitForAll()
    }
    await #expect(throws: SessionError.notStarted("it was started before")) {
      try await server.start()
    }
    await server.close()
    await #expect(throws: CallError.session(.closed)) { try await server.listTools() }
    await server.close()
  }

  @Test func `a program that is not there is named`() async {
    let server = StdioServer(ServerCommand("no-such-program-here"))
    await #expect(
      throws: SessionError.notStarted(
        "there is no program no-such-program-here on PATH; install it, or name its path"
      )
    ) { try await server.start() }
    await #expect(throws: CallError.notStarted) { try await server.listTools() }
    await #expect(throws: SessionError.notStarted("/no/such: No such file or directory")) {
      try await StdioServer(ServerCommand("/no/such")).start()
    }
    await #expect(throws: SessionError.ended(.exited(3))) {
      try await StdioServer(ServerCommand("sh", ["-c", "echo oh >&2; exit 3"])).start()
    }
  }

  @Test(arguments: [
    ("dies", SessionError.ended(.exited(7))), ("killed", .ended(.signalled(SIGKILL))),
    ("half", .ended(.signalled(SIGKILL))), ("closes", .ended(.outputClosed)),
    ("batch", .badFrame(.batch)),
    ("large", .badFrame(.tooLong(atMost: 4 << 20))),
    ("endless", .badFrame(.tooLong(atMost: 4 << 20))),
  ])
  func `the end of a server is told to all who wait`(mode: String, error: SessionError) async throws
  {
    try await Self.fails(Programs.odd(mode, grace: .milliseconds(200)), error)
  }

  @Test func `whenever a server is killed, each call ends once, with its answer or the reason`()
    async throws
  {
    for _ in 0..<25 {
      let server = Programs.odd("some")
      _ = try await server.start()
      _ = try await server.listTools()
      let ends = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<20 {
          group.addTask {
            do throws(CallError) {
              return try await server.call("a", arguments: "{}").content.isEmpty
            } catch {
              return error == .session(.ended(.signalled(SIGKILL)))
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(ends.count == 20 && ends.allSatisfy(\.self))
      await server.close()
    }
  }

  @Test func `an answer with the same key twice is none`() async throws {
    let server = Programs.odd("double")
    _ = try await server.start()
    _ = try await server.listTools()
    do {
      _ = try await server.call("a", arguments: "{}")
      Issue.record("it was accepted")
    } catch {
      #expect("\(error)".contains("the same key twice"))
    }
    await server.close()
  }

  @Test func `a silent server is given up in time, and led out`() async {
    var options = SessionOptions()
    options.probe = .milliseconds(50)
    options.opening = .seconds(1)
    let server = Programs.odd("silent", grace: .milliseconds(100), options: options)
    await #expect(throws: SessionError.silent(seconds: 1)) { try await server.start() }
    await server.close()
  }

  @Test func `a server that does not want to go is killed`() async throws {
    let server = Programs.odd("immortal", grace: .milliseconds(100))
    _ = try await server.start()
    let begin = ContinuousClock.now
    await server.close()
    #expect(begin.duration(to: .now) >= .milliseconds(200))
  }

  @Test func `a call that takes too long is cancelled at the server, too`() async throws {
    let server = Programs.odd("slow")
    _ = try await server.start()
    _ = try await server.listTools()
    await #expect(throws: CallError.timedOut) {
      try await server.call("a", arguments: "{}", timeout: .milliseconds(50))
    }
    let task = Task { try await server.call("a", arguments: "{}") }
    task.cancel()
    await #expect(throws: CallError.cancelled) { try await task.value }
    await server.close()
    #expect(server.standardError.hasPrefix("cancelled 4\n"))
  }

  @Test func `only the end of what a server complains of is kept`() async throws {
    let server = Programs.odd("loud")
    _ = try await server.start()
    await server.close()
    #expect(server.standardError.utf8.count == 64 << 10)
    #expect(server.standardError.hasSuffix("x\nthe end\n"))
  }

  @Test func `a greeting on the wrong pipe is borne with`() async throws {
    let server = Programs.odd("greeting")
    _ = try await server.start()
    #expect(server.counters.noise == 1)
    await server.close()
  }

  @Test func `a server that reads nothing is given up before it takes all memory`() async throws {
    let server = Programs.odd("deaf", grace: .milliseconds(100))
    _ = try await server.start()
    _ = try await server.listTools()
    let large = #"{"x":"\#(String(repeating: "x", count: 3 << 20))"}"#
    let errors = await withTaskGroup(of: CallError?.self) { group in
      for _ in 0..<4 {
        group.addTask {
          do throws(CallError) {
            _ = try await server.call("a", arguments: large)
            return nil
          } catch {
            return error
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    for error in errors {
      guard case .session(.notReading) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    await server.close()
  }

  @Test func `a flood of questions is answered while a call waits`() async throws {
    let server = Programs.odd("flood")
    _ = try await server.start()
    _ = try await server.listTools()
    #expect(try await server.call("a", arguments: "{}").content == [])
    await server.close()
  }

  @Test func `a server that nobody holds any more is led out`() async throws {
    let mark = "caisson-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    do {
      let server = StdioServer(ServerCommand("python3", [Programs.script("odd.py"), "good", mark]))
      _ = try await server.start()
      #expect(Self.isRunning(mark))
    }
    while Self.isRunning(mark) { await Task.yield() }
  }

  private static func isRunning(_ mark: String) -> Bool {
    guard let folder = opendir("/proc") else { return false }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard Int(name) != nil, let file = fopen("/proc/\(name)/cmdline", "r") else { continue }
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = fread(&bytes, 1, bytes.count, file)
      if String(decoding: bytes.prefix(count), as: UTF8.self).contains(mark) { return true }
    }
    return false
  }
}
