/// Finds the commits of a pack, in whatever pieces it comes.
///
/// No number that a pack holds is believed: memory grows with what has come, and with what that
/// became, both of which have bounds. Objects of other kinds are passed over.
struct PackReader: Sendable {
  enum Found {
    /// More bytes are needed.
    case more
    case commit(ObjectID, content: [UInt8])
    /// The pack is over.
    case end
  }

  /// Hashes a whole object, its head included.
  typealias Digest = @Sendable ([UInt8]) -> [UInt8]

  /// Bounds on one pack.
  struct Bounds: Sendable {
    var commits = 100_000
    /// Of one commit, as it is made.
    var commit = 1 << 20
    /// Of all commits together, which are kept because others may be made from them.
    var kept = 16 << 20
    /// Of everything that is decoded.
    var made = 64 << 20
  }

  private enum State {
    case header([UInt8])
    case entry
    case body(Entry, Inflater)
    case over
  }

  private enum Base {
    case none
    case offset(Int)
    case id(ObjectID)
  }

  /// What stands in front of an object's content.
  private struct Entry {
    let start: Int
    var head: [UInt8] = []
    var isCommit = false
    var size = 0
    /// What it is made from, where that is a commit.
    var base: [UInt8]?
  }

  /// Of the repository's ids, in bytes.
  let idLength: Int
  private let bounds: Bounds
  private let digest: Digest
  private var bytes = PackBytes()
  private var state: State = .header([])
  private var entry = Entry(start: 12)
  private var missing = 0
  private var made = 0
  private var kept = 0
  private var commits: [Int: [UInt8]] = [:]
  private var places: [ObjectID: Int] = [:]

  init(idLength: Int, bounds: Bounds = Bounds(), digest: @escaping Digest) {
    self.idLength = idLength
    self.bounds = bounds
    self.digest = digest
  }

  /// Whether nothing of it has come.
  var isUntouched: Bool { if case .header(let head) = state { head.isEmpty } else { false } }

  mutating func add(_ piece: [UInt8]) { bytes.add(piece) }

  /// Reads to the next commit, or as far as the bytes go.
  mutating func next() throws(PackProblem) -> Found {
    while true {
      switch state {
      case .header(var head):
        guard let byte = bytes.next() else { return .more }
        head.append(byte)
        state = .header(head)
        if head.count == 12 { try begin(head) }
      case .entry:
        guard let byte = bytes.next() else { return .more }
        entry.head.append(byte)
        if let read = try readEntry() { state = .body(read.entry, read.inflater) }
      case .body(let entry, let inflater):
        guard try inflater.read(&bytes) else { return .more }
        if let found = try end(entry, inflater) { return found }
      case .over:
        return .end
      }
    }
  }

  private mutating func begin(_ head: [UInt8]) throws(PackProblem) {
    guard head.starts(with: "PACK\0\0\0".utf8), head[7] == 2 || head[7] == 3 else {
      throw .malformed("it does not begin as a pack does")
    }
    missing = head[8...].reduce(0) { $0 << 8 | Int($1) }
    startEntry()
  }

  private mutating func startEntry() {
    entry = Entry(start: bytes.offset)
    state = missing > 0 ? .entry : .over
  }

  // MARK: In front of an object

  /// Nil until its head is there as a whole.
  private func readEntry() throws(PackProblem) -> (entry: Entry, inflater: Inflater)? {
    var entry = self.entry
    guard let sizeEnd = entry.head.firstIndex(where: { $0 & 0x80 == 0 }) else {
      guard entry.head.count <= 8 else { throw .malformed("an object has no size") }
      return nil
    }
    for byte in entry.head[..<(sizeEnd + 1)].dropFirst().reversed() {
      entry.size = entry.size << 7 | Int(byte & 0x7F)
    }
    entry.size = entry.size << 4 | Int(entry.head[0] & 0x0F)
    let rest = entry.head[(sizeEnd + 1)...]
    var base = Base.none
    switch entry.head[0] >> 4 & 7 {
    case 1: entry.isCommit = true
    case 2, 3, 4: break
    case 6:
      guard let distance = try Self.distance(rest) else { return nil }
      guard distance > 0, distance <= entry.start - 12 else {
        throw .malformed("an object is made from one that does not stand before it")
      }
      base = .offset(entry.start - distance)
    case 7:
      guard rest.count == idLength else { return nil }
      base = ObjectID(rest).map(Base.id) ?? .none
    default: throw .malformed("an object is of no kind that git has")
    }
    switch base {
    case .none: break
    case .offset(let place): entry.base = commits[place]
    case .id(let id): entry.base = places[id].flatMap { commits[$0] }
    }
    return (entry, inflater(for: entry))
  }

  private func inflater(for entry: Entry) -> Inflater {
    let left = bounds.made - made
    let isKept = entry.size <= bounds.commit && (entry.isCommit || entry.base != nil)
    return Inflater(
      limit: min(entry.size, left),
      beyond: entry.size <= left ? .malformed("an object is larger than it says") : tooMuch,
      keeps: isKept
    )
  }

  /// How far back the base stands; nil until the number is there as a whole.
  private static func distance(_ bytes: ArraySlice<UInt8>) throws(PackProblem) -> Int? {
    guard let last = bytes.last else { return nil }
    guard bytes.count <= 7 else { throw .malformed("an object is made from one that is too far") }
    guard last & 0x80 == 0 else { return nil }
    return bytes.dropFirst().reduce(Int(bytes.first.map { $0 & 0x7F } ?? 0)) {
      ($0 + 1) << 7 | Int($1 & 0x7F)
    }
  }

  // MARK: Behind an object

  private mutating func end(_ entry: Entry, _ inflater: Inflater) throws(PackProblem) -> Found? {
    guard inflater.made == entry.size else {
      throw .malformed("an object is smaller than it says")
    }
    made += inflater.made
    missing -= 1
    startEntry()
    guard entry.size <= bounds.commit else { return nil }
    var content = inflater.output
    if let base = entry.base {
      let left = bounds.made - made
      content = try PackDelta.apply(
        content,
        to: base,
        limit: min(bounds.commit, left),
        beyond: left < bounds.commit ? tooMuch : .bound("a commit is larger than is looked at")
      )
      made += content.count
    } else if !entry.isCommit {
      return nil
    }
    kept += content.count
    guard commits.count < bounds.commits, kept <= bounds.kept else {
      throw .bound("it has more commits than are looked at")
    }
    let bytes = digest(Array("commit \(content.count)\0".utf8) + content)
    guard let id = ObjectID(bytes[...]) else { return nil }
    commits[entry.start] = content
    places[id] = entry.start
    return .commit(id, content: content)
  }

  private var tooMuch: PackProblem { .bound("it becomes larger than is looked at") }
}
