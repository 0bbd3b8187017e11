/// Tokens of one sequence that go through the model in one step, at positions one after the other.
struct Run {
  /// Of the cache; every position before the first was stored there by earlier steps.
  var slot: Int
  var position: Int
  var tokens: ArraySlice<Int32>
  var wanted: Wanted

  /// Which of the tokens' logits are computed.
  enum Wanted { case none, last, all }

  /// How many rows of logits it gets.
  var rows: Int {
    switch wanted {
    case .none: 0
    case .last: min(1, tokens.count)
    case .all: tokens.count
    }
  }
}
