// The plan's form on disk.
extension Plan {
  private static let magic = Array("caisson plan 1".utf8)

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.bytes(Self.magic)
    writer.timestamp(seen)
    writer.timestamp(sealed)
    writer.integer(UInt32(operations.count))
    for operation in operations {
      writer.bytes(operation.path.bytes)
      writer.integer(operation.number)
      for side in [operation.new, operation.old] { writer.side(side) }
      writer.byte(operation.attributes == nil ? 0 : 1)
      if let (new, old) = operation.attributes {
        writer.attributes(new)
        writer.attributes(old)
      }
    }
    writer.integer(UInt32(directories.count))
    for directory in directories {
      writer.bytes(directory.path.bytes)
      writer.integer(directory.inode)
      writer.integer(directory.modeBefore)
      writer.integer(directory.modeAfter)
      writer.timestamp(directory.modifiedBefore)
      writer.byte(directory.modifiedAfter == nil ? 0 : 1)
      if let time = directory.modifiedAfter { writer.timestamp(time) }
      writer.attributes(directory.attributesBefore)
      writer.attributes(directory.attributesAfter)
    }
    writer.integer(UInt32(members.count))
    for member in members {
      writer.bytes(member.path.bytes)
      writer.byte((member.wasThere ? 1 : 0) | (member.isThere ? 2 : 0))
    }
    return writer.buffer
  }

  init(encoded bytes: [UInt8]) throws(ByteReader.Damaged) {
    var reader = ByteReader(bytes)
    guard try reader.bytes() == Self.magic else {
      throw ByteReader.Damaged(what: "it is no plan of this version")
    }
    seen = try reader.timestamp()
    sealed = try reader.timestamp()
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let path = try reader.path()
      let number = try reader.integer(UInt32.self)
      let new = try reader.side()
      let old = try reader.side()
      var operation = Operation(path: path, number: number, new: new, old: old)
      if try reader.byte() != 0 {
        operation.attributes = (try reader.attributes(), try reader.attributes())
      }
      operations.append(operation)
    }
    for _ in 0..<(try reader.integer(UInt32.self)) {
      var directory = DirectoryChange(
        path: try reader.path(),
        inode: try reader.integer(UInt64.self),
        modeBefore: try reader.integer(UInt32.self),
        modeAfter: try reader.integer(UInt32.self),
        modifiedBefore: try reader.timestamp()
      )
      if try reader.byte() != 0 { directory.modifiedAfter = try reader.timestamp() }
      directory.attributesBefore = try reader.attributes()
      directory.attributesAfter = try reader.attributes()
      directories.append(directory)
    }
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let path = try reader.path()
      let bits = try reader.byte()
      members.append(Member(path: path, wasThere: bits & 1 != 0, isThere: bits & 2 != 0))
    }
  }
}

extension ByteWriter {
  fileprivate mutating func side(_ side: Plan.Side?) {
    guard let side else {
      byte(0)
      return
    }
    byte(side.kind.rawValue)
    identity(side.identity)
    integer(side.mode)
    timestamp(side.modified)
  }

  fileprivate mutating func attributes(_ attributes: ExtendedAttributes) {
    integer(UInt32(attributes.values.count))
    for pair in attributes.values {
      bytes(pair.key)
      bytes(pair.value)
    }
  }
}

extension ByteReader {
  fileprivate mutating func side() throws(Damaged) -> Plan.Side? {
    let raw = try byte()
    if raw == 0 { return nil }
    guard let kind = FileKind(rawValue: raw) else {
      throw Damaged(what: "an unknown kind of file")
    }
    return Plan.Side(
      kind: kind,
      identity: try identity(),
      mode: try integer(UInt32.self),
      modified: try timestamp()
    )
  }

  fileprivate mutating func attributes() throws(Damaged) -> ExtendedAttributes {
    var attributes = ExtendedAttributes()
    for _ in 0..<(try integer(UInt32.self)) {
      attributes.values.append(ExtendedAttributes.Pair(key: try bytes(), value: try bytes()))
    }
    return attributes
  }
}

extension Plan.Side {
  fileprivate init(
    kind: FileKind,
    identity: FileIdentity,
    mode: UInt32,
    modified: Timestamp
  ) {
    self.kind = kind
    self.identity = identity
    self.mode = mode
    self.modified = modified
  }
}
