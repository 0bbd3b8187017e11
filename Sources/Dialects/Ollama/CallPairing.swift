/// Pairs results with calls where the dialect has no names for calls: by the tool's name, then in
/// order.
///
/// Every step takes the same time, however many calls a conversation has.
struct CallPairing {
  private var ids: [String] = []
  private var isAnswered: [Bool] = []
  private var byID: [String: Int] = [:]
  /// The calls of each tool, and how many of them have been looked at.
  private var byName: [String: (calls: [Int], next: Int)] = [:]
  private var next = 0

  /// The name of a call; one is made up where there is none.
  mutating func call(_ given: String?, _ name: String) -> String {
    let id = given.flatMap { $0.isEmpty ? nil : $0 } ?? "call_\(ids.count + 1)"
    byID[id] = ids.count
    byName[name, default: ([], 0)].calls.append(ids.count)
    ids.append(id)
    isAnswered.append(false)
    return id
  }

  /// The call that a result belongs to. A name that no call has is none: there are clients that name
  /// results and not calls.
  mutating func answer(_ given: String?, _ name: String?) -> String {
    if let given, let place = byID[given] {
      isAnswered[place] = true
      return given
    }
    guard let place = openCall(of: name) ?? openCall() else { return "call_0" }
    isAnswered[place] = true
    return ids[place]
  }

  private mutating func openCall(of name: String?) -> Int? {
    guard let name else { return nil }
    while let (calls, next) = byName[name], next < calls.count {
      if !isAnswered[calls[next]] { return calls[next] }
      byName[name]?.next += 1
    }
    return nil
  }

  private mutating func openCall() -> Int? {
    while next < ids.count {
      if !isAnswered[next] { return next }
      next += 1
    }
    return nil
  }
}
