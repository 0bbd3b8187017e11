/// Changes to a text that leave every other byte of it as it is.
package struct JSONPatch: Sendable {
  private let document: JSONDocument
  private var edits: [(range: Range<Int>, bytes: [UInt8])] = []

  package init(_ document: JSONDocument) {
    self.document = document
  }

  /// Replaces the value of a key, or adds the key at the beginning of its object.
  package mutating func set(_ key: StaticString, in object: JSON, to value: RawJSON) {
    guard object.isObject else { return }
    if let old = object[key] {
      edits.append((old.range, Array(value.bytes)))
      return
    }
    let start = object.range.lowerBound + 1
    var writer = JSONWriter()
    writer.key(key)
    writer.raw(value)
    let isEmpty = object.members.first { _ in true } == nil
    edits.append((start..<start, writer.bytes + (isEmpty ? [] : [UInt8(ascii: ",")])))
  }

  /// Takes a key and its value out of an object. One removal at a time: two that stand side by side
  /// share a comma.
  package mutating func remove(_ key: StaticString, from object: JSON) {
    guard let member = object.members.first(where: { $0.key.equals(key) }) else { return }
    let bytes = document.bytes
    var start = member.key.range.lowerBound
    var end = member.value.range.upperBound
    while end < bytes.count, bytes[end] <= 0x20 { end += 1 }
    if end < bytes.count, bytes[end] == UInt8(ascii: ",") {
      end += 1
    } else {
      end = member.value.range.upperBound
      var comma = start - 1
      while comma > 0, bytes[comma] <= 0x20 { comma -= 1 }
      if comma > 0, bytes[comma] == UInt8(ascii: ",") { start = comma }
    }
    edits.append((start..<end, []))
  }

  package func applied() -> [UInt8] {
    guard !edits.isEmpty else { return document.bytes }
    var result: [UInt8] = []
    result.reserveCapacity(document.bytes.count + edits.reduce(0) { $0 + $1.bytes.count })
    var at = 0
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
    where edit.range.lowerBound >= at {
      result.append(contentsOf: document.bytes[at..<edit.range.lowerBound])
      result.append(contentsOf: edit.bytes)
      at = edit.range.upperBound
    }
    result.append(contentsOf: document.bytes[at...])
    return result
  }
}
