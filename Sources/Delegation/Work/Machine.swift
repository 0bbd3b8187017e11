import Agent
import Foundation
import Glibc
import Journal

/// The machine that a worker runs on, as its leases name it.
enum Machine {
  /// The host's name with the beginning of the machine's id: names alone repeat in fleets.
  static let name: String = {
    var host = utsname()
    uname(&host)
    let node = withUnsafeBytes(of: &host.nodename) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let id = FileManager.default.contents(atPath: "/etc/machine-id").map {
      String(decoding: $0.prefix(8), as: UTF8.self)
    }
    let word = node.split(whereSeparator: \.isWhitespace).joined(separator: "-")
    return "\(word.isEmpty ? "host" : word)/\(id ?? "-")"
  }()

  /// Whether what an assignment works on lies here: its directory, and what it made once it has begun.
  /// Its policy is kept here before its first step; a run comes later, if at all.
  static func has(_ assignment: Assignment, state: String) -> Bool {
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    let id = assignment.id
    if assignment.steps > 0 {
      return exists("\(state)/policies/\(id).yaml") || exists("\(state)/runs/\(id)")
    }
    // What cannot be read is for whoever takes it to say.
    guard let settings = try? AgentSettings(json: assignment.settings) else { return true }
    // Its branch begins at a commit of another run, which lies where that does.
    if let giver = settings.beginning?.prefix(while: { $0 != ":" }),
      !exists("\(state)/runs/\(giver)")
    {
      return false
    }
    return exists(settings.directory)
  }

  private static let own = ProcessIdentity.current()

  /// Whether the process that holds a lease lives. Said only where it is certain.
  static func sight(of worker: WorkerIdentity) -> LeaseRule.Sight {
    guard worker.host == name else { return .unclear }
    guard let boot = worker.process.boot, let here = own.boot else { return .unclear }
    // The machine was started anew since.
    if boot != here { return .dead }
    guard worker.process.namespace == own.namespace else { return .unclear }
    switch ProcessIdentity.look(up: worker.process.pid) {
    case .running(let start): return start == worker.process.start ? .alive : .dead
    case .gone: return .dead
    case .unclear: return .unclear
    }
  }
}
