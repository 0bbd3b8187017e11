/// Why a file that can be read is no model that can be run.
package enum ModelError: Error, Equatable, CustomStringConvertible {
  /// The file names an architecture that is not built in.
  case unknownArchitecture(String)
  /// The metadata lacks a key without which nothing can be computed.
  case missing(key: String)
  /// A number in the metadata lies outside of what any model has.
  case outOfRange(key: String, value: String, allowed: String)
  /// Two numbers of the metadata contradict each other.
  case contradiction(String)
  /// The architecture is known, but the file uses a part of it that is not built.
  case unsupported(String)
  /// A tensor is missing or cannot be read, in the words of the file's reader.
  case tensor(String)
  case wrongShape(tensor: String, found: [Int], expected: [Int])
  /// No kernel multiplies by this type.
  case noKernel(tensor: String, type: String)
  /// Memory for the cache or the work space was refused by the system.
  case noMemory(bytes: Int)

  package var description: String {
    switch self {
    case .unknownArchitecture(let name):
      "the model's architecture is '\(Printable.text(name))'; built in are "
        + Architecture.allCases.map(\.rawValue).joined(separator: ", ")
    case .missing(let key):
      "the model's metadata has no '\(key)'; convert the model anew with a current converter"
    case .outOfRange(let key, let value, let allowed):
      "the model's metadata says \(key) = \(value), allowed is \(allowed); the file is damaged"
    case .contradiction(let text): "the model's metadata contradicts itself: \(text)"
    case .unsupported(let what): "the model needs \(what), which is not built"
    case .tensor(let text): text
    case .wrongShape(let tensor, let found, let expected):
      "tensor '\(tensor)' has the shape \(found), expected is \(expected); the file is damaged"
    case .noKernel(let tensor, let type):
      "tensor '\(tensor)' is of type \(type), which cannot be multiplied; quantise it otherwise"
    case .noMemory(let bytes):
      "the system gave no \(bytes) bytes for the model's cache; lower the context length"
    }
  }
}
