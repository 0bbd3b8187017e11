/// What a key of a GGUF file says; the width that a number had there is forgotten.
package enum GGUFValue: Sendable {
  case unsigned(UInt64)
  case signed(Int64)
  case real(Double)
  case flag(Bool)
  /// Bytes, because chat templates and names are not all UTF-8.
  case text([UInt8])
  /// Apart, so that a table of many small values stays small.
  indirect case list(GGUFList)

  /// The codes of GGUF for what follows a key.
  package enum Kind: UInt32, Sendable {
    case uint8 = 0
    case int8, uint16, int16, uint32, int32, float32, flag, text, list, uint64, int64, float64

    /// Bytes of one, where all take the same.
    package var size: Int? {
      switch self {
      case .uint8, .int8, .flag: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64: 8
      case .text, .list: nil
      }
    }
  }

  /// Nil where it is no whole number, or one below zero.
  package var unsigned: UInt64? {
    switch self {
    case .unsigned(let value): value
    case .signed(let value): UInt64(exactly: value)
    default: nil
    }
  }

  /// Nil where it is no whole number, or above `Int64.max`.
  package var signed: Int64? {
    switch self {
    case .unsigned(let value): Int64(exactly: value)
    case .signed(let value): value
    default: nil
    }
  }

  /// Whole numbers are numbers, too.
  package var real: Double? {
    switch self {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
}
