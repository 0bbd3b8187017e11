import Agent
import Foundation
import Glibc
import Journal
import SystemPackage

/// A home of its own with a daemon, its workers and its gateway, all as real processes; and, in the
/// provider's place, a scripted model, which no test here could do without.
final class Household: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let home: String
  let project: String
  let store: SQLiteWorkStore
  private let path: String
  private var daemon: Spawned?
  private let model: Spawned
  private let isMounted: Bool
  /// The address of a server that keeps the assignments.
  private var journal: String?

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let program = root.appending(path: ".build/debug/caisson").path
  static let example = root.appending(path: "Examples/repair")

  static func with(
    _ script: String,
    delay: Double = 0,
    workers: Int = 1,
    slots: Int = 64,
    programs: String? = nil,
    size: String? = nil,
    journal: String? = nil,
    _ body: (Household) async throws -> Void
  ) async throws {
    let household = try Household(script, delay: delay, programs, size)
    household.journal = journal
    do {
      try household.up(workers: workers, slots: slots)
      try await body(household)
    } catch {
      let log = household.log
      await household.end()
      throw Failure(description: "\(error)\n\(log)")
    }
    await household.end()
  }

  /// - Parameters:
  ///   - script: as `Examples/repair/model.py` reads it.
  ///   - programs: a directory that `PATH` begins with.
  ///   - size: of a file system for the home alone, as mount takes it; that needs root.
  private init(_ script: String, delay: Double, _ programs: String?, _ size: String?) throws {
    isMounted = size != nil
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    self.path = programs.map { "\($0):\(path)" } ?? path
    let directory = NSTemporaryDirectory() + "household-\(UUID().uuidString)"
    home = directory + "/home"
    project = directory + "/project"
    for path in [home, home + "/config"] {
      try FileManager.default.createDirectory(
        atPath: path,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
      if path == home, let size { try Self.mount("size=\(size),mode=0700", home) }
    }
    try FileManager.default.copyItem(
      at: Self.example.appending(path: "project"),
      to: URL(filePath: project)
    )
    let file = directory + "/script.json"
    try Data(script.utf8).write(to: URL(filePath: file))
    model = try Spawned(
      "/usr/bin/env",
      [
        "python3", Self.example.appending(path: "model.py").path, file, "--books",
        directory + "/books", "--delay", "\(delay)",
      ],
      environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""],
      output: directory + "/port"
    )
    var said = ""
    let end = ContinuousClock.now + .seconds(20)
    while !said.hasSuffix("\n"), ContinuousClock.now < end {
      usleep(20_000)
      said = (try? String(contentsOfFile: directory + "/port", encoding: .utf8)) ?? ""
    }
    guard let port = Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw Failure(description: "the scripted model did not start: \(said)")
    }
    let document = """
      version: 1
      listen: 127.0.0.1:0
      providers: { p: { dialect: openai, base: "http://127.0.0.1:\(port)/v1", key: none } }
      models:
        m: { provider: p, model: scripted, context: 100k, max_output: 10000, can: [tools, json], price: { input: 1.00 USD/M, output: 2.00 USD/M } }
      """
    try Data(document.utf8).write(to: URL(filePath: home + "/config/gateway.yaml"))
    store = try SQLiteWorkStore(directory: FilePath(home))
  }

  var environment: [String: String] {
    ["CAISSON_HOME": home, "PATH": path, "TERM": "dumb"]
  }

  // MARK: The daemon

  func up(workers: Int = 1, slots: Int = 64) throws {
    daemon = try Spawned(
      Self.program,
      ["up", "--workers", "\(workers)", "--slots", "\(slots)"]
        + (journal.map { ["--journal", $0] } ?? []),
      environment: environment,
      output: home + "/daemon.log",
      errors: home + "/daemon.log"
    )
  }

  func killDaemon() {
    daemon?.signal(SIGKILL)
    daemon?.wait()
    daemon = nil
  }

  /// Asks it to stop, and gives its exit status.
  @discardableResult
  func stopDaemon() -> Int32 {
    daemon?.signal(SIGTERM)
    let status = daemon?.wait() ?? 0
    daemon = nil
    return status
  }

  /// The processes that work on assignments of this home.
  var workers: [Int32] { processes("worker") }

  /// The processes of ours, for this home, whose first argument is a word.
  func processes(_ word: String) -> [Int32] {
    Self.processes.filter { pid in
      Self.read(pid, "cmdline").split(separator: 0).dropFirst().first == Data(word.utf8)
        && Self.read(pid, "environ").range(of: Data(home.utf8)) != nil
    }
  }

  /// Processes with an argument in this household's directory that has this name.
  func processes(naming name: String) -> [Int32] {
    let directory = URL(filePath: home).deletingLastPathComponent().lastPathComponent
    return Self.processes.filter { pid in
      Self.read(pid, "cmdline").split(separator: 0).contains {
        let word = String(decoding: $0, as: UTF8.self)
        return word.hasSuffix("/\(name)") && word.contains(directory)
      }
    }
  }

  private static var processes: [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }
  }

  private static func read(_ pid: Int32, _ name: String) -> Data {
    // Foundation takes the first 4 KiB of such a file for the whole, and its time.
    let file = open("/proc/\(pid)/\(name)", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return Data() }
    defer { close(file) }
    var content = Data()
    var some = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(file, &some, some.count)
      guard count > 0 else { return content }
      content += some[..<count]
    }
  }

  var log: String {
    FileManager.default.contents(atPath: home + "/daemon.log").map {
      String(decoding: $0, as: UTF8.self)
    } ?? ""
  }

  /// How often the model was asked, as a provider would bill it.
  var answers: Int {
    let books = URL(filePath: home).deletingLastPathComponent().appending(path: "books")
    return (try? String(contentsOf: books, encoding: .utf8))?.split(separator: "\n").count ?? 0
  }

  private func end() async {
    stopDaemon()
    if let gateway = try? Data(contentsOf: URL(filePath: home + "/runtime/gateway.json")),
      let pid = (try? JSONDecoder().decode([String: Int].self, from: gateway))?["pid"]
    {
      kill(Int32(pid), SIGKILL)
    }
    model.signal(SIGKILL)
    model.wait()
    await store.close()
    // Lazily: what was killed may have left something that holds it.
    if isMounted { _ = try? Spawned("/usr/bin/umount", ["-l", home], environment: [:]).wait() }
    try? FileManager.default.removeItem(
      at: URL(filePath: home).deletingLastPathComponent()
    )
  }

  // MARK: A home of a size of its own

  private static func mount(_ options: String, _ place: String) throws {
    let words = ["-t", "tmpfs", "-o", options, "none", place]
    guard try Spawned("/usr/bin/mount", words, environment: [:]).wait() == 0 else {
      throw Failure(description: "mount \(words) failed")
    }
  }

  func resize(_ size: String) throws { try Self.mount("remount,size=\(size)", home) }

  /// Writes a file that takes what there is, but for so many bytes.
  func fill(leaving rest: UInt64 = 0) throws {
    let descriptor = open(home + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    var status = statvfs()
    guard descriptor >= 0, statvfs(home, &status) == 0 else {
      throw Failure(description: "cannot fill \(home)")
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    var left = free > rest ? free - rest : 0
    let block = [UInt8](repeating: 1, count: 64 << 10)
    while left > 0 || rest == 0 {
      let count = Glibc.write(
        descriptor,
        block,
        rest == 0 ? block.count : min(block.count, Int(left))
      )
      if count <= 0 { return }
      left -= min(left, UInt64(count))
    }
  }

  func makeRoom() { unlink(home + "/filler") }

  // MARK: Work

  func settings(_ policy: String = "version: 1\n") -> AgentSettings {
    AgentSettings(directory: project, model: "m", policy: policy, policyName: "test")
  }

  /// Describes an agent of the user's own.
  func describe(_ agent: String, _ document: String) throws {
    let directory = home + "/config/agents"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(document.utf8).write(to: URL(filePath: "\(directory)/\(agent).yaml"))
  }

  /// Makes the project a git repository with one commit.
  func makeRepository() throws {
    let author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for words in [["init", "-q"], ["add", "."], author + ["commit", "-q", "-m", "A project"]] {
      let git = try Spawned("/usr/bin/git", ["-C", project] + words, environment: environment)
      guard git.wait() == 0 else { throw Failure(description: "git \(words) failed") }
    }
  }

  /// What git says of the project.
  func git(_ arguments: String...) throws -> String {
    let file = URL(filePath: home).deletingLastPathComponent().path + "/git-\(UUID().uuidString)"
    let git = try Spawned(
      "/usr/bin/git",
      ["-C", project] + arguments,
      environment: environment,
      output: file
    )
    let status = git.wait()
    guard status == 0 else { throw Failure(description: "git \(arguments): status \(status)") }
    return try String(contentsOfFile: file, encoding: .utf8)
  }

  /// What the daemon answers to a body.
  func post(_ body: String, to path: String) throws -> String {
    let file = try write("", to: "answer-\(UUID().uuidString)")
    let curl = try Spawned(
      "/usr/bin/env",
      [
        "curl", "--silent", "--unix-socket", home + "/runtime/daemon.sock", "--retry", "20",
        "--retry-all-errors", "--retry-delay", "1", "--data", body, "http://caisson\(path)",
      ],
      environment: environment,
      output: file
    )
    guard curl.wait() == 0 else { throw Failure(description: "curl cannot reach the daemon") }
    return try String(contentsOfFile: file, encoding: .utf8)
  }

  /// Writes a file that is no part of the project.
  func write(_ text: String, to name: String) throws -> String {
    let file = URL(filePath: home).deletingLastPathComponent().path + "/" + name
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }

  /// Kills the workers over and over, until an assignment has come to an end.
  func killWorkers(until id: String, every pause: Duration, atMost kills: Int) async throws {
    for _ in 0..<kills {
      try await Task.sleep(for: pause)
      if try await store.assignment(id)?.state.isOver == true { return }
      for worker in workers { kill(worker, SIGKILL) }
    }
  }

  /// Gives work, and its id.
  func assign(
    _ id: String,
    _ settings: AgentSettings? = nil,
    text: String = "Repair what the tests say is broken."
  ) async throws -> String {
    _ = try await store.assign(
      NewAssignment(
        id: id,
        text: text,
        settings: try (settings ?? self.settings()).json
      )
    )
    return id
  }

  /// Waits until an assignment is in one of these states.
  func wait(
    for id: String,
    _ states: Set<Assignment.State>,
    seconds: Int = 60
  ) async throws -> Assignment {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if let found = try await store.assignment(id), states.contains(found.state) { return found }
      await store.waitForChange(timeout: .milliseconds(200))
    }
    let found = try await store.assignment(id)
    throw Failure(
      description: "\(id) did not come to \(states), but is \(String(describing: found))"
    )
  }

  /// Waits until the intent of a step of this kind is on record.
  func begun(_ kind: String, of id: String) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      let steps = try await store.steps(of: id, after: 0)
      if steps.contains(where: { $0.intent.kind == kind }) { return }
      await store.waitForChange(timeout: .milliseconds(200))
    }
    throw Failure(description: "\(id) began no \(kind)")
  }

  /// Waits until a process with this command line runs, in whatever room: what a command did before it
  /// has been done.
  func runs(_ words: String...) async throws {
    let wanted = Data(words.map { $0 + "\0" }.joined().utf8)
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if Self.processes.contains(where: { Self.read($0, "cmdline") == wanted }) { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw Failure(description: "nobody ran \(words)")
  }

  /// Waits until the daemon's log has these words.
  func says(_ words: String) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if log.contains(words) { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw Failure(description: "the daemon did not say: \(words)")
  }

  /// What the provider would bill, in pico-dollars, by its books and the prices of the test's model.
  func booked() throws -> Int64 {
    struct Line: Decodable {
      let asked, answered: Int64
      enum CodingKeys: String, CodingKey {
        case asked = "prompt_tokens"
        case answered = "completion_tokens"
      }
    }
    let books = URL(filePath: home).deletingLastPathComponent().appending(path: "books")
    return try String(contentsOf: books, encoding: .utf8).split(separator: "\n").map {
      let line = try JSONDecoder().decode(Line.self, from: Data($0.utf8))
      return line.asked * 1_000_000 + line.answered * 2_000_000
    }.reduce(0, +)
  }

  /// What `caisson bill` says of an assignment and its agents, in pico-dollars.
  func billed(_ id: String) throws -> Int64 {
    struct Bill: Decodable {
      struct Line: Decodable { let charged: Int64 }
      let total: Line
    }
    let output = try run("bill", id, "--json").output
    return try JSONDecoder().decode(Bill.self, from: Data(output.utf8)).total.charged
  }

  @discardableResult
  func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    try run(arguments)
  }

  func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let name = URL(filePath: home).deletingLastPathComponent().path + "/run-\(UUID().uuidString)"
    let process = try Spawned(
      Self.program,
      arguments,
      environment: environment,
      output: name + ".out",
      errors: name + ".err"
    )
    let status = process.wait()
    return (
      status, try String(contentsOfFile: name + ".out", encoding: .utf8),
      try String(contentsOfFile: name + ".err", encoding: .utf8)
    )
  }
}
