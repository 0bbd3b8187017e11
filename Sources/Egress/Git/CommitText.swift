/// What of a commit's text is looked at.
enum CommitText {
  /// The commits that it follows on, as git reads them: lines right behind the first.
  static func parents(_ content: [UInt8], idLength: Int) -> [ObjectID] {
    guard let (tree, rest) = id(behind: "tree ", content[...]), tree.length == idLength else {
      return []
    }
    var parents: [ObjectID] = []
    var lines = rest
    while let (parent, rest) = id(behind: "parent ", lines), parent.length == idLength {
      parents.append(parent)
      lines = rest
    }
    return parents
  }

  private static func id(
    behind word: String,
    _ text: ArraySlice<UInt8>
  ) -> (ObjectID, rest: ArraySlice<UInt8>)? {
    guard text.starts(with: word.utf8) else { return nil }
    let line = text.dropFirst(word.utf8.count).prefix { $0 != 0x0A }
    guard line.endIndex < text.endIndex, let id = ObjectID(hexadecimal: line) else { return nil }
    return (id, text[(line.endIndex + 1)...])
  }
}
