import Policy
import Sandbox

/// The entries `packages` of a policy, with the hosts that the caller's configuration names in their
/// place.
struct RunPackages {
  private var accesses: [PackageAccess] = []
  private var remarks: [String] = []

  /// Puts hosts in the place of such entries, and grants reading what the clients need besides.
  static func expand(
    _ document: inout PolicyDocument,
    workspace: String?,
    home: String?
  ) throws -> RunPackages {
    var packages = RunPackages()
    let isAsked = document.network.contains { if case .packages = $0 { true } else { false } }
    guard isAsked else { return packages }
    var files = PackageFiles(workspace: workspace, writable: writable(document, home))
    var network: [NetworkRule] = []
    for entry in document.network {
      guard case .packages(let rule) = entry else {
        network.append(entry)
        continue
      }
      do throws(ValueProblem) {
        let access = try files.read(rule.kind)
        if access.isBuiltIn, let path = files.passedOver.first {
          throw ValueProblem(
            "\(path) is not read, because it lies where a run can write, and nothing else names a "
              + "registry",
            remedy: "work in another directory, or name it in PIP_INDEX_URL or NPM_CONFIG_REGISTRY"
          )
        }
        network += try rule.hosts(access.registries).map(NetworkRule.host)
        packages.accesses.append(access)
        packages.remarks += access.notes.map { "\(rule.name): \($0)" }
        packages.remarks += (files.passedOver + files.ofProject).map {
          "\(rule.name): \($0) is not read for registries, because it lies where a run can write"
        }
      } catch {
        throw RunSession.Refusal.policy("\(rule.name): \(error.what); \(error.remedy)")
      }
    }
    document.network = network
    let readable = files.readable.compactMap {
      try? PathRule(parsing: "\($0)?", in: .read, line: nil)
    }
    if !readable.isEmpty {
      document.filesystem.read = document.filesystem.effectiveRead + readable
    }
    // Such a file may lie where every run may read.
    for path in files.guarded {
      do throws(ValueProblem) {
        document.filesystem.deny.append(try PathRule(parsing: "\(path)?", in: .deny, line: nil))
      } catch {
        throw RunSession.Refusal.policy(
          "\(path) holds a login and cannot be hidden from the run: \(error.what); \(error.remedy)"
        )
      }
    }
    return packages
  }

  /// What of this machine a run can write beside the workspace; its own /tmp is none of that.
  private static func writable(
    _ document: PolicyDocument,
    _ home: String?
  ) -> [String] {
    let granted = document.filesystem.effectiveWrite.compactMap { rule -> String? in
      if rule.text.hasPrefix("$HOME") { return home.map { $0 + rule.text.dropFirst(5) } }
      return rule.text.hasPrefix("/") && rule.text != "/tmp" ? rule.text : nil
    }
    return granted.compactMap { HostTree.find($0, isSystem: true)?.real }
  }

  /// The registries by their addresses, for people.
  var addresses: [String] {
    accesses.flatMap { access in
      access.registries.map { "\($0.address()) for \(access.kind.rawValue)" }
    }
  }

  /// What a run is told of the registries.
  ///
  /// - Parameter login: the placeholder of the secret that a registry is sent.
  func environment(_ login: (Registry) -> String?) -> [String: String] {
    accesses.reduce(into: [:]) { $0.merge($1.environment(login)) { first, _ in first } }
  }

  func files(_ login: (Registry) -> String?) -> [(path: String, text: String)] {
    accesses.compactMap { $0.file(login) }
  }

  /// What a person should know before the run.
  func notes(_ login: (Registry) -> String?) -> [String] {
    var hosts: [String] = []
    for registry in accesses.flatMap({ $0.withheld(login) })
    where !hosts.contains(registry.host.text) {
      hosts.append(registry.host.text)
    }
    return remarks
      + hosts.map {
        "your login for \($0) stays outside; to have it used: caisson secret set NAME --host \($0), "
          + "and run with --secret NAME"
      }
  }
}
