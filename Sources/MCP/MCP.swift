/// MCP: the Model Context Protocol, both ends of it.
///
/// What a server says is judged frame by frame (`Wire`), what it means is decided by state machines
/// without I/O (`Session`, `Server`, `Bridge`), what it offers is named and pinned (`Tools`), and the
/// pipes to it are a thin shell (`Client`). It knows no policy, no journal and no sandbox: whoever
/// calls it says with which command a server is started, and what may be called.

/// A revision of the protocol, by the date that names it on the wire.
package enum ProtocolRevision: String, Hashable, Sendable, CaseIterable, Comparable {
  case november2024 = "2024-11-05"
  case march2025 = "2025-03-26"
  case june2025 = "2025-06-18"
  case november2025 = "2025-11-25"
  case july2026 = "2026-07-28"

  /// Whether each request says for itself what a handshake says for all of them.
  package var isStateless: Bool { self == .july2026 }

  /// The newest one that is agreed upon by a handshake.
  package static let newestHandshake = ProtocolRevision.november2025
  package static let newest = ProtocolRevision.july2026

  package static func < (left: ProtocolRevision, right: ProtocolRevision) -> Bool {
    left.rawValue < right.rawValue
  }
}
