/// Byte strings as a tree, to find all that begin at a place.
struct TextTree: Sendable {
  static let root: UInt32 = 0
  static let none: Int32 = -1

  private var edges: PairTable
  /// What a string that ends at a node stands for.
  private var values: [Int32] = [none]

  init(capacity: Int) { edges = PairTable(capacity: capacity) }

  /// A later value for the same string takes its place. The empty string stands for nothing.
  mutating func insert(_ text: ArraySlice<UInt8>, _ value: Int32) {
    guard !text.isEmpty else { return }
    var node = Self.root
    for byte in text {
      if let next = child(of: node, byte) {
        node = next
      } else {
        let next = UInt32(values.count)
        edges.insert(node, UInt32(byte), UInt64(next))
        values.append(Self.none)
        node = next
      }
    }
    values[Int(node)] = value
  }

  @inline(__always)
  func child(of node: UInt32, _ byte: UInt8) -> UInt32? {
    let next = edges[node, UInt32(byte)]
    return next == PairTable.none ? nil : UInt32(truncatingIfNeeded: next)
  }

  /// `none` where no string ends there.
  @inline(__always)
  func value(at node: UInt32) -> Int32 { values[Int(node)] }
}
