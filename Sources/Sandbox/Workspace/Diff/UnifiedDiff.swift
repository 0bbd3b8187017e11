internal import CLinux

/// The unified diff of two texts, as lines handed to a closure.
///
/// What both have in common at the beginning and at the end is skipped unread into memory; what is
/// left in the middle is compared line by line where it is of bearable size, and shown as replaced
/// whole otherwise.
struct UnifiedDiff {
  private let old: TextSource
  private let new: TextSource
  private let context: Int
  /// More than this in the middle is not compared line by line.
  private static let mostBytes = 16 << 20
  private static let mostLines = 1 << 18

  init(_ old: TextSource, _ new: TextSource, context: Int = 3) {
    self.old = old
    self.new = new
    self.context = context
  }

  /// Gives the lines of the diff.
  func write(_ sink: (DiffLine) throws -> Void) throws {
    _ = try run(isShown: true, sink)
  }

  /// Counts the lines that differ.
  func counts() throws -> LineCounts {
    try run(isShown: false) { _ in }
  }

  private func run(
    isShown: Bool,
    _ sink: (DiffLine) throws -> Void
  ) throws -> LineCounts {
    let prefix = try TextSource.commonPrefix(old, new)
    if prefix == old.size, prefix == new.size { return LineCounts() }
    let suffix = try TextSource.commonSuffix(old, new, after: prefix)
    let start = try lineStart(before: prefix)
    let trailing = try lineEnd(after: suffix)
    let oldMiddle = start..<(old.size - trailing)
    let newMiddle = start..<(new.size - trailing)
    let line = try old.lineBreaks(in: 0..<start)
    if oldMiddle.count + newMiddle.count > Self.mostBytes {
      return try replaceWhole(oldMiddle, newMiddle, line, isShown, sink)
    }
    let (left, right) = (try old.read(oldMiddle), try new.read(newMiddle))
    let (oldLines, newLines) = (Lines(left), Lines(right))
    if oldLines.count + newLines.count > Self.mostLines {
      return try replaceWhole(oldMiddle, newMiddle, line, isShown, sink)
    }
    let (a, b) = Lines.numbers(oldLines, newLines)
    let diff = LineDiff(a, b)
    var counts = LineCounts()
    for isAdded in diff.added where isAdded { counts.added += 1 }
    for isRemoved in diff.removed where isRemoved { counts.removed += 1 }
    if isShown { try writeHunks(diff, oldLines, newLines, line, sink) }
    return counts
  }

  // MARK: Where the middle begins and ends

  /// The beginning of the line that holds an offset, and of as many before it as are context.
  private func lineStart(before offset: Int) throws(WorkspaceError) -> Int {
    var start = offset
    var lines = context + 1
    while start > 0 {
      let from = max(0, start - 4096)
      let bytes = try old.read(from..<start)
      for index in bytes.indices.reversed() where bytes[index] == 10 {
        lines -= 1
        if lines == 0 { return from + index + 1 }
      }
      // A line longer than this is shown in part of the file's whole.
      start = from
    }
    return 0
  }

  /// How much of a common end is left once the lines of context in it belong to the middle.
  private func lineEnd(after suffix: Int) throws(WorkspaceError) -> Int {
    var remaining = suffix
    var lines = context + 1
    while remaining > 0 {
      let from = old.size - remaining
      let bytes = try old.read(from..<min(old.size, from + 4096))
      if bytes.isEmpty { return 0 }
      for index in bytes.indices where bytes[index] == 10 {
        lines -= 1
        if lines == 0 { return remaining - index - 1 }
      }
      remaining -= bytes.count
    }
    return 0
  }

  // MARK: Output

  private func writeHunks(
    _ diff: LineDiff,
    _ oldLines: Lines,
    _ newLines: Lines,
    _ base: Int,
    _ sink: (DiffLine) throws -> Void
  ) throws {
    var (x, y) = (0, 0)
    while true {
      // Both stand at the same line: skip to the next change.
      while x < oldLines.count, y < newLines.count, !diff.removed[x], !diff.added[y] {
        x += 1
        y += 1
      }
      if x >= oldLines.count, y >= newLines.count { return }
      let begin = min(x, y, context)
      let (oldStart, newStart) = (x - begin, y - begin)
      var (oldEnd, newEnd) = (x, y)
      var equal = 0
      while oldEnd < oldLines.count || newEnd < newLines.count {
        if oldEnd < oldLines.count, diff.removed[oldEnd] {
          oldEnd += 1
          equal = 0
        } else if newEnd < newLines.count, diff.added[newEnd] {
          newEnd += 1
          equal = 0
        } else {
          if equal == 2 * context { break }
          equal += 1
          oldEnd += 1
          newEnd += 1
        }
      }
      let surplus = max(0, equal - context)
      oldEnd -= surplus
      newEnd -= surplus
      try sink(
        DiffLine(
          .position,
          "@@ -\(range(base + oldStart, oldEnd - oldStart)) "
            + "+\(range(base + newStart, newEnd - newStart)) @@"
        )
      )
      (x, y) = (oldStart, newStart)
      while x < oldEnd || y < newEnd {
        if x < oldEnd, diff.removed[x] {
          try give(.removed, oldLines, x, sink)
          x += 1
        } else if y < newEnd, diff.added[y] {
          try give(.added, newLines, y, sink)
          y += 1
        } else {
          try give(.context, oldLines, x, sink)
          x += 1
          y += 1
        }
      }
    }
  }

  private func range(_ start: Int, _ count: Int) -> String {
    let first = count == 0 ? start : start + 1
    return count == 1 ? "\(first)" : "\(first),\(count)"
  }

  private func give(
    _ kind: DiffLine.Kind,
    _ lines: Lines,
    _ index: Int,
    _ sink: (DiffLine) throws -> Void
  ) throws {
    let (text, isTerminated) = lines[index]
    try sink(DiffLine(kind, text))
    if !isTerminated { try sink(DiffLine(.note, "\\ No newline at end of file")) }
  }

  private func replaceWhole(
    _ oldRange: Range<Int>,
    _ newRange: Range<Int>,
    _ base: Int,
    _ isShown: Bool,
    _ sink: (DiffLine) throws -> Void
  ) throws -> LineCounts {
    var counts = LineCounts()
    counts.removed = try lineCount(old, oldRange)
    counts.added = try lineCount(new, newRange)
    if !isShown { return counts }
    try sink(
      DiffLine(
        .position,
        "@@ -\(range(base, counts.removed)) +\(range(base, counts.added)) @@"
      )
    )
    for (kind, source, range) in [
      (DiffLine.Kind.removed, old, oldRange), (DiffLine.Kind.added, new, newRange),
    ] {
      try stream(source, range) { text, isTerminated in
        try sink(DiffLine(kind, text))
        if !isTerminated { try sink(DiffLine(.note, "\\ No newline at end of file")) }
      }
    }
    return counts
  }

  private func lineCount(_ source: TextSource, _ range: Range<Int>) throws(WorkspaceError) -> Int {
    if range.isEmpty { return 0 }
    let breaks = try source.lineBreaks(in: range)
    return try source.read((range.upperBound - 1)..<range.upperBound) == [10] ? breaks : breaks + 1
  }

  /// The longest piece of a line that is given in one; longer lines are cut.
  private static let longestLine = 1 << 20

  private func stream(
    _ source: TextSource,
    _ range: Range<Int>,
    _ body: (ArraySlice<UInt8>, Bool) throws -> Void
  ) throws {
    var rest: [UInt8] = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      let bytes = try source.read(offset..<min(offset + FileContent.chunk, range.upperBound))
      if bytes.isEmpty { break }
      offset += bytes.count
      rest += bytes
      let lines = Lines(rest)
      var used = 0
      for index in 0..<lines.count {
        let (text, isTerminated) = lines[index]
        guard isTerminated || rest.count > Self.longestLine else { break }
        try body(text, true)
        used += text.count + (isTerminated ? 1 : 0)
      }
      rest.removeFirst(used)
    }
    if !rest.isEmpty { try body(rest[...], false) }
  }
}
