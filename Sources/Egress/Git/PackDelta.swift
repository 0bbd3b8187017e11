/// Makes an object from another and what differs, as git writes it in packs.
enum PackDelta {
  static func apply(
    _ delta: [UInt8],
    to base: [UInt8],
    limit: Int,
    beyond: PackProblem
  ) throws(PackProblem) -> [UInt8] {
    var rest = delta[...]
    guard try size(&rest) == base.count else { throw broken }
    let size = try size(&rest)
    guard size <= limit else { throw beyond }
    var made: [UInt8] = []
    while let command = rest.popFirst() {
      if command & 0x80 == 0 {
        guard command > 0, rest.count >= command else { throw broken }
        made += rest.prefix(Int(command))
        rest = rest.dropFirst(Int(command))
      } else {
        let start = try number(4, command, &rest)
        let written = try number(3, command >> 4, &rest)
        let count = written == 0 ? 0x10000 : written
        guard start <= base.count, count <= base.count - start else { throw broken }
        made += base[start..<(start + count)]
      }
      guard made.count <= size else { throw broken }
    }
    guard made.count == size else { throw broken }
    return made
  }

  /// A number whose lowest seven bits come first.
  private static func size(_ rest: inout ArraySlice<UInt8>) throws(PackProblem) -> Int {
    var (size, shift) = (0, 0)
    while let byte = rest.popFirst() {
      guard shift <= 49 else { break }
      size |= Int(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return size }
      shift += 7
    }
    throw broken
  }

  /// A number of which only those bytes are written that the lowest bits of `present` name.
  private static func number(
    _ width: Int,
    _ present: UInt8,
    _ rest: inout ArraySlice<UInt8>
  ) throws(PackProblem) -> Int {
    var number = 0
    for place in 0..<width where present >> UInt8(place) & 1 == 1 {
      guard let byte = rest.popFirst() else { throw broken }
      number |= Int(byte) << (8 * place)
    }
    return number
  }

  private static let broken = PackProblem.malformed("what makes an object from another is broken")
}
