import ArgumentParser
import Journal
import Policy

/// What becomes of hosts that nothing grants, under `--learn`.
enum Learning: String, CaseIterable, ExpressibleByArgument {
  /// The person at the terminal is asked, while the connection waits.
  case ask
  /// They are refused and recorded, as always.
  case record

  /// `--learn` without a value asks. The parser takes no option whose value may be missing.
  static func complete(_ arguments: [String]) -> [String] {
    let own = arguments.prefix { $0 != "--" }
    return own.map { $0 == "--learn" ? "--learn=ask" : $0 } + arguments.dropFirst(own.count)
  }

  /// The words in which a person is asked about a place, given as `PORT HOST`.
  static func question(_ place: String) -> String {
    let parts = place.split(separator: " ", maxSplits: 1).map(String.init)
    let host = parts.last ?? place
    let name = parts.first == "443" ? host : "\(host) at port \(parts.first ?? "?")"
    return "caisson: the command wants \(name.printable). Allow it for this run?"
  }

  /// The entry that grants a place, and what the journal says of it.
  static func rule(for place: String) throws -> (host: HostRule, event: NetworkGranted) {
    let parts = place.split(separator: " ", maxSplits: 1).map(String.init)
    guard parts.count == 2, let port = UInt16(parts[0]) else {
      throw RunSession.Refusal.failed("a question names no place: \(place)")
    }
    return (
      HostRule(host: try HostPattern(parsing: parts[1]), ports: [port]),
      NetworkGranted(host: parts[1], port: port)
    )
  }
}
