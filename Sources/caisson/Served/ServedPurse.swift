import Foundation
import Glibc
import Policy
import SystemPackage
import WorkWire

/// What one host was given and may spend in all, whichever of its servers give the work, and however
/// often they are started anew.
///
/// What was given stands in a file before it is given: who dies in between has given away what was held
/// back for it. An assignment that is under way, or has an agent below it that is, counts with its whole
/// budget, one that is over with what it has cost. What does not stand there is somebody else's.
struct ServedPurse: Sendable {
  /// Nil where only the single assignment is bounded.
  let total: Money?
  private let directory: FilePath
  let name: String

  private struct Entry: Codable {
    let key: String
    var id: String?
    let budget: Int64
  }

  private static let mostEntries = 100_000

  init(name: String, total: Money?, home: Home) throws(WorkProblem) {
    let isName = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard isName, (1...64).contains(name.utf8.count) else {
      throw WorkProblem(.invalid, "--name is 1 to 64 of a to z, 0 to 9 and -")
    }
    self.name = name
    self.total = total
    directory = home.state.appending("served")
  }

  /// Gives what costs `budget` at most, if there is so much left. The same key is held back once.
  func spend(
    _ budget: Money,
    key: String,
    _ client: DaemonClient,
    _ give: () throws -> AssignmentView
  ) throws -> AssignmentView {
    try locked { entries in
      if let place = entries.firstIndex(where: { $0.key == key }) {
        // Whether it was begun is not known: it is for what was held back.
        guard entries[place].id != nil || budget.picoDollars <= entries[place].budget else {
          throw refusal(budget, entries[place].budget)
        }
        let made = try give()
        entries[place].id = made.id
        try save(entries)
        return made
      }
      let left = try left(entries, client)
      guard budget.picoDollars <= left else { throw refusal(budget, left) }
      guard entries.count < Self.mostEntries else {
        throw WorkProblem(.forbidden, "\(file) is full; give this host another --name")
      }
      entries.append(Entry(key: key, id: nil, budget: budget.picoDollars))
      try save(entries)
      let made: AssignmentView
      do {
        made = try give()
      } catch let problem as WorkProblem where problem.kind != .unavailable {
        // Nothing was begun: what was refused costs nothing.
        entries.removeLast()
        try save(entries)
        throw problem
      }
      entries[entries.count - 1].id = made.id
      try save(entries)
      return made
    }
  }

  /// Refuses what was not given by this host: it stands under no bounds of its.
  func checkOwn(_ view: AssignmentView, else command: String) throws {
    try locked { entries in try check(view, entries, command) }
  }

  private func check(_ view: AssignmentView, _ entries: [Entry], _ command: String) throws {
    guard !entries.contains(where: { $0.id == view.id }) else { return }
    let reason =
      view.parent.map { "\(view.id) is a part of \($0): name that" }
      ?? "\(view.id) was not given by this host, but by a person or another one"
    throw WorkProblem(.forbidden, "\(reason); a person can: caisson \(command) \(view.id)")
  }

  /// Lets one go on, if what it may still cost is left.
  func goOn(
    _ found: AssignmentView,
    _ client: DaemonClient,
    _ resume: () throws -> AssignmentView
  ) throws -> AssignmentView {
    try locked { entries in
      try check(found, entries, "resume")
      guard total != nil, let entry = entries.first(where: { $0.id == found.id }) else {
        return try resume()
      }
      // As it is now: another server may have let it go on meanwhile.
      let now: AssignmentDetail = try client.get("/v1/assignments/\(found.id)")
      let cost = Self.cost(now.assignment)
      let more = Money(picoDollars: max(0, entry.budget - cost))
      let others = try left(entries.filter { $0.id != found.id }, client)
      let left = max(0, others - cost)
      guard more.picoDollars <= left else { throw refusal(more, left) }
      return try resume()
    }
  }

  // MARK: What is left

  private func left(_ entries: [Entry], _ client: DaemonClient) throws -> Int64 {
    guard let total else { return .max }
    let all: [AssignmentView] = try client.get("/v1/assignments", [("limit", "10000")])
    let known = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
    let busy = Self.underWay(all, known)
    var left = total.picoDollars
    for entry in entries {
      // One that is not found counts whole.
      let cost = entry.id.flatMap { known[$0] }.map { view in
        busy.contains(view.id) ? max(Self.cost(view), entry.budget) : Self.cost(view)
      }
      let (rest, isTooMuch) = left.subtractingReportingOverflow(cost ?? entry.budget)
      left = isTooMuch ? 0 : max(0, rest)
    }
    return left
  }

  /// Those that are not over, and those above them.
  private static func underWay(
    _ all: [AssignmentView],
    _ known: [String: AssignmentView]
  ) -> Set<String> {
    var busy: Set<String> = []
    for view in all where !view.isOver {
      var next: AssignmentView? = view
      while let one = next, busy.insert(one.id).inserted { next = one.parent.flatMap { known[$0] } }
    }
    return busy
  }

  /// A call whose end is not known may have cost what is held back for it.
  private static func cost(_ view: AssignmentView) -> Int64 {
    let (sum, isTooMuch) = max(0, view.spent).addingReportingOverflow(max(0, view.reserved))
    return isTooMuch ? .max : sum
  }

  private func refusal(_ wanted: Money, _ left: Int64) -> WorkProblem {
    WorkProblem(
      .forbidden,
      "\(wanted.text) is more than is left for this host, which is "
        + "\(Money(picoDollars: left).text) of \(total?.text ?? "what it may") in all; ask for less, "
        + "wait for what is under way, or ask the person who started this server"
    )
  }

  // MARK: The file

  private var file: FilePath { directory.appending(name + ".json") }

  /// One process at a time: another server of the same host waits.
  private func locked<Value>(_ body: (inout [Entry]) throws -> Value) throws -> Value {
    _ = try Home.prepare(directory)
    let path = directory.appending(name + ".lock").string
    let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw WorkProblem(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else {
        throw WorkProblem(.unavailable, "cannot lock \(path): \(String(cString: strerror(errno)))")
      }
    }
    var entries: [Entry] = []
    if let data = FileManager.default.contents(atPath: file.string) {
      guard let found = try? JSONDecoder().decode([Entry].self, from: data) else {
        throw WorkProblem(.unavailable, "\(file) cannot be read, so that nothing is given")
      }
      entries = found
    }
    return try body(&entries)
  }

  /// On the disk before anything is given.
  private func save(_ entries: [Entry]) throws {
    let new = directory.appending(name + ".new").string
    let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw unwritable(new) }
    defer { close(descriptor) }
    let bytes = Array(try JSONEncoder().encode(entries))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw unwritable(new) }
      done += count
    }
    guard fsync(descriptor) == 0, rename(new, file.string) == 0 else { throw unwritable(new) }
    let place = open(directory.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if place >= 0 { close(place) } }
    guard place >= 0, fsync(place) == 0 else { throw unwritable(directory.string) }
  }

  private func unwritable(_ path: String) -> WorkProblem {
    WorkProblem(.unavailable, "cannot write \(path): \(String(cString: strerror(errno)))")
  }
}
