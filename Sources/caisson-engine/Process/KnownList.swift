import Dialects
import Foundation
import Glibc
import Inference

/// `caisson-engine known [NAME]`: the models that have a short name, as one JSON object, and which of them
/// a name means.
///
/// The command asks here, because it does not link what computes models.
enum KnownList {
  static func run(_ arguments: ArraySlice<String>) throws -> Never {
    guard arguments.count <= 1 else { throw StartError("name one model, or none") }
    let list = JSONWriter.object(capacity: 8192) { json in
      json.key("models")
      json.array { json in
        for model in KnownModels.all { json.object { write(model, to: &$0) } }
      }
      if let name = arguments.first {
        json.string("meant", ifAny: KnownModels.named(name)?.name)
        json.strings("alike", KnownModels.alike(name))
      }
    }
    try FileHandle.standardOutput.write(contentsOf: Data(list + [UInt8(ascii: "\n")]))
    exit(0)
  }

  private static func write(_ model: KnownModel, to json: inout JSONWriter) {
    json.string("name", model.name)
    json.string("title", model.title)
    json.string("licence", model.license.name)
    json.string("terms", model.license.address)
    json.bool("restricts", model.license.isRestrictive)
    json.string("weights", model.quantisation)
    json.int("size", model.size)
    json.string("source", model.address)
    json.string("sha256", ifAny: model.hash)
  }
}
