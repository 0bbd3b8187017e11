/// A packet between the supervisor and the process that a run's network ends in: a kind, and JSON
/// that goes with it.
package struct ControlMessage: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable {
    // From the supervisor.
    case configure = 0x43
    case tap = 0x54
    case diagnosis = 0x57
    case sockets = 0x53
    case policy = 0x50
    case quit = 0x51
    case refusal = 0x4E
    // To the supervisor.
    case ready = 0x72
    case tracing = 0x77
    case serving = 0x73
    case policyTaken = 0x70
    case audit = 0x61
    case question = 0x71
    case fatal = 0x65
  }

  package static let longestBody = 60 << 10
  /// Descriptors that one packet brings at most.
  package static let mostDescriptors = 32

  package let kind: Kind
  package let body: [UInt8]

  package init(_ kind: Kind, body: [UInt8] = []) {
    self.kind = kind
    self.body = body
  }

  /// Reads a packet; nil for one that is none of ours.
  package init?(packet: some Collection<UInt8>) {
    guard let first = packet.first, let kind = Kind(rawValue: first),
      packet.count <= Self.longestBody + 1
    else { return nil }
    self.init(kind, body: Array(packet.dropFirst()))
  }

  package var packet: [UInt8] { [kind.rawValue] + body }
}
