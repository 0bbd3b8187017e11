/// Merges the parts of one word, the least pair first and of equal ones the leftmost, until none is
/// left: what both kinds of BPE do. Memory is kept from word to word.
///
/// A short word is searched from end to end for each merge; a long one, such as a megabyte of one
/// letter, has its pairs in a heap, which takes n log n.
struct PairMerger {
  /// What two parts become: the order of the merge, and the part. `order` is the least first.
  struct Merge: Sendable {
    var order: UInt32
    var part: UInt32

    static let none = Merge(order: .max, part: .max)
  }

  /// What is left after `merge`: the parts, and where each begins.
  private(set) var parts: [UInt32] = []
  private(set) var starts: [Int] = []
  private var merges: [Merge] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  /// Keys are the order of a merge, then the left part's index.
  private var heap = Heap()

  private static let longest = 64

  mutating func begin() {
    parts.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
  }

  mutating func add(_ part: UInt32, at start: Int) {
    parts.append(part)
    starts.append(start)
  }

  /// `find` gives the merge of the parts at two indices, which reach from a byte to another.
  @inline(__always)
  mutating func merge(
    end: Int,
    _ find: (_ left: UInt32, _ right: UInt32, _ start: Int, _ end: Int) -> Merge
  ) {
    if parts.count < 2 { return }
    // Indices in the heap are 32 bits; a word of 2 GB is cut no further.
    if parts.count <= Self.longest {
      mergeShort(end, find)
    } else if parts.count < Int32.max {
      mergeLong(end, find)
    }
  }

  @inline(__always)
  private mutating func mergeShort(
    _ end: Int,
    _ find: (UInt32, UInt32, Int, Int) -> Merge
  ) {
    merges.removeAll(keepingCapacity: true)
    var count = parts.count
    for index in 0..<count - 1 {
      let stop = index + 2 < count ? starts[index + 2] : end
      merges.append(find(parts[index], parts[index + 1], starts[index], stop))
    }
    while true {
      var best = UInt32.max
      var place = 0
      for index in 0..<count - 1 where merges[index].order < best {
        best = merges[index].order
        place = index
      }
      if best == .max { break }
      parts[place] = merges[place].part
      count -= 1
      for index in place + 1..<count {
        parts[index] = parts[index + 1]
        starts[index] = starts[index + 1]
      }
      if place + 1 < count {
        for index in place..<count - 1 { merges[index] = merges[index + 1] }
        let stop = place + 2 < count ? starts[place + 2] : end
        merges[place] = find(parts[place], parts[place + 1], starts[place], stop)
      }
      if place > 0 {
        let stop = place + 1 < count ? starts[place + 1] : end
        merges[place - 1] = find(parts[place - 1], parts[place], starts[place - 1], stop)
      }
    }
    parts.removeLast(parts.count - count)
    starts.removeLast(starts.count - count)
  }

  private mutating func mergeLong(
    _ end: Int,
    _ find: (UInt32, UInt32, Int, Int) -> Merge
  ) {
    let count = parts.count
    next = (1...Int32(count)).map { $0 }
    previous = (-1..<Int32(count) - 1).map { $0 }
    heap.removeAll()
    func offer(_ left: Int, _ right: Int, _ heap: inout Heap) {
      guard left >= 0, right < count else { return }
      let after = Int(next[right])
      let merge = find(parts[left], parts[right], starts[left], after < count ? starts[after] : end)
      guard merge.order != .max else { return }
      heap.push(
        Heap.Entry(
          key: UInt64(merge.order) << 32 | UInt64(left),
          left: parts[left],
          right: parts[right],
          value: merge.part
        )
      )
    }
    for left in 0..<count - 1 { offer(left, left + 1, &heap) }
    // A part that was merged into the one before it is marked by its `previous`.
    while let candidate = heap.pop() {
      let left = Int(candidate.key & 0xFFFF_FFFF)
      let right = Int(next[left])
      guard previous[left] != -2, right < count, parts[left] == candidate.left,
        parts[right] == candidate.right
      else { continue }
      parts[left] = candidate.value
      let after = Int(next[right])
      next[left] = Int32(after)
      previous[right] = -2
      if after < count { previous[after] = Int32(left) }
      offer(Int(previous[left]), left, &heap)
      offer(left, after, &heap)
    }
    var kept = 0
    for index in 0..<count where previous[index] != -2 {
      parts[kept] = parts[index]
      starts[kept] = starts[index]
      kept += 1
    }
    parts.removeLast(count - kept)
    starts.removeLast(count - kept)
  }
}
