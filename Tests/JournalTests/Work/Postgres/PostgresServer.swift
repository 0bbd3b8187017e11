import CPostgres
import Foundation
import Glibc
import Synchronization
import SystemPackage

@testable import JournalPostgres

/// A PostgreSQL of the tests' own: an ordinary user's, on a free port, in a directory that goes with it.
///
/// It ends with the test process, however that ends.
final class PostgresServer: Sendable {
  /// Where the programs are; nil where PostgreSQL is neither installed nor unpacked by `./test`, or
  /// where the user that it would run as cannot reach it.
  static let programs: String? = {
    let checkout = (0..<5).reduce(URL(filePath: #filePath)) { url, _ in
      url.deletingLastPathComponent()
    }
    let roots = [
      "/usr/lib/postgresql", "\(checkout.path)/.build-clients/servers/usr/lib/postgresql",
    ]
    for root in roots {
      let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
      for version in versions.sorted(by: { (Int($0) ?? 0) > (Int($1) ?? 0) }) {
        let programs = "\(root)/\(version)/bin"
        if system("\(asUser) test -x '\(programs)/initdb'") == 0 { return programs }
      }
    }
    return nil
  }()

  private static let starting = Mutex<Task<PostgresServer, any Error>?>(nil)

  /// The one that all tests share. It does not wait for the disk: what a loss of power leaves is not
  /// what these tests ask.
  static func shared() async throws -> PostgresServer {
    let task = starting.withLock { task in
      let found = task ?? Task { try await PostgresServer(settings: "-c fsync=off") }
      task = found
      return found
    }
    return try await task.value
  }

  private let directory: String
  let port: UInt16
  private let settings: String
  /// What the watchman of the server waits for the end of.
  private let lifeline = Mutex<FileDescriptor?>(nil)

  init(settings: String = "") async throws {
    self.settings = settings
    directory = "/tmp/caisson-pg-\(UUID().uuidString.prefix(13))"
    port = try Self.freePort()
    guard let programs = Self.programs else { throw Failure("PostgreSQL is not installed") }
    guard mkdir(directory, 0o700) == 0 else { throw Failure("no \(directory)") }
    // Nobody starts a PostgreSQL as root.
    let initialize = """
      cd '\(directory)' && { [ "$(id -u)" != 0 ] || chown \(Self.user) . ; } &&
        \(Self.asUser) '\(programs)/initdb' -D '\(directory)/data' -A trust -U caisson -E UTF8 \
          --no-locale --no-sync >'\(directory)/log' 2>&1
      """
    try await Self.wait(for: try Self.spawn(initialize, input: nil))
    try await start()
  }

  func start() async throws {
    guard let programs = Self.programs else { throw Failure("PostgreSQL is not installed") }
    let ends = try FileDescriptor.pipe()
    for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    lifeline.withLock { $0 = ends.writeEnd }
    _ = unlink("\(directory)/keep")
    let run = """
      cd '\(directory)'
      \(Self.asUser) '\(programs)/postgres' -D data -p \(port) -k '\(directory)' \
        -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=32MB \
        \(settings) >>log 2>&1 </dev/null &
      cat >/dev/null
      kill -QUIT $! 2>/dev/null
      wait
      [ -e keep ] || rm -rf '\(directory)'
      """
    let watchman = try Self.spawn(run, input: ends.readEnd)
    // Waited for by somebody, or the tests that wait for any child of theirs find it for ever.
    Thread.detachNewThread { _ = waitpid(watchman, nil, 0) }
    try ends.readEnd.close()
    for _ in 0..<1_200 {
      if PQping(url("postgres")) == PQPING_OK { return }
      try await Task.sleep(for: .milliseconds(25))
    }
    let log = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
    throw Failure("PostgreSQL did not start: \(log.suffix(2_000))")
  }

  /// As a loss of power does it, but for the memory of the kernel.
  func kill() async throws {
    _ = FileManager.default.createFile(atPath: "\(directory)/keep", contents: nil)
    let text = try String(contentsOfFile: "\(directory)/data/postmaster.pid", encoding: .utf8)
    guard let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) }) else {
      throw Failure("the server has no process")
    }
    var left = [pid] + Self.children(of: pid)
    for process in left { _ = Glibc.kill(process, SIGKILL) }
    stop()
    // What is left of the old server keeps a new one from starting.
    for _ in 0..<2_000 {
      left = left.filter { Glibc.kill($0, 0) == 0 }
      if left.isEmpty { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw Failure("the server's processes \(left) do not end")
  }

  func stop() {
    lifeline.withLock { lifeline in
      try? lifeline?.close()
      lifeline = nil
    }
  }

  func url(_ database: String) -> String {
    "postgres://caisson:secret-word@127.0.0.1:\(port)/\(database)"
  }

  // MARK: Databases

  /// A database of its own; gives its URL.
  func create() async throws -> String {
    let name = "t\(UUID().uuidString.lowercased().prefix(13))"
    try await execute("CREATE DATABASE \"\(name)\"", in: "postgres")
    return url(name)
  }

  func drop(_ url: String) async throws {
    guard let name = url.split(separator: "/").last else { return }
    try await execute("DROP DATABASE \"\(name)\" WITH (FORCE)", in: "postgres")
  }

  func execute(_ sql: String, in database: String) async throws {
    try await Self.execute(sql, at: url(database))
  }

  /// Carries out statements on a thread of its own.
  static func execute(_ sql: String, at url: String) async throws {
    try await onThread {
      try PostgresConnection(try PostgresAddress(url), purpose: "test").execute(sql)
    }
  }

  /// The first column of the first row, as text.
  static func value(_ sql: String, at url: String) async throws -> String? {
    try await onThread {
      let connection = try PostgresConnection(try PostgresAddress(url), purpose: "test")
      return try connection.run(PostgresQuery(sql)).first?.text(0)
    }
  }

  // MARK: Processes

  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
      self.description = description
    }
  }

  private static let user = getpwnam("postgres") == nil ? "nobody" : "postgres"

  private static var asUser: String {
    geteuid() == 0 ? "exec setpriv --reuid \(user) --regid $(id -g \(user)) --clear-groups" : "exec"
  }

  private static func freePort() throws -> UInt16 {
    let (socket, port) = try listen()
    close(socket)
    return port
  }

  /// A socket that hears on a free port of this machine.
  static func listen() throws -> (socket: Int32, port: UInt16) {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0
      }
    }
    guard isBound, Glibc.listen(socket, 16) == 0 else { throw Failure("no free port") }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  static func connect(to port: UInt16) -> Int32 {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = address(port)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = Glibc.connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return socket
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return address
  }

  private static func spawn(_ script: String, input: FileDescriptor?) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input { posix_spawn_file_actions_adddup2(&actions, input.rawValue, 0) }
    var pid: pid_t = 0
    let words: [String] = ["sh", "-c", script]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    guard posix_spawn(&pid, "/bin/sh", &actions, nil, arguments, environ) == 0 else {
      throw Failure("cannot start /bin/sh")
    }
    return pid
  }

  private static func wait(for pid: pid_t) async throws {
    let status = try await onThread { () -> Int32 in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
      return status
    }
    guard status == 0 else { throw Failure("initdb failed with status \(status)") }
  }

  private static func children(of parent: pid_t) -> [pid_t] {
    let text = try? String(
      contentsOfFile: "/proc/\(parent)/task/\(parent)/children",
      encoding: .utf8
    )
    return (text ?? "").split(separator: " ").compactMap { pid_t($0) }
  }

  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}
