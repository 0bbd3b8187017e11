/// What git calls an object by: the hash of its kind, length and content.
struct ObjectID: Hashable, Sendable {
  // Four words compare and hash faster than an array, and need no allocation.
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  private var third: UInt64 = 0
  private var fourth: UInt64 = 0
  /// In bytes. Ids of two lengths are never the same, whatever the longer one ends in.
  let length: Int

  /// Nil for what has neither 20 bytes (SHA-1) nor 32 (SHA-256).
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count == 20 || bytes.count == 32 else { return nil }
    length = bytes.count
    var place = 0
    for byte in bytes {
      switch place / 8 {
      case 0: first = first << 8 | UInt64(byte)
      case 1: second = second << 8 | UInt64(byte)
      case 2: third = third << 8 | UInt64(byte)
      default: fourth = fourth << 8 | UInt64(byte)
      }
      place += 1
    }
  }

  /// Nil for what is not lower-case hexadecimal of such a length.
  init?(hexadecimal text: ArraySlice<UInt8>) {
    guard text.count == 40 || text.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    var high: UInt8?
    for byte in text {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    self.init(bytes[...])
  }
}
