/// Finds the strings that end an answer, also where tokens cut them, and keeps back what may yet
/// become one.
struct StopMatcher {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  init(stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// Takes what comes next; gives what is certain to stay, and whether a stop string was found, in
  /// which case nothing from its first byte on is ever given.
  mutating func take(_ text: [UInt8]) -> (certain: [UInt8], stopped: Bool) {
    guard !stops.isEmpty else { return (text, false) }
    held += text
    if let start = stops.compactMap({ first($0) }).min() {
      let certain = Array(held[..<start])
      held = []
      return (certain, true)
    }
    let kept = stops.map { unfinished($0) }.max() ?? 0
    let certain = Array(held.dropLast(kept))
    held.removeFirst(certain.count)
    return (certain, false)
  }

  /// What was kept back, when nothing comes any more.
  mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held
  }

  /// Where a stop string first lies in the held text.
  private func first(_ stop: [UInt8]) -> Int? {
    guard held.count >= stop.count else { return nil }
    return (0...(held.count - stop.count)).first {
      held[$0..<($0 + stop.count)].elementsEqual(stop)
    }
  }

  /// How many bytes at the end of the held text begin a stop string.
  private func unfinished(_ stop: [UInt8]) -> Int {
    let longest = min(held.count, stop.count - 1)
    guard longest > 0 else { return 0 }
    return stride(from: longest, to: 0, by: -1).first {
      held.suffix($0).elementsEqual(stop.prefix($0))
    } ?? 0
  }
}
