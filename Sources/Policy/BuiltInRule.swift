/// The rules that hold without being written, by the names that messages use.
package enum BuiltInRule: String, Hashable, Sendable, CaseIterable {
  case defaultDeny = "default deny"
  case startUpFiles = "start-up files"
  case credentials = "credentials"
  case ownState = "Caisson's own state"
  case hostRuntime = "the machine's own places"
  case runOwn = "the run's own places"
  case loopback = "the run's own loopback"
  case addresses = "no bare addresses"
  case datagrams = "no UDP but for names"
  case malformed = "well-formed names only"
  case insideAddresses = "no addresses of the inside"
  case unambiguous = "unambiguous requests only"
  case unambiguousArguments = "unambiguous arguments only"
  case gitAlone = "git by its own entries"
  case caseFolding = "names that differ only in spelling"

  package var name: String { "the built-in rule '\(rawValue)'" }
}
