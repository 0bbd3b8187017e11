import Synchronization

/// Which tokens a grammar allows, by where a text stands; shared by all texts of one grammar.
package final class GrammarMasks: Sendable {
  package let grammar: Grammar
  package let vocabulary: GrammarVocabulary
  /// Masks by the way a text is read. Emptied when full: a mask takes a bit a token.
  private let known = Mutex<[GrammarThread: TokenMask]>([:])
  private let capacity: Int

  /// - Parameter memory: bytes that kept masks may take.
  package init(grammar: Grammar, vocabulary: GrammarVocabulary, memory: Int = 32 << 20) {
    self.grammar = grammar
    self.vocabulary = vocabulary
    capacity = max(16, memory / max(1, vocabulary.count / 8))
  }

  /// The tokens that may come next; those that end a text only where it is complete.
  package func mask(_ state: GrammarState) -> TokenMask {
    var result = TokenMask(count: vocabulary.count, allowing: false)
    for thread in state.threads where thread.top.node >= 0 {
      result.formUnion(mask(thread))
    }
    if state.isComplete {
      for end in vocabulary.ends where end >= 0 && Int(end) < vocabulary.count {
        result[Int(end)] = true
      }
    }
    return result
  }

  /// The tokens each of whose bytes leads nearer to the end of the text.
  func closing(_ state: GrammarState) -> TokenMask {
    var result = TokenMask(count: vocabulary.count, allowing: false)
    let trie = vocabulary.all
    var levels = [(threads: state.threads, cost: state.cost)]
    var node = 0
    while node < trie.bytes.count {
      let depth = Int(trie.depths[node])
      levels.removeSubrange((depth + 1)...)
      var next: [GrammarThread] = []
      for thread in levels[depth].threads { grammar.step(thread, trie.bytes[node], into: &next) }
      let cost = next.map { grammar.cost($0) }.min() ?? GrammarCosts.endless
      guard cost < levels[depth].cost else {
        node = Int(trie.skips[node])
        continue
      }
      for token in trie.tokens(at: node) { result[Int(token)] = true }
      levels.append((Grammar.distinct(next), cost))
      node += 1
    }
    return result
  }

  private func mask(_ thread: GrammarThread) -> TokenMask {
    let key = canonical(thread)
    if let mask = known.withLock({ $0[key] }) { return mask }
    var mask: TokenMask
    if let room = plainRoom(thread) {
      mask =
        room < 0
        ? TokenMask(count: vocabulary.count, allowing: false)
        : vocabulary.plain[min(room, vocabulary.plain.count - 1)]
      walk(vocabulary.special, thread, &mask)
    } else {
      mask = TokenMask(count: vocabulary.count, allowing: false)
      walk(vocabulary.all, thread, &mask)
    }
    known.withLock {
      if $0.count >= capacity { $0.removeAll() }
      $0[key] = mask
    }
    return mask
  }

  /// How many plain characters may follow, where a text is inside a string or a name; nil elsewhere.
  private func plainRoom(_ thread: GrammarThread) -> Int? {
    switch grammar.nodes[Int(thread.top.node)] {
    case .string(_, let most) where thread.top.phase == Grammar.Text.plain:
      return most.map { $0 - Int(thread.top.count) } ?? .max
    case .object where thread.top.phase == Grammar.Phase.otherName:
      // The last character of a name is looked at more closely, and may be left out here.
      return Grammar.maximumName - 1 - Int(thread.top.count)
    default: return nil
    }
  }

  /// The same for all strings that are far from their bounds.
  private func canonical(_ thread: GrammarThread) -> GrammarThread {
    guard case .string(let least, let most?) = grammar.nodes[Int(thread.top.node)] else {
      return thread
    }
    let far = TokenTrie.maximumLength + 1
    let count = Int(thread.top.count)
    guard count >= least, most - count > far, most - least > far else { return thread }
    var thread = thread
    thread.top.count = Int32(clamping: least)
    return thread
  }

  private func walk(_ trie: TokenTrie, _ thread: GrammarThread, _ mask: inout TokenMask) {
    var levels = [[thread]]
    var node = 0
    while node < trie.bytes.count {
      let depth = Int(trie.depths[node])
      if depth + 1 == levels.count { levels.append([]) }
      var next: [GrammarThread] = []
      swap(&next, &levels[depth + 1])
      next.removeAll(keepingCapacity: true)
      for thread in levels[depth] { grammar.step(thread, trie.bytes[node], into: &next) }
      if next.count > 8 { next = Grammar.distinct(next) }
      let isDead = next.isEmpty
      swap(&next, &levels[depth + 1])
      if isDead {
        node = Int(trie.skips[node])
      } else {
        for token in trie.tokens(at: node) { mask[Int(token)] = true }
        node += 1
      }
    }
  }
}

extension TokenMask {
  mutating func formUnion(_ other: TokenMask) {
    for place in words.indices where place < other.words.count {
      words[place] |= other.words[place]
    }
  }
}
