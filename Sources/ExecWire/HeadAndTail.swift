/// The beginning and the end of what may be endless, with the count of what lay between.
package struct HeadAndTail: Sendable, Equatable {
  package private(set) var head: [UInt8] = []
  package private(set) var total: UInt64 = 0

  private let mostOfHead: Int
  private let mostOfTail: Int
  private var end: [UInt8] = []

  package init(head: Int, tail: Int) {
    mostOfHead = max(head, 0)
    mostOfTail = max(tail, 0)
  }

  package var tail: [UInt8] { Array(end.suffix(mostOfTail)) }

  package mutating func append(_ some: UnsafeRawBufferPointer) {
    total &+= UInt64(some.count)
    let first = min(some.count, mostOfHead - head.count)
    if first > 0 { head.append(contentsOf: UnsafeRawBufferPointer(rebasing: some[..<first])) }
    // What is longer than the tail would only push itself out.
    let rest = UnsafeRawBufferPointer(rebasing: some[max(first, some.count - mostOfTail)...])
    end.append(contentsOf: rest)
    // Cut seldom: each cut moves what stays.
    if end.count > 2 * mostOfTail + 1 << 16 { end.removeFirst(end.count - mostOfTail) }
  }
}
