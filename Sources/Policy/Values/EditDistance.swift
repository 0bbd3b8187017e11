/// The known word that a person most likely meant, or nil where none is near.
package func nearest(to word: String, in known: some Sequence<String>) -> String? {
  guard word.utf8.count <= 64 else { return nil }
  let letters = Array(word.lowercased())
  var best: (word: String, distance: Int)?
  for candidate in known {
    let distance = editDistance(letters, Array(candidate.lowercased()))
    if distance < best?.distance ?? Int.max { best = (candidate, distance) }
  }
  guard let best, best.distance <= max(1, best.word.count / 3) else { return nil }
  return best.word
}

/// The known words that a person may have meant, the nearest first; none where none is near.
package func nearest(
  to word: String,
  in known: some Sequence<String>,
  atMost count: Int
) -> [String] {
  guard word.utf8.count <= 128 else { return [] }
  let letters = Array(word.lowercased())
  var found: [(word: String, distance: Int)] = []
  for candidate in known {
    let other = Array(candidate.lowercased())
    guard abs(other.count - letters.count) <= max(2, letters.count / 3) else { continue }
    let distance = editDistance(letters, other)
    if distance <= max(2, letters.count / 3) { found.append((candidate, distance)) }
  }
  found.sort { ($0.distance, $0.word) < ($1.distance, $1.word) }
  return found.prefix(count).map(\.word)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  var before: [Int] = []
  var previous = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    for column in right.indices {
      let cost = left[row] == right[column] ? 0 : 1
      var least = min(previous[column] + cost, previous[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        least = min(least, before[column - 1] + 1)
      }
      current.append(least)
    }
    before = previous
    previous = current
  }
  return previous[right.count]
}
