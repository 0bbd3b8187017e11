/// A running run lost its network, or some hosts of it.
package struct NetworkRevoked: Codable, Sendable, Equatable {
  /// How many entries of the policy's `network` still stand.
  package var remaining: Int

  package init(remaining: Int) {
    self.remaining = remaining
  }
}
