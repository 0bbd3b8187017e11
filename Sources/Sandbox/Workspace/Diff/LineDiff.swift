/// Which lines of two texts differ: Myers's algorithm in linear space, with a bound on its time.
///
/// Lines are numbers here, equal where the lines are equal. Where two texts differ so much that the
/// smallest difference is expensive to find, a larger one is given.
struct LineDiff {
  private(set) var removed: [Bool]
  private(set) var added: [Bool]

  private let old: [Int32]
  private let new: [Int32]
  private var forward: [Int]
  private var backward: [Int]
  /// What makes every diagonal an index.
  private let shift: Int
  private let mostCost: Int

  init(_ old: [Int32], _ new: [Int32]) {
    self.old = old
    self.new = new
    removed = [Bool](repeating: false, count: old.count)
    added = [Bool](repeating: false, count: new.count)
    let diagonals = old.count + new.count + 3
    forward = [Int](repeating: 0, count: diagonals)
    backward = [Int](repeating: 0, count: diagonals)
    shift = new.count + 1
    mostCost = max(256, Int(Double(diagonals).squareRoot()))
    compare()
  }

  private struct Box {
    var oldStart: Int
    var oldEnd: Int
    var newStart: Int
    var newEnd: Int
  }

  private mutating func compare() {
    var pending = [Box(oldStart: 0, oldEnd: old.count, newStart: 0, newEnd: new.count)]
    while var box = pending.popLast() {
      while box.oldStart < box.oldEnd, box.newStart < box.newEnd,
        old[box.oldStart] == new[box.newStart]
      {
        box.oldStart += 1
        box.newStart += 1
      }
      while box.oldStart < box.oldEnd, box.newStart < box.newEnd,
        old[box.oldEnd - 1] == new[box.newEnd - 1]
      {
        box.oldEnd -= 1
        box.newEnd -= 1
      }
      if box.oldStart == box.oldEnd {
        for index in box.newStart..<box.newEnd { added[index] = true }
      } else if box.newStart == box.newEnd {
        for index in box.oldStart..<box.oldEnd { removed[index] = true }
      } else {
        let (x, y) = split(box)
        pending.append(
          Box(oldStart: x, oldEnd: box.oldEnd, newStart: y, newEnd: box.newEnd)
        )
        pending.append(
          Box(oldStart: box.oldStart, oldEnd: x, newStart: box.newStart, newEnd: y)
        )
      }
    }
  }

  /// A point that some smallest (or, past the bound, good) edit path passes through.
  private mutating func split(_ box: Box) -> (Int, Int) {
    let lowest = box.oldStart - box.newEnd
    let highest = box.oldEnd - box.newStart
    let (start, end) = (box.oldStart - box.newStart, box.oldEnd - box.newEnd)
    let isOdd = (start - end) & 1 != 0
    var (fromMin, fromMax, toMin, toMax) = (start, start, end, end)
    forward[start + shift] = box.oldStart
    backward[end + shift] = box.oldEnd
    var cost = 0
    while true {
      cost += 1
      if fromMin > lowest {
        fromMin -= 1
        forward[fromMin - 1 + shift] = -1
      } else {
        fromMin += 1
      }
      if fromMax < highest {
        fromMax += 1
        forward[fromMax + 1 + shift] = -1
      } else {
        fromMax -= 1
      }
      for diagonal in stride(from: fromMax, through: fromMin, by: -2) {
        let (left, right) = (forward[diagonal - 1 + shift], forward[diagonal + 1 + shift])
        var x = left >= right ? left + 1 : right
        while x < box.oldEnd, x - diagonal < box.newEnd, old[x] == new[x - diagonal] { x += 1 }
        forward[diagonal + shift] = x
        if isOdd, toMin <= diagonal, diagonal <= toMax, backward[diagonal + shift] <= x {
          return (x, x - diagonal)
        }
      }
      if toMin > lowest {
        toMin -= 1
        backward[toMin - 1 + shift] = Int.max
      } else {
        toMin += 1
      }
      if toMax < highest {
        toMax += 1
        backward[toMax + 1 + shift] = Int.max
      } else {
        toMax -= 1
      }
      for diagonal in stride(from: toMax, through: toMin, by: -2) {
        let (left, right) = (backward[diagonal - 1 + shift], backward[diagonal + 1 + shift])
        var x = left < right ? left : right - 1
        while x > box.oldStart, x - diagonal > box.newStart, old[x - 1] == new[x - diagonal - 1] {
          x -= 1
        }
        backward[diagonal + shift] = x
        if !isOdd, fromMin <= diagonal, diagonal <= fromMax, x <= forward[diagonal + shift] {
          return (x, x - diagonal)
        }
      }
      if cost >= mostCost {
        return furthest(box, fromMin...max(fromMin, fromMax), toMin...max(toMin, toMax))
      }
    }
  }

  /// The point that is furthest from either corner.
  private func furthest(
    _ box: Box,
    _ from: ClosedRange<Int>,
    _ to: ClosedRange<Int>
  ) -> (Int, Int) {
    var best = (x: box.oldStart, y: box.newStart)
    for diagonal in stride(from: from.upperBound, through: from.lowerBound, by: -2) {
      var x = min(forward[diagonal + shift], box.oldEnd)
      var y = x - diagonal
      if y > box.newEnd { (x, y) = (box.newEnd + diagonal, box.newEnd) }
      if x + y > best.x + best.y { best = (x, y) }
    }
    var other = (x: box.oldEnd, y: box.newEnd)
    for diagonal in stride(from: to.upperBound, through: to.lowerBound, by: -2) {
      var x = max(backward[diagonal + shift], box.oldStart)
      var y = x - diagonal
      if y < box.newStart { (x, y) = (box.newStart + diagonal, box.newStart) }
      if x + y < other.x + other.y { other = (x, y) }
    }
    let gained = best.x + best.y - box.oldStart - box.newStart
    let otherGained = box.oldEnd + box.newEnd - other.x - other.y
    return gained >= otherGained ? (best.x, best.y) : (other.x, other.y)
  }
}
