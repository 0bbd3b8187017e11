import Foundation
import Glibc
import SystemPackage

/// A unit of systemd that keeps a user's daemon up.
struct UserUnit {
  let home: Home
  let arguments: [String]

  /// Writes it, and says what else is to be done: nothing is enabled or started behind the user's back.
  func install() throws {
    let named = getenv("XDG_CONFIG_HOME").map { FilePath(String(cString: $0)) }
    let config = named.flatMap { $0.isAbsolute ? $0 : nil } ?? Home.ofUser()?.appending(".config")
    guard let config else { throw HomeError.noHome }
    let directory = config.appending("systemd/user")
    try FileManager.default.createDirectory(
      atPath: directory.string,
      withIntermediateDirectories: true
    )
    let file = directory.appending("caisson.service")
    try Data(text.utf8).write(to: URL(filePath: file.string), options: .atomic)
    // Options may hold an address that is a secret.
    _ = chmod(file.string, 0o600)
    print("wrote \(file)")
    print("enable it and start it with:")
    print("  systemctl --user daemon-reload")
    print("  systemctl --user enable --now caisson.service")
    if !hasSystemd { complain("this machine has no systemctl that could be asked") }
  }

  private var hasSystemd: Bool {
    let places: [String] = ["/usr/bin/systemctl", "/bin/systemctl"]
    return places.contains { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// It is started anew however often it fails: a server that keeps the journal may be away for longer
  /// than the five attempts that systemd would grant.
  var text: String {
    let words = [RunSession.ownPath("caisson")] + arguments
    // What decides where everything lies has to be the same there.
    let names = ["CAISSON_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"]
    let environment = names.compactMap { name in
      getenv(name).map { "Environment=\(Self.quoted("\(name)=\(String(cString: $0))"))\n" }
    }
    return """
      [Unit]
      Description=Caisson: assignments, the gateway, schedules and notices
      StartLimitIntervalSec=0

      [Service]
      ExecStart=\(words.map { Self.quoted($0).replacing("$", with: "$$") }.joined(separator: " "))
      \(environment.joined())Restart=on-failure
      RestartSec=1
      KillMode=mixed
      TimeoutStopSec=45

      [Install]
      WantedBy=default.target

      """
  }

  /// As systemd.syntax(7) reads a word; that of a command has its dollars doubled besides.
  static func quoted(_ word: String) -> String {
    var text = ""
    for scalar in word.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "%": text += "%%"
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return "\"\(text)\""
  }
}
