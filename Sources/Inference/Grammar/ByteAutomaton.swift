/// A deterministic automaton over bytes from whose every state an end can be reached.
struct ByteAutomaton: Sendable {
  /// 256 a state; -1 where the byte is refused. State 0 is the start.
  private(set) var next: [Int16]
  private(set) var accepts: [Bool]

  static let maximumStates = 8192

  /// Why an expression became no automaton.
  enum Failure: Error { case tooLarge, impossible }

  var count: Int { accepts.count }

  func step(_ state: Int, _ byte: UInt8) -> Int { Int(next[state << 8 | Int(byte)]) }

  func matches(_ bytes: [UInt8]) -> Bool {
    var state = 0
    for byte in bytes {
      state = step(state, byte)
      if state < 0 { return false }
    }
    return accepts[state]
  }

  init(_ expression: ByteExpression) throws(Failure) {
    var builder = Builder()
    let start = try builder.state()
    let end = try builder.state()
    try builder.add(expression, from: start, to: end)
    var sets: [[Int]: Int] = [:]
    var order: [[Int]] = []
    (next, accepts) = ([], [])
    func number(_ set: [Int]) throws(Failure) -> Int16 {
      if let known = sets[set] { return Int16(known) }
      guard order.count < Self.maximumStates else { throw .tooLarge }
      sets[set] = order.count
      order.append(set)
      return Int16(order.count - 1)
    }
    _ = try number(builder.closure([start]))
    var at = 0
    while at < order.count {
      let set = order[at]
      at += 1
      accepts.append(set.contains(end))
      var row = [Int16](repeating: -1, count: 256)
      let edges = set.flatMap { builder.edges[$0] }
      // Bytes between two bounds go the same way.
      var bounds = Set<Int>()
      for edge in edges {
        bounds.insert(Int(edge.range.lowerBound))
        bounds.insert(Int(edge.range.upperBound) + 1)
      }
      let sorted = bounds.sorted()
      for (low, high) in zip(sorted, sorted.dropFirst()) {
        let targets = edges.filter { $0.range.contains(UInt8(low)) }.map(\.target)
        if targets.isEmpty { continue }
        let state = try number(builder.closure(targets))
        for byte in low..<high { row[byte] = state }
      }
      next += row
    }
    try trim()
  }

  /// What both accept.
  init(_ one: ByteAutomaton, and other: ByteAutomaton) throws(Failure) {
    var known: [Int: Int] = [0: 0]
    var order = [(0, 0)]
    (next, accepts) = ([], [])
    var at = 0
    while at < order.count {
      let (left, right) = order[at]
      at += 1
      accepts.append(one.accepts[left] && other.accepts[right])
      for byte in 0...255 as ClosedRange<UInt8> {
        let (a, b) = (one.step(left, byte), other.step(right, byte))
        guard a >= 0, b >= 0 else {
          next.append(-1)
          continue
        }
        let pair = a * other.count + b
        if let state = known[pair] {
          next.append(Int16(state))
        } else {
          guard order.count < Self.maximumStates else { throw .tooLarge }
          known[pair] = order.count
          next.append(Int16(order.count))
          order.append((a, b))
        }
      }
    }
    try trim()
  }

  /// So many of what `unit` accepts, one behind the other; no text of it may begin another.
  init(repeating unit: ByteAutomaton, _ least: Int, _ most: Int?) throws(Failure) {
    let last = max(least, most ?? least)
    let (states, overflow) = (last + 1).multipliedReportingOverflow(by: unit.count)
    guard !overflow, states <= Self.maximumStates else { throw .tooLarge }
    (next, accepts) = ([], [])
    for times in 0...last {
      for state in 0..<unit.count {
        accepts.append(state == 0 && times >= least)
        for byte in 0...255 as ClosedRange<UInt8> {
          let target = unit.step(state, byte)
          if target < 0 || (times == last && most != nil) {
            next.append(-1)
          } else if unit.accepts[target] {
            next.append(Int16(min(times + 1, last) * unit.count))
          } else {
            next.append(Int16(times * unit.count + target))
          }
        }
      }
    }
    try trim()
  }

  /// What this accepts, between quotes; it must not itself accept a quote anywhere.
  var quoted: ByteAutomaton {
    var result = self
    let end = Int16(count + 1)
    result.next = [Int16](repeating: -1, count: 256)
    result.next[0x22] = 1
    result.next += next.map { $0 < 0 ? -1 : $0 + 1 }
    for state in 0..<count where accepts[state] { result.next[(state + 1) << 8 | 0x22] = end }
    result.next += [Int16](repeating: -1, count: 256)
    result.accepts = [Bool](repeating: false, count: count + 1) + [true]
    return result
  }

  /// Takes away the states that no end can be reached from, so that nobody is led there.
  private mutating func trim() throws(Failure) {
    var sources = [[Int]](repeating: [], count: count)
    for state in 0..<count {
      for target in Set(next[(state << 8)..<(state << 8 + 256)]) where target >= 0 {
        sources[Int(target)].append(state)
      }
    }
    var isAlive = accepts
    var open = accepts.indices.filter { accepts[$0] }
    while let state = open.popLast() {
      for source in sources[state] where !isAlive[source] {
        isAlive[source] = true
        open.append(source)
      }
    }
    guard isAlive[0] else { throw .impossible }
    for place in next.indices where next[place] >= 0 && !isAlive[Int(next[place])] {
      next[place] = -1
    }
  }

  /// Thompson's construction.
  private struct Builder {
    var edges: [[(range: ClosedRange<UInt8>, target: Int)]] = []
    private var jumps: [[Int]] = []

    mutating func state() throws(Failure) -> Int {
      guard edges.count < 60_000 else { throw .tooLarge }
      edges.append([])
      jumps.append([])
      return edges.count - 1
    }

    mutating func add(
      _ expression: ByteExpression,
      from start: Int,
      to end: Int
    ) throws(Failure) {
      switch expression {
      case .nothing: jumps[start].append(end)
      case .byte(let ranges): edges[start] += ranges.map { ($0, end) }
      case .sequence(let parts):
        var at = start
        for part in parts.dropLast() {
          let next = try state()
          try add(part, from: at, to: next)
          at = next
        }
        // Straight to the end, so that alternatives meet there in one state.
        if let last = parts.last { try add(last, from: at, to: end) } else { jumps[at].append(end) }
      case .either(let parts):
        for part in parts {
          let first = try state()
          jumps[start].append(first)
          try add(part, from: first, to: end)
        }
      case .repeated(let part, let least, let most):
        var at = start
        for _ in 0..<least {
          let next = try state()
          try add(part, from: at, to: next)
          at = next
        }
        guard let most else {
          let loop = try state()
          jumps[at].append(loop)
          jumps[loop].append(end)
          let back = try state()
          try add(part, from: loop, to: back)
          jumps[back].append(loop)
          return
        }
        jumps[at].append(end)
        for _ in 0..<max(0, most - least) {
          let next = try state()
          try add(part, from: at, to: next)
          jumps[next].append(end)
          at = next
        }
      }
    }

    func closure(_ states: [Int]) -> [Int] {
      var seen = Set(states)
      var open = states
      while let state = open.popLast() {
        for target in jumps[state] where seen.insert(target).inserted { open.append(target) }
      }
      return seen.sorted()
    }
  }
}
