/// Texts to the tokens of a BERT, from its `vocab.txt`: `[CLS]`, the text, `[SEP]`.
///
/// What looks like a special token in a text is text: no text can pose as two.
package struct SentenceTokenizer: Sendable {
  package let count: Int
  private let wordPiece: WordPiece
  private let beginning: Int32
  private let end: Int32

  package init(vocabulary: UnsafeRawBufferPointer) throws(EmbeddingError) {
    var lines = TextList()
    var ids: [String: Int32] = [:]
    var start = 0
    while start < vocabulary.count {
      var stop = start
      while stop < vocabulary.count, vocabulary[stop] != 0x0A { stop += 1 }
      var line = UnsafeRawBufferPointer(rebasing: vocabulary[start..<stop])
      if line.last == 0x0D { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
      guard lines.append(line) else { throw .vocabulary("takes more than 1 GB") }
      if line.first == 0x5B { ids[String(decoding: line, as: UTF8.self)] = Int32(lines.count - 1) }
      start = stop + 1
    }
    func id(_ text: String) throws(EmbeddingError) -> Int32 {
      guard let id = ids[text] else { throw .vocabulary("has no line \(text)") }
      return id
    }
    (beginning, end) = (try id("[CLS]"), try id("[SEP]"))
    count = lines.count
    do {
      wordPiece = try WordPiece(lines: lines, unknown: id("[UNK]"), lowercases: true)
    } catch let error as EmbeddingError {
      throw error
    } catch {
      throw .vocabulary("is not used: \(error)")
    }
  }

  /// At most `limit` tokens, the two around a text being among them.
  package func encode(_ text: String, limit: Int) -> [Int32] {
    var tokens = [beginning]
    let bytes = Array(text.utf8)
    wordPiece.encode(bytes, in: 0..<bytes.count, into: &tokens)
    if tokens.count > limit - 1 { tokens.removeLast(tokens.count - max(limit - 1, 1)) }
    tokens.append(end)
    return tokens
  }
}
