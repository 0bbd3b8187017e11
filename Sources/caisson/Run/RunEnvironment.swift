import Foundation
import Policy
import Sandbox

/// The environment of a run: an allow-list of the caller's, and what every program expects.
struct RunEnvironment {
  private(set) var values: [String: String]
  /// Names of the caller's variables that look like secrets and were kept back.
  let withheld: [String]

  static func make(
    policy: CompiledPolicy,
    run: RunID,
    host: HostFacts,
    home: String,
    visible: [GrantedPath],
    caller: [String: String] = ProcessInfo.processInfo.environment
  ) -> RunEnvironment {
    let user = host.isPrivileged ? "caisson" : host.userName
    var values = [
      "HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/sh", "TMPDIR": "/tmp",
      "CAISSON_RUN": run.text,
    ]
    values["PATH"] = path(caller["PATH"] ?? "", visible: visible)
    let selection = policy.environment.select(from: caller)
    values.merge(selection.kept) { ours, _ in ours }
    values.merge(policy.environment.set) { $1 }
    return RunEnvironment(values: values, withheld: selection.withheld)
  }

  /// Adds what the run's network needs, where the policy has not set it to something else.
  mutating func add(_ added: [String: String]) {
    values.merge(added) { set, _ in set }
  }

  /// The caller's search path, as far as the run can see it.
  private static func path(_ text: String, visible: [GrantedPath]) -> String {
    let standard = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
    var entries: [String] = []
    for entry in text.split(separator: ":").map(String.init) + standard
    where entry.hasPrefix("/") && !entries.contains(entry) {
      let real = HostTree.find(entry, isSystem: true)?.real
      guard let real, visible.contains(where: { PathText.covers($0.real, real) }) else { continue }
      entries.append(entry)
    }
    return entries.joined(separator: ":")
  }
}
