/// Bounds on what a run can make of its way out, in numbers and in seconds.
package struct TransportLimits: Codable, Hashable, Sendable {
  /// Connections of the run at any one time, all ways in together.
  package var connections = 1_024
  /// Until a client must have said where it wants to go, once it has begun to.
  package var opening = 10.0
  /// Until a connection on which the client speaks first elsewhere is taken for one on which the
  /// server does.
  package var silence = 5.0
  /// Until a connection on which nothing has been said yet is closed.
  package var unused = 60.0
  /// Without a byte either way.
  package var idle = 900.0
  /// From the first byte to the last, however busy.
  package var total = 86_400.0
  /// For one address of a name, and for all of them.
  package var connect = 3.0
  package var connectAll = 10.0

  package init() {}

  private enum CodingKeys: String, CodingKey {
    case connections, opening, silence, unused, idle, total, connect, connectAll
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    connections = try values.decodeIfPresent(Int.self, forKey: .connections) ?? connections
    opening = try values.decodeIfPresent(Double.self, forKey: .opening) ?? opening
    silence = try values.decodeIfPresent(Double.self, forKey: .silence) ?? silence
    unused = try values.decodeIfPresent(Double.self, forKey: .unused) ?? unused
    idle = try values.decodeIfPresent(Double.self, forKey: .idle) ?? idle
    total = try values.decodeIfPresent(Double.self, forKey: .total) ?? total
    connect = try values.decodeIfPresent(Double.self, forKey: .connect) ?? connect
    connectAll = try values.decodeIfPresent(Double.self, forKey: .connectAll) ?? connectAll
  }
}
