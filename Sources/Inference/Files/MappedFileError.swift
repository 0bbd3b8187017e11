import Glibc

/// Why a file is not there to be read.
package enum MappedFileError: Error, Equatable, CustomStringConvertible {
  case system(call: String, path: String, code: Int32)
  /// No regular file, or one of no bytes.
  case unfit(path: String, isEmpty: Bool)

  init(_ call: String, _ path: String, _ code: Int32) {
    self = .system(call: call, path: path, code: code)
  }

  package var description: String {
    switch self {
    case .system(let call, let path, let code):
      "cannot \(call) \(Printable.text(path)): \(String(cString: strerror(code)))"
    case .unfit(let path, let isEmpty):
      "\(Printable.text(path)) is \(isEmpty ? "empty" : "no regular file"); give the path of a model's file"
    }
  }
}
