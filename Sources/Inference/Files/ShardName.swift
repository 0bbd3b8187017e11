/// The name that one of several files of a model has: `name-00002-of-00003.gguf`.
struct ShardName {
  private let prefix: Substring
  /// From zero.
  let index: Int
  let count: Int

  /// Nil where the name is of another form.
  init?(_ path: String) {
    let ending = ".gguf"
    guard path.hasSuffix(ending) else { return nil }
    // "-00002-of-00003"
    let tail = path.dropLast(ending.count).suffix(15)
    let digits = [tail.dropFirst().prefix(5), tail.suffix(5)]
    guard tail.count == 15, tail.first == "-", tail.dropFirst(6).prefix(4) == "-of-",
      digits.allSatisfy({ $0.utf8.count == 5 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let number = Int(digits[0]), let count = Int(digits[1]), (1...max(count, 1)).contains(number)
    else { return nil }
    prefix = path.dropLast(ending.count + 15)
    index = number - 1
    self.count = count
  }

  /// Where another of them lies: in the same folder.
  func path(of index: Int) -> String { "\(prefix)-\(Self.tail(index + 1, of: count))" }

  static func example(of count: Int) -> String { "NAME-\(tail(1, of: count))" }

  private static func tail(_ number: Int, of count: Int) -> String {
    func five(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "\(five(number))-of-\(five(count)).gguf"
  }
}

extension GGUFFile {
  /// The files that make up one model with this one, by their names alone: itself, or each of its shards.
  package static func files(of path: String) -> [String] {
    guard let name = ShardName(path), name.count <= Split.mostFiles else { return [path] }
    return (0..<name.count).map(name.path(of:))
  }
}

/// What a file says of its place among several.
struct Split {
  /// From zero.
  let index: Int
  let count: Int
  /// In all files together.
  let tensors: Int?

  static let mostFiles = 1024

  /// Nil where the file says nothing of others.
  init?(_ shard: GGUFShard) throws(GGUFError) {
    guard let value = shard.metadata["split.count"] else { return nil }
    guard let count = value.unsigned.flatMap({ Int(exactly: $0) }), count <= Self.mostFiles else {
      throw GGUFError(
        path: shard.file.path,
        fault: .key("split.count", "is no count of files up to \(Self.mostFiles)")
      )
    }
    // A file that was split into one, or put together again, may say so.
    guard count > 1 else { return nil }
    guard let index = shard.metadata["split.no"]?.unsigned.flatMap({ Int(exactly: $0) }),
      index < count
    else {
      throw GGUFError(
        path: shard.file.path,
        fault: .key("split.no", "is no number below that of the files, \(count)")
      )
    }
    let total = shard.metadata["split.tensors.count"]
    tensors = total?.unsigned.flatMap { Int(exactly: $0) }
    guard total == nil || tensors != nil else {
      throw GGUFError(path: shard.file.path, fault: .key("split.tensors.count", "is no count"))
    }
    self.index = index
    self.count = count
  }

  func error(_ file: MappedFile, _ text: String) -> GGUFError {
    GGUFError(path: file.path, fault: .shard("it \(text); get the model's files again"))
  }
}
