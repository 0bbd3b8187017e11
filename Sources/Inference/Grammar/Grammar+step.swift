/// How a byte leads on.
extension Grammar {
  /// Phases of arrays and objects; in an object from `name` on, places in the tree of names.
  enum Phase {
    static let start: Int16 = 0
    static let open: Int16 = 1
    static let afterValue: Int16 = 2
    static let afterComma: Int16 = 3
    static let afterName: Int16 = 4
    static let beforeValue: Int16 = 5
    /// In the name of an undeclared property; the places in a UTF-8 sequence follow.
    static let otherName: Int16 = 6
    static let name: Int16 = 20
  }

  /// More ways than these are not followed: each ends by itself, so that fewer stay right.
  static let maximumThreads = 128
  /// Bytes of an undeclared property's name, and code points.
  static let maximumName = 64

  var initial: [GrammarThread] {
    var threads: [GrammarThread] = []
    expand(start, nil, into: &threads)
    return threads
  }

  /// Adds the ways to begin a node.
  func expand(_ node: Int, _ rest: GrammarLink?, into out: inout [GrammarThread]) {
    guard let depth = depths[node], (rest?.depth ?? 0) + depth <= Self.maximumDepth,
      out.count < Self.maximumThreads
    else { return }
    switch nodes[node] {
    case .any(let nodes): for node in nodes { expand(node, rest, into: &out) }
    case .sequence(let parts):
      guard let first = parts.first else { return }
      let frame = GrammarFrame(node: Int32(node))
      expand(first, GrammarLink(frame, rest, isContainer: false), into: &out)
    default: out.append(GrammarThread(top: GrammarFrame(node: Int32(node)), rest: rest))
    }
  }

  /// The ways on after a byte.
  func step(_ thread: GrammarThread, _ byte: UInt8, into out: inout [GrammarThread]) {
    let top = thread.top
    guard top.node >= 0 else { return }
    switch nodes[Int(top.node)] {
    case .automaton(let automaton):
      let next = automaton.step(Int(top.phase), byte)
      if next >= 0 {
        var thread = thread
        thread.top.phase = Int16(next)
        out.append(thread)
      }
      if automaton.accepts[Int(top.phase)] {
        for thread in finished(thread.rest) { step(thread, byte, into: &out) }
      }
    case .string(let least, let most): string(thread, byte, least, most, into: &out)
    case .array(let array): step(array, thread, byte, into: &out)
    case .object(let object): step(object, thread, byte, into: &out)
    case .free(let marker, let body, let returns, _):
      let matched = marker.step(Int(top.phase), byte)
      if matched < marker.bytes.count {
        var thread = thread
        thread.top.phase = Int16(matched)
        out.append(thread)
      } else {
        var frame = top
        frame.phase = 0
        expand(
          body,
          returns ? GrammarLink(frame, thread.rest, isContainer: false) : thread.rest,
          into: &out
        )
      }
    case .any, .sequence: break
    }
  }

  /// What is open once the innermost is closed.
  func finished(_ rest: GrammarLink?) -> [GrammarThread] {
    guard let rest else { return [GrammarThread(top: GrammarFrame(node: -1), rest: nil)] }
    var frame = rest.frame
    guard case .sequence(let parts) = nodes[Int(frame.node)] else {
      if case .free = nodes[Int(frame.node)] {
      } else {
        frame.phase = Phase.afterValue
      }
      return [GrammarThread(top: frame, rest: rest.rest)]
    }
    frame.phase += 1
    guard Int(frame.phase) < parts.count else { return finished(rest.rest) }
    var out: [GrammarThread] = []
    expand(
      parts[Int(frame.phase)],
      GrammarLink(frame, rest.rest, isContainer: false),
      into: &out
    )
    return out
  }

  /// Whether nothing need follow.
  func isComplete(_ thread: GrammarThread) -> Bool {
    guard thread.top.node >= 0 else { return true }
    switch nodes[Int(thread.top.node)] {
    case .automaton(let automaton):
      return automaton.accepts[Int(thread.top.phase)]
        && finished(thread.rest).contains { isComplete($0) }
    case .free(_, _, _, let mayEnd): return mayEnd && thread.rest == nil
    default: return false
    }
  }

  // MARK: Space

  /// Space before a sign: one blank, or one new line and its indentation. True where the byte was one.
  private func space(
    _ thread: GrammarThread,
    _ byte: UInt8,
    into out: inout [GrammarThread]
  ) -> Bool {
    let before = thread.top.space
    let next: UInt8
    switch byte {
    case 0x20 where before == 0: next = 1
    case 0x20 where before >= 2 && Int(before) - 2 < Self.maximumIndent: next = before + 1
    case 0x0A where before == 0: next = 2
    default: return false
    }
    var thread = thread
    thread.top.space = next
    out.append(thread)
    return true
  }

  // MARK: Arrays

  private func step(
    _ array: GrammarArray,
    _ thread: GrammarThread,
    _ byte: UInt8,
    into out: inout [GrammarThread]
  ) {
    let phase = thread.top.phase
    if phase == Phase.start {
      if byte == 0x5B {
        var thread = thread
        thread.top.phase = Phase.open
        out.append(thread)
      }
      return
    }
    let count = Int(thread.top.count)
    let depth = (thread.rest?.depth ?? 0) + 1
    func fits(_ place: Int) -> Bool {
      array.item(place).flatMap { depths[$0] }.map { depth + $0 <= Self.maximumDepth } ?? false
    }
    if space(thread, byte, into: &out) { return }
    switch byte {
    case 0x5D where phase != Phase.afterComma && count >= array.least:
      out += finished(thread.rest)
    case 0x2C where phase == Phase.afterValue:
      guard fits(count) else { return }
      var thread = thread
      thread.top.phase = Phase.afterComma
      thread.top.space = 0
      out.append(thread)
    default:
      guard phase != Phase.afterValue, let item = array.item(count), fits(count) else { return }
      var frame = thread.top
      // Without a maximum nothing depends on more items than must be there.
      if array.most != nil || count < max(array.least, array.prefix.count) {
        frame.count = count < Int(Int32.max) ? frame.count + 1 : frame.count
      }
      frame.space = 0
      begin(item, frame, thread.rest, byte, into: &out)
    }
  }

  /// Begins the value of a container and reads its first byte.
  private func begin(
    _ node: Int,
    _ frame: GrammarFrame,
    _ rest: GrammarLink?,
    _ byte: UInt8,
    into out: inout [GrammarThread]
  ) {
    var starts: [GrammarThread] = []
    expand(node, GrammarLink(frame, rest, isContainer: true), into: &starts)
    for start in starts { step(start, byte, into: &out) }
  }

  // MARK: Objects

  /// The declared properties that may come next, as bits.
  private func available(_ object: GrammarObject, _ members: GrammarMembers, _ depth: Int)
    -> UInt128
  {
    let missing = (object.required & ~members.seen).nonzeroBitCount
    let hasRoom = members.count + missing < object.most ?? .max
    var result: UInt128 = 0
    for (index, property) in object.properties.enumerated() {
      let bit = UInt128(1) << UInt128(index)
      let isRequired = object.required & bit != 0
      if members.seen & bit != 0 {
        if object.isOrdered { result = 0 }
        continue
      }
      guard isRequired || hasRoom, let least = depths[property.node],
        depth + least <= Self.maximumDepth
      else { continue }
      result |= bit
      if object.isOrdered, isRequired { break }
    }
    return result
  }

  private func allowsOthers(
    _ object: GrammarObject,
    _ members: GrammarMembers,
    _ depth: Int
  ) -> Bool {
    guard let node = object.additional, let least = depths[node],
      depth + least <= Self.maximumDepth
    else { return false }
    let missing = (object.required & ~members.seen).nonzeroBitCount
    return members.count + missing < object.most ?? .max
  }

  private func step(
    _ object: GrammarObject,
    _ thread: GrammarThread,
    _ byte: UInt8,
    into out: inout [GrammarThread]
  ) {
    var next = thread
    next.top.space = 0
    let phase = thread.top.phase
    guard let members = thread.top.object else {
      if byte == 0x7B {
        next.top.phase = Phase.open
        next.top.object = GrammarMembers()
        out.append(next)
      }
      return
    }
    let depth = (thread.rest?.depth ?? 0) + 1
    switch phase {
    case Phase.name...: name(object, members, next, byte, depth, into: &out)
    case Phase.otherName..<Phase.name: otherName(object, members, next, byte, into: &out)
    case Phase.afterName:
      if byte == 0x3A {
        next.top.phase = Phase.beforeValue
        out.append(next)
      }
    case Phase.beforeValue:
      if space(thread, byte, into: &out) { return }
      // `count` holds the property whose value comes; the others' is one more than the last.
      let place = Int(next.top.count)
      let node =
        place < object.properties.count ? object.properties[place].node : object.additional
      guard let node else { return }
      next.top.count = 0
      begin(node, next.top, next.rest, byte, into: &out)
    default:
      if space(thread, byte, into: &out) { return }
      switch byte {
      case 0x7D where phase != Phase.afterComma:
        if object.required & ~members.seen == 0, members.count >= object.least {
          out += finished(thread.rest)
        }
      case 0x2C where phase == Phase.afterValue:
        if available(object, members, depth) != 0 || allowsOthers(object, members, depth) {
          next.top.phase = Phase.afterComma
          out.append(next)
        }
      case 0x22 where phase != Phase.afterValue:
        if available(object, members, depth) != 0 {
          next.top.phase = Phase.name
          out.append(next)
        }
        if allowsOthers(object, members, depth) {
          next.top.phase = Phase.otherName
          next.top.count = 0
          out.append(next)
        }
      default: break
      }
    }
  }

  private func name(
    _ object: GrammarObject,
    _ members: GrammarMembers,
    _ thread: GrammarThread,
    _ byte: UInt8,
    _ depth: Int,
    into out: inout [GrammarThread]
  ) {
    guard let place = object.names[Int(thread.top.phase - Phase.name)].next[byte] else { return }
    let branch = object.names[place]
    guard branch.below & available(object, members, depth) != 0 else { return }
    var thread = thread
    if let property = branch.property {
      thread.top.object?.seen |= UInt128(1) << UInt128(property)
      thread.top.count = Int32(property)
      thread.top.phase = Phase.afterName
    } else {
      thread.top.phase = Phase.name + Int16(place)
    }
    out.append(thread)
  }

  /// Names of undeclared properties need no escapes, so that equal names are equal bytes.
  private func otherName(
    _ object: GrammarObject,
    _ members: GrammarMembers,
    _ thread: GrammarThread,
    _ byte: UInt8,
    into out: inout [GrammarThread]
  ) {
    var thread = thread
    func isTaken(_ name: [UInt8]) -> Bool {
      object.reserved.contains(name) || members.others.contains(name)
    }
    let place = UInt8(thread.top.phase - Phase.otherName)
    if place == 0, byte == 0x22 {
      guard !isTaken(members.name) else { return }
      thread.top.object?.others.append(members.name)
      thread.top.object?.name = []
      thread.top.phase = Phase.afterName
      thread.top.count = Int32(object.properties.count)
      out.append(thread)
      return
    }
    if place == 0, byte == 0x5C || byte < 0x20 { return }
    if place == 0 {
      guard thread.top.count < Self.maximumName else { return }
      thread.top.count += 1
    }
    guard let next = UTF8Place.step(place, byte) else { return }
    // The last character must leave a name that is free: nothing can follow it but the quote.
    if next == 0, thread.top.count == Self.maximumName, isTaken(members.name + [byte]) { return }
    thread.top.object?.name.append(byte)
    thread.top.phase = Phase.otherName + Int16(next)
    out.append(thread)
  }
}

/// Places within the bytes of a character, 0 before and behind it.
enum UTF8Place {
  @inline(__always)
  static func step(_ place: UInt8, _ byte: UInt8) -> UInt8? {
    switch place {
    case 0:
      switch byte {
      case 0..<0x80: 0
      case 0xC2...0xDF: 1
      case 0xE0: 4
      case 0xED: 5
      case 0xE1...0xEF: 2
      case 0xF0: 6
      case 0xF1...0xF3: 3
      case 0xF4: 7
      default: nil
      }
    case 1...3: byte & 0xC0 == 0x80 ? place - 1 : nil
    case 4: (0xA0...0xBF).contains(byte) ? 1 : nil
    case 5: (0x80...0x9F).contains(byte) ? 1 : nil
    case 6: (0x90...0xBF).contains(byte) ? 2 : nil
    default: (0x80...0x8F).contains(byte) ? 2 : nil
    }
  }
}
