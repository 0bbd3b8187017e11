/// One line of `git diff-tree --raw`.
struct RawDifference {
  var modes: (before: UInt32, after: UInt32)
  var names: (before: ObjectName, after: ObjectName)
  var letter: UInt8
  var path: RelativePath

  static func parse(_ bytes: [UInt8]) throws(GitError) -> [RawDifference] {
    var entries: [RawDifference] = []
    let fields = bytes.split(separator: 0)
    guard fields.count.isMultiple(of: 2) else {
      throw .unreadable(doing: "compare two commits", what: "half a line")
    }
    for index in stride(from: 0, to: fields.count, by: 2) {
      let words = String(decoding: fields[index].dropFirst(), as: UTF8.self).split(separator: " ")
      guard fields[index].first == UInt8(ascii: ":"), words.count == 5,
        let before = UInt32(words[0], radix: 8), let after = UInt32(words[1], radix: 8),
        let old = ObjectName(words[2]), let new = ObjectName(words[3]),
        let letter = words[4].utf8.first, let path = RelativePath(fields[index + 1]), !path.isRoot
      else { throw .unreadable(doing: "compare two commits", what: "no line of a difference") }
      entries.append(
        RawDifference(
          modes: (before, after),
          names: (old, new),
          letter: letter,
          path: path
        )
      )
    }
    return entries.sorted { $0.path < $1.path }
  }
}
