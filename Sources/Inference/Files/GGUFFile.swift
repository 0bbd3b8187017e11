/// A model in GGUF, of one file or of several (`name-00001-of-00003.gguf`), opened where it lies.
///
/// All that the header says is checked at opening; tensors are not touched. A tensor in a type that is
/// not computed here is an error when it is asked for, not before: what a model can do without, such
/// as a part for pictures, does not stand in its way.
package struct GGUFFile: Sendable {
  /// The keys of the first file; the others have none that matter.
  package let metadata: [String: GGUFValue]
  /// All that are in a type that is computed here.
  package let tensors: [String: GGUFTensor]
  /// Tensors in other types, with their codes.
  package let unknown: [String: UInt32]
  /// The files in their order, with the bytes of each that come before its first tensor.
  package let files: [(file: MappedFile, headerSize: Int)]

  /// Opens the file and, where it is one of several, the others beside it; which one is named does
  /// not matter.
  package init(path: String) throws(GGUFError) {
    func map(_ path: String) throws(GGUFError) -> MappedFile {
      do { return try MappedFile(path: path) } catch {
        throw GGUFError(path: path, fault: .unreadable(error.description))
      }
    }
    let shard = ShardName(path)
    try self.init(
      first: map(path),
      index: shard?.index
    ) { (index: Int, count: Int) throws(GGUFError) in
      guard let shard, shard.count == count else {
        throw GGUFError(
          path: path,
          fault: .shard(
            "it is one of \(count) files, but is not named like \(ShardName.example(of: count));"
              + " give all of them back the names that they were published under"
          )
        )
      }
      return try map(shard.path(of: index))
    }
  }

  /// A model that is in memory, its files in their order.
  package init(bytes shards: [UInt8]...) throws(GGUFError) {
    try self.init(files: shards.map(MappedFile.init(bytes:)))
  }

  /// A model whose files are open, in their order.
  package init(files: [MappedFile]) throws(GGUFError) {
    guard let first = files.first else {
      throw GGUFError(path: "", fault: .unreadable("a model has one file at least"))
    }
    try self.init(first: first, index: nil) { (index: Int, count: Int) throws(GGUFError) in
      guard count == files.count, files.indices.contains(index) else {
        throw GGUFError(path: "", fault: .shard("it has \(count) files, not \(files.count)"))
      }
      return files[index]
    }
  }

  /// `open` gives the file of an index, of so many. `index` is the one that the first file's name
  /// claims, from zero.
  private init(
    first: MappedFile,
    index: Int?,
    open: (_ index: Int, _ count: Int) throws(GGUFError) -> MappedFile
  ) throws(GGUFError) {
    var shards = [try GGUFShard(first)]
    let split = try Split(shards[0])
    if let split, split.count > 1 {
      if let index, index != split.index { throw split.error(first, "does not belong at its name") }
      if split.index != 0 { shards[0] = try GGUFShard(open(0, split.count)) }
      for index in 0..<split.count {
        if index > 0 { shards.append(try GGUFShard(open(index, split.count))) }
        guard let other = try Split(shards[index]), other.index == index, other.count == split.count
        else {
          throw split.error(shards[index].file, "is not number \(index + 1) of \(split.count)")
        }
      }
    }
    metadata = shards[0].metadata
    var tensors = shards[0].tensors
    var unknown = shards[0].unknown
    for shard in shards.dropFirst() {
      for name in shard.tensors.keys where tensors[name] != nil || unknown[name] != nil {
        throw GGUFError(path: shard.file.path, fault: .tensor(name, "is in two of the files"))
      }
      for name in shard.unknown.keys where tensors[name] != nil || unknown[name] != nil {
        throw GGUFError(path: shard.file.path, fault: .tensor(name, "is in two of the files"))
      }
      tensors.merge(shard.tensors) { first, _ in first }
      unknown.merge(shard.unknown) { first, _ in first }
    }
    if let split, let total = try Split(shards[0])?.tensors, total != tensors.count + unknown.count
    {
      throw split.error(first, "is one of files with \(total) tensors, but they hold others")
    }
    self.tensors = tensors
    self.unknown = unknown
    files = shards.map { ($0.file, $0.headerSize) }
  }

  // MARK: What a model asks

  /// A tensor that the model cannot do without.
  package func tensor(_ name: String) throws(GGUFError) -> GGUFTensor {
    if let tensor = tensors[name] { return tensor }
    let path = files.first?.file.path ?? ""
    throw GGUFError(
      path: path,
      fault: unknown[name].map { .type(tensor: name, code: $0) } ?? .noTensor(name)
    )
  }

  package func unsigned(_ key: String) -> UInt64? { metadata[key]?.unsigned }

  package func signed(_ key: String) -> Int64? { metadata[key]?.signed }

  /// A count or an index; nil where it is below zero, too.
  package func integer(_ key: String) -> Int? { unsigned(key).flatMap { Int(exactly: $0) } }

  package func real(_ key: String) -> Double? { metadata[key]?.real }

  package func flag(_ key: String) -> Bool? {
    if case .flag(let value) = metadata[key] { value } else { nil }
  }

  package func text(_ key: String) -> [UInt8]? {
    if case .text(let value) = metadata[key] { value } else { nil }
  }

  /// A text that is UTF-8.
  package func string(_ key: String) -> String? {
    text(key).flatMap { String(validating: $0, as: UTF8.self) }
  }

  package func list(_ key: String) -> GGUFList? {
    if case .list(let value) = metadata[key] { value } else { nil }
  }
}
