/// Why a file of `safetensors` is not read, or not used.
package struct SafetensorsError: Error, Equatable, CustomStringConvertible {
  package enum Fault: Equatable, Sendable {
    /// The file is not there to be read; the text says it all.
    case unreadable(String)
    case notSafetensors
    /// What should stand in the header instead, and at which of its bytes.
    case header(String, at: Int)
    /// The file ends before the tensor does.
    case ends(String)
    /// A tensor takes more or fewer bytes than its shape says.
    case size(String)
    /// A tensor does not begin where the one before it ends.
    case gap(String)
    /// So many bytes belong to no tensor.
    case rest(Int)
    case noTensor(String)
    case type(tensor: String, String)
  }

  package let path: String
  package let fault: Fault

  package var description: String {
    let file = path.isEmpty ? "the model" : Printable.text(path)
    return switch fault {
    case .unreadable(let text): text
    case .notSafetensors:
      "\(file) is no safetensors file: it does not begin with a header and its length"
    case .header(let expected, let offset):
      "\(file) is damaged: its header should have \(expected) at byte \(offset)"
    case .ends(let name):
      "\(file) ends before the tensor \"\(Printable.text(name))\" does: it is cut short; get it again"
    case .size(let name):
      "\(file) is damaged: the tensor \"\(Printable.text(name))\" is not as long as its shape says"
    case .gap(let name):
      "\(file) is damaged: the tensor \"\(Printable.text(name))\" does not begin where the one"
        + " before it ends"
    case .rest(let count):
      "\(file) is damaged: its last \(count) bytes belong to no tensor"
    case .noTensor(let name):
      "\(file) has no tensor \"\(Printable.text(name))\": it is no complete model of its kind"
    case .type(let name, let type):
      "\(file): the tensor \"\(Printable.text(name))\" is in \(Printable.text(type)), which is not"
        + " computed here; get the model in F32, F16 or BF16"
    }
  }
}
