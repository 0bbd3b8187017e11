import Policy

/// A binding with its pattern split once.
struct PlacePattern: Sendable {
  private let binding: Secret.Binding
  private let path: [[UInt8]]

  init(_ binding: Secret.Binding) {
    self.binding = binding
    switch binding.place {
    case .header: path = []
    case .query(let field), .body(let field):
      path = field.path.utf8.drop { $0 == 0x2F }
        .split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init)
    }
  }

  func isHeader(_ name: String, _ host: String) -> Bool {
    if case .header(name) = binding.place { binding.host.matches(host) } else { false }
  }

  func isQuery(_ field: String, _ request: CanonicalRequest) -> Bool {
    guard case .query(let place) = binding.place else { return false }
    return place.field == field && isMeant(place, request)
  }

  func bodyField(_ request: CanonicalRequest) -> String? {
    guard case .body(let place) = binding.place, isMeant(place, request) else { return nil }
    return place.field
  }

  private func isMeant(_ place: Secret.Field, _ request: CanonicalRequest) -> Bool {
    place.method == request.method && binding.host.matches(request.host)
      && Self.matches(path[...], request.segments[...])
  }

  /// `*` stands for one segment, `**` for any number of them.
  static func matches(_ pattern: ArraySlice<[UInt8]>, _ segments: ArraySlice<[UInt8]>) -> Bool {
    guard let first = pattern.first else { return segments.isEmpty }
    let rest = pattern.dropFirst()
    if first == [0x2A, 0x2A] {
      return rest.isEmpty || segments.indices.contains { matches(rest, segments[$0...]) }
        || matches(rest, segments[segments.endIndex...])
    }
    guard let segment = segments.first, first == [0x2A] || first == segment else { return false }
    return matches(rest, segments.dropFirst())
  }
}
