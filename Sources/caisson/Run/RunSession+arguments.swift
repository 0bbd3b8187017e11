extension RunSession {
  /// Reads the plain form of `caisson run`; nil where the full parser must look, which also says
  /// what is wrong.
  ///
  /// The full parser took 12 of the 43 million instructions of a run's supervisor (callgrind): it
  /// builds the description of every option by reflection. What is accepted here means the same there.
  init?(plainArguments arguments: [String]) {
    var values = ["--policy": "default"]
    var flags: Set<String> = []
    var rest = arguments[...]
    while let word = rest.popFirst(), word != "--" {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      switch word {
      case "--quiet", "--json", "--trace-denials", "--trace-programs": flags.insert(word)
      case "--policy", "--in", "--workspace":
        guard let value = rest.popFirst(), !value.hasPrefix("-") else { return nil }
        values[word] = value
      default:
        guard parts.count == 2, ["--policy", "--in", "--workspace"].contains(parts[0]),
          !parts[1].isEmpty
        else { return nil }
        values[String(parts[0])] = String(parts[1])
      }
    }
    guard let policy = values["--policy"], !rest.isEmpty else { return nil }
    self.init(
      policyName: policy,
      directory: values["--in"],
      mode: values["--workspace"],
      tracesDenials: flags.contains("--trace-denials"),
      tracesPrograms: flags.contains("--trace-programs"),
      quiet: flags.contains("--quiet"),
      json: flags.contains("--json"),
      command: Array(rest)
    )
  }
}
