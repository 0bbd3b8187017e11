/// Reads from a server's answer to a push which references it updated.
///
/// What it cannot read, it passes over: a reference that is missing here counts as not pushed.
package struct GitPushReport: Hashable, Sendable {
  /// The references that the server said `ok` to, once it said that the pack was taken.
  package var done: Set<String> { isUnpacked && !isBroken ? accepted : [] }

  private static let mostBytes = 4 << 20
  private let usesSideBand: Bool
  private var outer = PacketLines()
  private var inner = PacketLines()
  private var accepted: Set<String> = []
  private var isUnpacked = false
  private var isBroken = false
  private var size = 0

  package init(usesSideBand: Bool) {
    self.usesSideBand = usesSideBand
  }

  /// Takes the next bytes of the answer, without content encoding.
  package mutating func read(_ bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    size += bytes.count
    if size > Self.mostBytes { isBroken = true }
    guard !isBroken else { return }
    do throws(RequestProblem) {
      guard usesSideBand else { return try report(bytes) }
      var rest = bytes[...]
      while let line = try outer.next(&rest) {
        if case .data(let data) = line, data.first == 1 { try report(Array(data.dropFirst())) }
      }
    } catch {
      isBroken = true
    }
  }

  private mutating func report(_ bytes: [UInt8]) throws(RequestProblem) {
    var rest = bytes[...]
    while let line = try inner.next(&rest) {
      guard case .data(let data) = line else { continue }
      let text = String(decoding: data.last == 0x0A ? data.dropLast() : data, as: UTF8.self)
      if text == "unpack ok" { isUnpacked = true }
      if text.hasPrefix("ok ") { accepted.insert(String(text.dropFirst(3))) }
    }
  }
}
