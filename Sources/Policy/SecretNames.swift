/// Guesses which variables of an environment hold credentials.
///
/// A second line only: nothing crosses into a run that is not let through by name. The guess keeps
/// a person from letting one through, and tells what was withheld.
package enum SecretNames {
  package static func looksLikeSecret(name: String) -> Bool {
    let upper = name.uppercased()
    let words = upper.split { $0 == "_" || $0 == "*" }.map(String.init)
    if whole.contains(upper) || beginnings.contains(where: upper.hasPrefix) { return true }
    if words.contains(where: telling.contains) { return true }
    if words.contains(where: { word in endings.contains { word.hasSuffix($0) } }) { return true }
    return words.last == "KEY" || words.last == "PWD" && words.count > 1 && upper != "OLD_PWD"
  }

  /// Whether a value begins as the tokens of well-known services do, or is an address with a login.
  package static func looksLikeSecret(value: String) -> Bool {
    if holdsLogin(value) { return true }
    return value.utf8.count >= 16 && tokenBeginnings.contains { value.hasPrefix($0) }
  }

  private static let whole: Set = [
    "SSH_AUTH_SOCK", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS", "KUBECONFIG", "PGPASSFILE",
    "NETRC", "DOCKER_CONFIG",
  ]
  private static let beginnings = ["AWS_ACCESS", "AWS_SECRET", "AWS_SESSION"]
  private static let telling: Set = [
    "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY",
    "CREDENTIAL", "CREDENTIALS", "PAT", "AUTH", "DSN", "COOKIE",
  ]
  private static let endings = ["TOKEN", "SECRET", "PASSWORD", "APIKEY", "PASSWD"]
  private static let tokenBeginnings = [
    "sk-", "sk_live_", "rk_live_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    "glpat-", "xoxb-", "xoxp-", "xoxa-", "AKIA", "ASIA", "AIza", "npm_", "pypi-", "hf_",
    "dop_v1_", "-----BEGIN", "eyJhbGciOi",
  ]

  private static func holdsLogin(_ value: String) -> Bool {
    guard value.firstRange(ofASCII: "://") != nil else { return false }
    return value.split(whereSeparator: \.isWhitespace).contains { word in
      guard let scheme = String(word).firstRange(ofASCII: "://") else { return false }
      let authority = String(word)[scheme.upperBound...].prefix { $0 != "/" }
      // A name alone, as in ssh://git@, is no login yet.
      guard let end = authority.lastIndex(of: "@") else { return false }
      return authority[..<end].contains(":")
    }
  }
}
