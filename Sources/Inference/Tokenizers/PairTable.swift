/// What a pair of numbers leads to: the merges of a vocabulary, or the edges of a tree.
struct PairTable: Sendable {
  private struct Slot {
    var key: UInt64
    var value: UInt64
  }

  /// No value is this, so that a free slot can say so.
  static let none = UInt64.max

  private var slots: [Slot]
  private var used = 0
  private let hash = KeyedHash()

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [Slot](repeating: Slot(key: 0, value: Self.none), count: size)
  }

  /// `none` where the pair is not known.
  @inline(__always)
  subscript(left: UInt32, right: UInt32) -> UInt64 {
    let key = UInt64(left) << 32 | UInt64(right)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(key)) & mask
    while true {
      let found = slots[slot]
      if found.key == key || found.value == Self.none { return found.value }
      slot = (slot + 1) & mask
    }
  }

  /// Keeps what is known already.
  mutating func insert(_ left: UInt32, _ right: UInt32, _ value: UInt64) {
    if (used + 1) * 3 > slots.count * 2 { grow() }
    place(UInt64(left) << 32 | UInt64(right), value)
  }

  private mutating func place(_ key: UInt64, _ value: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(key)) & mask
    while slots[slot].value != Self.none {
      if slots[slot].key == key { return }
      slot = (slot + 1) & mask
    }
    slots[slot] = Slot(key: key, value: value)
    used += 1
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(key: 0, value: Self.none), count: old.count * 2)
    used = 0
    for slot in old where slot.value != Self.none { place(slot.key, slot.value) }
  }
}
