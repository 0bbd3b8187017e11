/// A queue that gives the entry with the least key first.
struct Heap: Sendable {
  struct Entry: Sendable {
    var key: UInt64
    /// What the key is for.
    var left: UInt32 = 0
    var right: UInt32 = 0
    var value: UInt32 = 0
  }

  private var entries: [Entry] = []

  init() {}

  init(_ entries: [Entry]) {
    self.entries = entries
    for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var index = entries.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard entry.key < entries[parent].key else { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = entry
  }

  mutating func pop() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if !entries.isEmpty {
      entries[0] = last
      sink(0)
    }
    return first
  }

  private mutating func sink(_ start: Int) {
    let entry = entries[start]
    var index = start
    while true {
      var child = index * 2 + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].key < entries[child].key { child += 1 }
      guard entries[child].key < entry.key else { break }
      entries[index] = entries[child]
      index = child
    }
    entries[index] = entry
  }
}
