import NIOHTTP1

/// Which trace a request belongs to, by W3C's `traceparent`.
struct TraceContext: Equatable {
  let trace: String
  let parent: String

  init?(_ headers: HTTPHeaders) {
    let values = headers["traceparent"]
    guard values.count == 1 else { return nil }
    let parts = values[0].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), parts[0] != "ff",
      Self.isHexadecimal(parts[1], 32), Self.isHexadecimal(parts[2], 16),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    trace = String(parts[1])
    parent = String(parts[2])
  }

  private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
