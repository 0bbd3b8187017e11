package import Dialects

/// Why a frame is no message that is read here.
package enum WireError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLong(atMost: Int)
  /// A list of messages. Two revisions of five know them, and what is in one is easily overlooked.
  case batch
  case malformed(JSONError)
  case notAMessage(Fault)

  /// What keeps an object from being a message of JSON-RPC 2.0.
  package enum Fault: String, Hashable, Sendable {
    case version = "its member jsonrpc is not \"2.0\""
    case id = "its id is neither a whole number nor a short text"
    case method = "its method is not a short text"
    case params = "its params are not an object"
    case result = "its result is not an object"
    case error = "its error has no code and message"
    case several = "it is more than one of request, result and error"
    case nothing = "it is neither a request, nor a result, nor an error"
  }

  package var description: String {
    switch self {
    case .tooLong(let most): "the message is longer than \(most) bytes"
    case .batch: "the message is a batch, which is not accepted"
    case .malformed(let error): error.sentence(about: "the message")
    case .notAMessage(let fault): "the message is not JSON-RPC: \(fault.rawValue)"
    }
  }
}
