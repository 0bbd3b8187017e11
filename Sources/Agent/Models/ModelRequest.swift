import Crypto
import Dialects

/// A request to the model as it goes to the gateway: the same thread gives the same bytes, so that it
/// can be sent again under its key after a crash.
struct ModelRequest: Sendable {
  let bytes: [UInt8]
  let hash: String
  let messages: Int

  init(model: String, messages: [RawJSON], tools: RawJSON?, largestAnswer: Int) {
    bytes = JSONWriter.object(capacity: 65_536) { writer in
      writer.string("model", model)
      writer.int("max_tokens", largestAnswer)
      writer.raw("tools", ifAny: tools)
      writer.array("messages") { list in for message in messages { list.raw(message) } }
    }
    hash = Digest.text(bytes)
    self.messages = messages.count
  }

  /// What the intent says of it: the messages themselves are those of the steps before.
  var intentBody: String {
    let body = JSONWriter.object { writer in
      writer.int("bytes", bytes.count)
      writer.int("messages", messages)
    }
    return String(decoding: body, as: UTF8.self)
  }
}

enum Digest {
  /// SHA-256, hexadecimal.
  static func text(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in SHA256.hash(data: bytes) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
