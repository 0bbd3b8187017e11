/// Decodes one zlib stream (RFC 1950, 1951) in whatever pieces it comes.
///
/// Its checksum is not looked at: whether an object came out right, its id says.
struct Inflater: Sendable {
  private enum State {
    case header
    case block
    case stored
    case copying(Int)
    case tables
    case tableCode
    case tableLengths
    case symbols(HuffmanCode, distances: HuffmanCode)
    case checksum
    case done
  }

  /// Lengths of words that are being read, and of which tables.
  private struct Tables {
    var symbols = 0
    var distances = 0
    var ordered = 0
    var order: [UInt8] = []
    var code = HuffmanCode.fixedDistances
    var lengths: [UInt8] = []
  }

  /// All that came out, or its end where it is not kept.
  private(set) var output: [UInt8] = []
  /// How much came out.
  private(set) var made = 0
  private let limit: Int
  private let beyond: PackProblem
  private let keeps: Bool
  private var state: State = .header
  private var tables = Tables()
  private var isLast = false
  // Bits that came and were not taken. Of these the first `used` belong to what is being read: they
  // are taken when it is there as a whole, and looked at again when it is not. So never more are
  // fetched than belong to the stream, and never more than 55.
  private var bits: UInt64 = 0
  private var count = 0
  private var used = 0

  /// - Parameters:
  ///   - limit: how many bytes it may become.
  ///   - beyond: what is said of more.
  ///   - keeps: whether the output is of interest.
  init(limit: Int, beyond: PackProblem, keeps: Bool) {
    self.limit = limit
    self.beyond = beyond
    self.keeps = keeps
  }

  /// Reads to the end of the stream, or of the bytes; true at the former.
  mutating func read(_ bytes: inout PackBytes) throws(PackProblem) -> Bool {
    while true {
      if case .done = state { return true }
      guard try step(&bytes) else {
        used = 0
        return false
      }
      accept()
    }
  }

  /// Reads what is taken as a whole; false where more bytes are needed.
  private mutating func step(_ bytes: inout PackBytes) throws(PackProblem) -> Bool {
    switch state {
    case .header:
      guard let head = take(16, &bytes) else { return false }
      let (method, flags) = (head & 0xFF, head >> 8)
      guard method & 0x0F == 8, method >> 4 < 8, flags & 0x20 == 0, (method << 8 | flags) % 31 == 0
      else { throw .malformed("an object is not compressed as git compresses") }
      state = .block
    case .block:
      guard let head = take(3, &bytes) else { return false }
      isLast = head & 1 == 1
      switch head >> 1 {
      case 0: state = .stored
      case 1: state = .symbols(.fixedSymbols, distances: .fixedDistances)
      case 2: state = .tables
      default: throw Self.broken
      }
    case .stored:
      // It begins with the next whole byte.
      guard take((count - used) & 7, &bytes) != nil, let length = take(16, &bytes),
        let inverse = take(16, &bytes)
      else { return false }
      guard length ^ inverse == 0xFFFF else { throw Self.broken }
      state = .copying(length)
    case .copying(let length):
      for done in 0..<length {
        guard let byte = bytes.next() else {
          state = .copying(length - done)
          return false
        }
        try put(byte)
      }
      endBlock()
    case .tables: return try readTables(&bytes)
    case .tableCode: return try readTableCode(&bytes)
    case .tableLengths: return try readTableLengths(&bytes)
    case .symbols(let symbols, let distances):
      return try readSymbols(symbols, distances, &bytes)
    case .checksum:
      guard take((count - used) & 7, &bytes) != nil, take(32, &bytes) != nil else { return false }
      state = .done
    case .done: break
    }
    return true
  }

  // MARK: Tables of a block

  private mutating func readTables(_ bytes: inout PackBytes) throws(PackProblem) -> Bool {
    guard let head = take(14, &bytes) else { return false }
    tables = Tables(symbols: head & 31 + 257, distances: head >> 5 & 31 + 1)
    guard tables.symbols <= 286, tables.distances <= 30 else { throw Self.broken }
    tables.ordered = head >> 10 + 4
    state = .tableCode
    return true
  }

  private mutating func readTableCode(_ bytes: inout PackBytes) throws(PackProblem) -> Bool {
    guard let length = take(3, &bytes) else { return false }
    tables.order.append(UInt8(length))
    guard tables.order.count == tables.ordered else { return true }
    var lengths = [UInt8](repeating: 0, count: 19)
    for (place, length) in zip(Self.order, tables.order) { lengths[place] = length }
    guard let code = HuffmanCode(lengths: lengths[...], mayBeOne: false) else { throw Self.broken }
    tables.code = code
    state = .tableLengths
    return true
  }

  private mutating func readTableLengths(_ bytes: inout PackBytes) throws(PackProblem) -> Bool {
    guard let symbol = try decode(tables.code, &bytes) else { return false }
    switch symbol {
    case 0..<16: tables.lengths.append(UInt8(symbol))
    case 16:
      guard let last = tables.lengths.last else { throw Self.broken }
      guard let more = take(2, &bytes) else { return false }
      tables.lengths += repeatElement(last, count: more + 3)
    default:
      let isLong = symbol == 18
      guard let more = take(isLong ? 7 : 3, &bytes) else { return false }
      tables.lengths += repeatElement(0, count: more + (isLong ? 11 : 3))
    }
    let (lengths, number) = (tables.lengths, tables.symbols)
    guard lengths.count >= number + tables.distances else { return true }
    guard lengths.count == number + tables.distances, lengths[256] != 0,
      let symbols = HuffmanCode(lengths: lengths[..<number]),
      let distances = HuffmanCode(lengths: lengths[number...])
    else { throw Self.broken }
    state = .symbols(symbols, distances: distances)
    return true
  }

  // MARK: Content

  /// Reads to the end of the block; false where more bytes are needed.
  private mutating func readSymbols(
    _ symbols: HuffmanCode,
    _ distances: HuffmanCode,
    _ bytes: inout PackBytes
  ) throws(PackProblem) -> Bool {
    while true {
      guard let symbol = try decode(symbols, &bytes) else { return false }
      switch symbol {
      case 0..<256: try put(UInt8(symbol))
      case 256:
        endBlock()
        return true
      default:
        guard symbol < 286 else { throw Self.broken }
        let length = Self.lengths[symbol - 257]
        guard let more = take(length.bits, &bytes), let word = try decode(distances, &bytes)
        else { return false }
        guard word < 30 else { throw Self.broken }
        let distance = Self.distances[word]
        guard let further = take(distance.bits, &bytes) else { return false }
        try repeatOutput(from: distance.base + further, count: length.base + more)
      }
      accept()
    }
  }

  private mutating func endBlock() { state = isLast ? .checksum : .block }

  private mutating func put(_ byte: UInt8) throws(PackProblem) {
    guard made < limit else { throw beyond }
    made += 1
    output.append(byte)
    if !keeps, output.count >= 4 * Self.window { output.removeFirst(3 * Self.window) }
  }

  private mutating func repeatOutput(from distance: Int, count: Int) throws(PackProblem) {
    guard distance <= output.count, distance <= Self.window else { throw Self.broken }
    for _ in 0..<count { try put(output[output.count - distance]) }
  }

  // MARK: Bits

  /// The next bits of the stream, the first of them lowest; at most 32.
  private mutating func take(_ number: Int, _ bytes: inout PackBytes) -> Int? {
    while count - used < number {
      guard let byte = bytes.next() else { return nil }
      bits |= UInt64(byte) << UInt64(count)
      count += 8
    }
    defer { used += number }
    return Int(bits >> UInt64(used) & (1 << UInt64(number) - 1))
  }

  private mutating func accept() {
    bits >>= UInt64(used)
    count -= used
    used = 0
  }

  private mutating func decode(
    _ code: HuffmanCode,
    _ bytes: inout PackBytes
  ) throws(PackProblem) -> Int? {
    var (word, first, index) = (0, 0, 0)
    for length in 1...15 {
      guard let bit = take(1, &bytes) else { return nil }
      word |= bit
      let number = code.counts[length]
      if word - first < number { return Int(code.symbols[index + word - first]) }
      index += number
      first = (first + number) << 1
      word <<= 1
    }
    throw Self.broken
  }

  private static let broken = PackProblem.malformed("an object does not decode")
  /// How far back a stream may reach.
  private static let window = 32_768
  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// What a symbol stands for: a number, to which the next so many bits are added.
  private struct Range {
    let base: Int
    let bits: Int
  }

  private static let lengths = ranges(28, from: 3, each: 4) + [Range(base: 258, bits: 0)]
  private static let distances = ranges(30, from: 1, each: 2)

  /// - Parameter each: so many symbols have as many bits.
  private static func ranges(_ count: Int, from first: Int, each: Int) -> [Range] {
    var next = first
    return (0..<count).map { symbol in
      let range = Range(base: next, bits: max(symbol / each - 1, 0))
      next += 1 << range.bits
      return range
    }
  }
}
