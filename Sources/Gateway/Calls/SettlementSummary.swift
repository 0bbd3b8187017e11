import Journal

/// A settlement as the end of a spooled answer keeps it: should the gateway die before the ledger
/// has it, the next one reads it there.
enum SettlementSummary {
  /// Lines: a version, what, amount, whether beyond, basis, kinds used, and the outcome as the rest.
  static func encode(_ settlement: CallSettlement) -> [UInt8] {
    switch settlement {
    case .release(let outcome): return Array("1\nrelease\n\(outcome)".utf8)
    case .unknown(let outcome): return Array("1\nunknown\n\(outcome)".utf8)
    case .charge(let charge):
      var used = ""
      for kind in CallUsage.Kind.allCases where charge.used[kind] != 0 {
        used += "\(kind.rawValue)=\(charge.used[kind]) "
      }
      let beyond = charge.beyond ? "beyond" : "within"
      return Array(
        "1\ncharge\n\(charge.amount)\n\(beyond)\n\(charge.basis)\n\(used)\n\(charge.outcome)".utf8
      )
    }
  }

  /// Nil for what is no summary of ours: such a call is unknown.
  static func decode(_ bytes: [UInt8]) -> CallSettlement? {
    let text = String(decoding: bytes, as: UTF8.self)
    let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "1" else { return nil }
    switch parts[1] {
    case "release": return .release(outcome: String(parts[2]))
    case "unknown": return .unknown(outcome: String(parts[2]))
    case "charge": return charge(parts[2])
    default: return nil
    }
  }

  private static func charge(_ text: Substring) -> CallSettlement? {
    let parts = text.split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, let amount = Int64(parts[0]), amount >= 0,
      parts[1] == "beyond" || parts[1] == "within"
    else { return nil }
    var used = CallUsage()
    for item in parts[3].split(separator: " ") {
      let pair = item.split(separator: "=")
      guard pair.count == 2, let kind = CallUsage.Kind(rawValue: String(pair[0])),
        let count = Int64(pair[1]), count >= 0
      else { return nil }
      used[kind] = count
    }
    return .charge(
      CallCharge(
        amount: amount,
        basis: String(parts[2]),
        used: used,
        outcome: String(parts[4]),
        beyond: parts[1] == "beyond"
      )
    )
  }
}
