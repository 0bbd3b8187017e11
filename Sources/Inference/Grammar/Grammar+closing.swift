/// How many bytes a text needs at least until it may end, so that an answer with a limit is ended in
/// time and not cut off.
struct GrammarCosts: Sendable {
  /// More than any answer has; what cannot be ended costs as much.
  static let endless = 1 << 40

  /// The least bytes of each node.
  private(set) var nodes: [Int]
  /// Of automata the least bytes from each state.
  private let distances: [[Int32]]

  init(_ grammar: [GrammarNode]) {
    distances = grammar.map { node in
      guard case .automaton(let automaton) = node else { return [] }
      return automaton.distances
    }
    nodes = [Int](repeating: Self.endless, count: grammar.count)
    var changes = true
    while changes {
      changes = false
      for (index, node) in grammar.enumerated() {
        let cost = cost(of: node, at: index)
        guard cost < nodes[index] else { continue }
        nodes[index] = cost
        changes = true
      }
    }
  }

  func distance(_ node: Int, _ state: Int) -> Int { Int(distances[node][state]) }

  private func cost(of node: GrammarNode, at index: Int) -> Int {
    switch node {
    case .automaton: distance(index, 0)
    case .string(let least, _): 2 + least
    case .array(let array): 1 + rest(of: array, from: 0, isFirst: true)
    case .object(let object): 1 + rest(of: object, GrammarMembers(), isFirst: true)
    case .any(let parts): parts.map { nodes[$0] }.min() ?? 0
    case .sequence(let parts): sum(parts.map { nodes[$0] })
    case .free(let marker, let body, _, let mayEnd):
      mayEnd ? 0 : sum([marker.bytes.count, nodes[body]])
    }
  }

  private func sum(_ costs: some Sequence<Int>) -> Int {
    costs.reduce(0) { min($0 + $1, Self.endless) }
  }

  // MARK: What is missing of containers

  /// Of an array with so many items: the others that must be there, and its end.
  func rest(of array: GrammarArray, from count: Int, isFirst: Bool, needsItem: Bool = false) -> Int
  {
    let last = max(array.least, needsItem ? count + 1 : 0)
    guard count < last else { return 1 }
    var costs = 1 + (last - count) - (isFirst ? 1 : 0)
    for place in count..<min(last, max(count, array.prefix.count)) {
      costs = sum([costs, array.item(place).map { nodes[$0] } ?? Self.endless])
    }
    let others = last - max(count, min(last, array.prefix.count))
    if others > 0 {
      let item = array.rest.map { nodes[$0] } ?? Self.endless
      let (all, overflow) = item.multipliedReportingOverflow(by: others)
      costs = overflow ? Self.endless : sum([costs, all])
    }
    return costs
  }

  /// Of an object with these members: the others that must be there, and its end.
  func rest(
    of object: GrammarObject,
    _ members: GrammarMembers,
    isFirst: Bool,
    needsMember: Bool = false
  ) -> Int {
    var costs = 1
    var missing = 0
    var optional: [Int] = []
    for (index, property) in object.properties.enumerated() {
      let bit = UInt128(1) << UInt128(index)
      if members.seen & bit != 0 { continue }
      let cost = sum([object.quoted[index] + 1, nodes[property.node]])
      if object.required & bit != 0 {
        costs = sum([costs, cost])
        missing += 1
      } else {
        optional.append(cost)
      }
    }
    let least = max(object.least, needsMember ? members.count + 1 : 0)
    let more = least - members.count - missing
    if more > 0 {
      if let additional = object.additional {
        // A name of two bytes is free: there are thousands.
        let cost = sum([5, nodes[additional]])
        optional += Array(repeating: cost, count: min(more, 1 << 16))
      }
      optional.sort()
      costs = sum(optional.prefix(more) + [costs, optional.count < more ? Self.endless : 0])
      missing += more
    }
    return sum([costs, missing - (isFirst && missing > 0 ? 1 : 0)])
  }
}

extension Grammar {
  /// The least bytes until a text that is read this way may end.
  func cost(_ thread: GrammarThread) -> Int {
    var result = cost(thread.top, isInnermost: thread.rest == nil)
    var link = thread.rest
    while let open = link {
      result = min(result + costAround(open.frame), GrammarCosts.endless)
      link = open.rest
    }
    return result
  }

  /// What a frame needs when what is open in it has ended.
  private func costAround(_ frame: GrammarFrame) -> Int {
    switch nodes[Int(frame.node)] {
    case .sequence(let parts):
      parts[min(Int(frame.phase) + 1, parts.count)...].reduce(0) {
        min($0 + costs.nodes[$1], GrammarCosts.endless)
      }
    case .array(let array): costs.rest(of: array, from: Int(frame.count), isFirst: false)
    case .object(let object):
      costs.rest(of: object, frame.object ?? GrammarMembers(), isFirst: false)
    case .free(let marker, let body, _, let mayEnd):
      mayEnd ? 0 : marker.bytes.count + costs.nodes[body]
    case .automaton, .string, .any: 0
    }
  }

  private func cost(_ frame: GrammarFrame, isInnermost: Bool) -> Int {
    guard frame.node >= 0 else { return 0 }
    let node = Int(frame.node)
    switch nodes[node] {
    case .automaton: return costs.distance(node, Int(frame.phase))
    case .string(let least, _):
      if frame.phase == Text.start { return costs.nodes[node] }
      return Text.left(frame.phase) + max(0, least - Int(frame.count)) + 1
    case .array(let array):
      let count = Int(frame.count)
      switch frame.phase {
      case Phase.start: return costs.nodes[node]
      case Phase.open: return costs.rest(of: array, from: count, isFirst: true)
      case Phase.afterComma:
        return costs.rest(of: array, from: count, isFirst: true, needsItem: true)
      default: return costs.rest(of: array, from: count, isFirst: false)
      }
    case .object(let object): return cost(frame, object)
    case .free(let marker, let body, _, let mayEnd):
      if mayEnd, isInnermost { return 0 }
      return min(marker.bytes.count - Int(frame.phase) + costs.nodes[body], GrammarCosts.endless)
    case .any, .sequence: return costs.nodes[node]
    }
  }

  private func cost(_ frame: GrammarFrame, _ object: GrammarObject) -> Int {
    guard let members = frame.object else { return costs.nodes[Int(frame.node)] }
    /// A value, and what comes behind it.
    func value(_ place: Int, _ members: GrammarMembers) -> Int {
      let isDeclared = place < object.properties.count
      guard let node = isDeclared ? object.properties[place].node : object.additional else {
        return GrammarCosts.endless
      }
      let rest = costs.rest(of: object, members, isFirst: false)
      return min(costs.nodes[node] + rest, GrammarCosts.endless)
    }
    switch frame.phase {
    case Phase.open: return costs.rest(of: object, members, isFirst: true)
    case Phase.afterValue: return costs.rest(of: object, members, isFirst: false)
    case Phase.afterComma:
      return costs.rest(of: object, members, isFirst: true, needsMember: true)
    case Phase.afterName: return 1 + value(Int(frame.count), members)
    case Phase.beforeValue: return value(Int(frame.count), members)
    case Phase.otherName..<Phase.name:
      var after = members
      after.others.append(members.name)
      after.name = []
      let place = UInt8(frame.phase - Phase.otherName)
      // A name that is taken goes on for a character.
      let isTaken =
        members.name.isEmpty || object.reserved.contains(members.name)
        || members.others.contains(members.name)
      return UTF8Place.left(place) + (isTaken && place == 0 ? 1 : 0) + 2
        + value(object.properties.count, after)
    default:
      let branch = object.names[Int(frame.phase - Phase.name)]
      var best = GrammarCosts.endless
      for index in object.properties.indices {
        let bit = UInt128(1) << UInt128(index)
        guard branch.below & bit != 0, members.seen & bit == 0 else { continue }
        var after = members
        after.seen |= bit
        // The quote that begins a name is read before its first branch.
        let left = object.quoted[index] - 1 - branch.depth
        best = min(best, left + 1 + value(index, after))
      }
      return best
    }
  }
}

extension Grammar.Text {
  /// The least bytes until a phase within a string is behind.
  static func left(_ phase: Int16) -> Int {
    switch phase {
    case plain...(plain + 7): UTF8Place.left(UInt8(phase - plain))
    case escape, fourth: 1
    case first, lowFirst: 4
    case second, secondOfD, lowSecond: 3
    case third: 2
    case thirdOfHigh: 8
    case fourthOfHigh: 7
    case lowSlash: 6
    case lowU: 5
    default: 0
    }
  }
}

extension UTF8Place {
  /// The bytes until a character ends.
  static func left(_ place: UInt8) -> Int {
    switch place {
    case 0...3: Int(place)
    case 4, 5: 2
    default: 3
    }
  }
}

extension ByteAutomaton {
  /// The least bytes from each state to an end.
  var distances: [Int32] {
    var sources = [[Int]](repeating: [], count: count)
    for state in 0..<count {
      for target in Set(next[(state << 8)..<(state << 8 + 256)]) where target >= 0 {
        sources[Int(target)].append(state)
      }
    }
    var result = [Int32](repeating: .max, count: count)
    var wave = accepts.indices.filter { accepts[$0] }
    for state in wave { result[state] = 0 }
    var steps: Int32 = 0
    while !wave.isEmpty {
      steps += 1
      var next: [Int] = []
      for state in wave {
        for source in sources[state] where result[source] == .max {
          result[source] = steps
          next.append(source)
        }
      }
      wave = next
    }
    return result
  }
}
