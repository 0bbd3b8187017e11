/// What can go wrong with secrets. No message holds a value.
enum SecretError: Error, Equatable, CustomStringConvertible {
  case malformedName(String)
  case malformedBinding(String)
  case emptyValue(String)
  case valueTooLong(String)
  case valueHoldsControls(String)
  case unknown(String)
  case notBound(String, host: String)
  case unreadable(String, reason: String)
  case undecipherable(String)
  case unwritable(String, reason: String)
  case openToOthers(String)
  case tooMany
  case noValue(String)

  /// Whether the command line is to blame.
  var isUsage: Bool {
    switch self {
    case .malformedName, .malformedBinding, .emptyValue, .valueTooLong, .valueHoldsControls,
      .unknown, .noValue:
      true
    default: false
    }
  }

  var description: String {
    switch self {
    case .malformedName(let name):
      "'\(name)' cannot name a secret; use letters, digits and underscores, as in EXAMPLE_TOKEN"
    case .malformedBinding(let reason): reason
    case .emptyValue(let name): "the value of \(name) is empty; give it on standard input"
    case .valueTooLong(let name):
      "the value of \(name) is longer than \(StoredSecret.longestValue) bytes; store a shorter one"
    case .valueHoldsControls(let name):
      "the value of \(name) holds a line end or a control character; a secret is one line"
    case .unknown(let name):
      "there is no secret \(name); store it with: caisson secret set \(name) --host HOST"
    case .notBound(let name, let host):
      "the secret \(name) is not bound to \(host), as the policy has it; bind it with: "
        + "caisson secret set \(name) --host \(host)"
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .undecipherable(let name):
      "the secret \(name) does not open with the key that is there: one of the two files was "
        + "changed; store it again with: caisson secret set \(name) --host HOST"
    case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
    case .openToOthers(let path):
      "others may read \(path); close it with: chmod go= \(path)"
    case .tooMany: "there are 1000 secrets already; remove some with: caisson secret remove NAME"
    case .noValue(let reason): reason
    }
  }
}
