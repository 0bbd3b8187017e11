@testable import Journal

/// Where effects land: it counts, and what has a key it does once.
struct SimulatedWorld {
  struct Flight {
    let place: Int
    let sequence: Int
    let epoch: Int64
    let pid: Int32
    let key: String
    let effect: EffectClass
  }

  /// Of effects that have left and not landed.
  var flights: [Flight] = []
  /// How often each step's effect happened, by place and sequence.
  private(set) var counts = Array(repeating: Array(repeating: 0, count: 8), count: 8)
  private var keys: [String] = []

  /// How often it has happened by now.
  mutating func land(_ flight: Flight) -> Int {
    if flight.effect == .keyed {
      if keys.contains(flight.key) { return counts[flight.place][flight.sequence] }
      keys.append(flight.key)
    }
    counts[flight.place][flight.sequence] += 1
    return counts[flight.place][flight.sequence]
  }
}
