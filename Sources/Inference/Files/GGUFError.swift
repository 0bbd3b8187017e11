/// Why a model's file is not read, or not used.
package struct GGUFError: Error, Equatable, CustomStringConvertible {
  package enum Fault: Equatable, Sendable {
    /// The file is not there to be read; the text says it all.
    case unreadable(String)
    case notGGUF
    case bigEndian
    case version(UInt32)
    /// The file ends at, or before the end of, what is named.
    case ends(String)
    /// More of something than is read, or than the file could hold.
    case tooMany(String, UInt64)
    case key(String, String)
    case tensor(String, String)
    case overlap(String, String)
    case shard(String)
    case noTensor(String)
    /// A tensor that is asked for and lies in a type that is not computed here.
    case type(tensor: String, code: UInt32)
  }

  package let path: String
  package let fault: Fault

  package var description: String {
    let file = path.isEmpty ? "the model" : Printable.text(path)
    return switch fault {
    case .unreadable(let text): text
    case .notGGUF: "\(file) is no GGUF file: it does not begin with the letters GGUF"
    case .bigEndian:
      "\(file) is written big-endian; get the model in the usual little-endian form"
    case .version(let version):
      "\(file) is GGUF of version \(version); versions 2 and 3 are read, so convert the model anew"
    case .ends(let what):
      "\(file) ends within \(Printable.text(what)): it is cut short or damaged; get it again"
    case .tooMany(let what, let count):
      "\(file) is damaged: it claims \(count) \(Printable.text(what))"
    case .key(let key, let text): "\(file): the key \"\(Printable.text(key))\" \(text)"
    case .tensor(let name, let text): "\(file): the tensor \"\(Printable.text(name))\" \(text)"
    case .overlap(let first, let second):
      "\(file) is damaged: the tensors \"\(Printable.text(first))\" and"
        + " \"\(Printable.text(second))\" overlap"
    case .shard(let text): "\(file): \(text)"
    case .noTensor(let name):
      "\(file) has no tensor \"\(Printable.text(name))\": it is no complete model of its kind"
    case .type(let tensor, let code):
      "\(file): the tensor \"\(Printable.text(tensor))\" is in"
        + " \(TensorType.name(ofCode: code) ?? "an unknown type") (code \(code)), which is not"
        + " computed here; get the model in one of"
        + " \(TensorType.allCases.map(\.name).joined(separator: ", "))"
    }
  }
}
