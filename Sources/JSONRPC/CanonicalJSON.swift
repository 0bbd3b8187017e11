package import Dialects

/// The one text of a value, whatever the order of its keys, its spaces and its escapes: what is
/// hashed.
///
/// Keys are sorted by their bytes. Numbers stay as they are written, so that `1` and `1.0` differ: a
/// change that means nothing asks once more, one that means something is never missed.
package enum CanonicalJSON {
  package static func bytes(_ json: JSON) -> [UInt8] {
    var writer = JSONWriter(capacity: json.range.count)
    write(json, to: &writer)
    return writer.bytes
  }

  package static func text(_ json: JSON) -> String {
    String(decoding: bytes(json), as: UTF8.self)
  }

  /// Recursion ends with the depth that the parser allowed.
  private static func write(_ json: JSON, to writer: inout JSONWriter) {
    switch json.kind {
    case .object:
      let members = json.members
        .map { (key: $0.key.string ?? "", value: $0.value) }
        .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      writer.object { object in
        for (key, value) in members {
          object.key(key)
          write(value, to: &object)
        }
      }
    case .array:
      writer.array { array in for element in json.elements { write(element, to: &array) } }
    case .string:
      writer.string(json.string ?? "")
    case .number, .boolean, .null:
      writer.raw(json.raw)
    }
  }
}
