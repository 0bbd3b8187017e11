internal import CLinux
internal import Glibc

/// Git, run outside of any sandbox: over the user's own repositories, and over repositories that
/// Caisson made and no run could write to.
///
/// A repository or a work tree that a run could write to is never given to it: whoever writes a
/// configuration or a hook there has git run it. Even so hooks, file system monitors, filters and
/// background work are off.
package struct GitProcess: Sendable {
  /// Whose settings apply.
  package enum Settings: Sendable {
    /// The user's: for his own repository, where they name the owner that git trusts, too.
    case user
    /// Those of the repository alone.
    case none
  }

  package enum Input {
    case nothing
    case bytes([UInt8])
    case descriptor(Int32)
  }

  package struct Output: Sendable {
    package var status: Int32
    package var bytes: [UInt8]
    package var complaint: String

    package var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  private let program: String
  private let caller: [String: String]

  /// - Parameter environment: The caller's; what of it speaks to git about a repository is left out.
  package init(environment: [String: String]) throws(GitError) {
    guard let program = HostTree.program("git", path: environment["PATH"] ?? "/usr/bin:/bin") else {
      throw .notFound
    }
    self.program = program
    caller = environment.filter { name, _ in
      !name.hasPrefix("GIT_") || Self.passed.contains(name)
    }
  }

  private static let passed: Set = [
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH",
  ]

  /// Settings that win over those of any file.
  private static let safe: [(String, String)] = [
    ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("core.untrackedCache", "false"),
    ("gc.auto", "0"), ("maintenance.auto", "false"), ("commit.gpgSign", "false"),
    ("advice.detachedHead", "false"), ("core.commitGraph", "false"), ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"), ("protocol.file.allow", "always"),
    ("log.showSignature", "false"), ("color.ui", "false"), ("core.quotePath", "false"),
  ]

  /// Runs git to its end.
  ///
  /// - Parameters:
  ///   - doing: What it is run for, in the words of an error: "read the repository /a".
  ///   - output: Where standard output goes; captured where nil.
  ///   - accepting: Which exit statuses are no error.
  package func run(
    _ arguments: [String],
    doing: String,
    settings: Settings = .none,
    variables: [String: String] = [:],
    configuration: [(String, String)] = [],
    input: Input = .nothing,
    output: Int32? = nil,
    limit: Int = 256 << 20,
    accepting: Set<Int32> = [0]
  ) throws(GitError) -> Output {
    var environment = caller
    if settings == .none {
      environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
      environment["GIT_CONFIG_NOSYSTEM"] = "1"
      environment["GIT_ATTR_NOSYSTEM"] = "1"
    }
    environment.merge(
      [
        "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C", "GIT_PAGER": "cat",
      ]
    ) { $1 }
    let entries = Self.safe + configuration
    environment["GIT_CONFIG_COUNT"] = "\(entries.count)"
    for (index, entry) in entries.enumerated() {
      environment["GIT_CONFIG_KEY_\(index)"] = entry.0
      environment["GIT_CONFIG_VALUE_\(index)"] = entry.1
    }
    environment.merge(variables) { $1 }
    let result = try spawn(arguments, environment, input, output, limit, doing)
    guard accepting.contains(result.status) else {
      throw .failed(doing: doing, complaint: Self.shortened(result.complaint))
    }
    return result
  }

  private static func shortened(_ complaint: String) -> String {
    let lines = complaint.split(separator: "\n").filter { !$0.hasPrefix("hint:") }.prefix(4)
    return String(lines.joined(separator: "; ").prefix(600))
  }

  private func spawn(
    _ arguments: [String],
    _ environment: [String: String],
    _ input: Input,
    _ output: Int32?,
    _ limit: Int,
    _ doing: String
  ) throws(GitError) -> Output {
    let given = try Self.descriptor(of: input, doing)
    let said = try Pipe(doing)
    let complained = try Pipe(doing)
    let words = ["git"] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") }
    envp.append(nil)
    defer { for pointer in argv + envp { free(pointer) } }
    let descriptors = [given.number, output ?? said.writing.number, complained.writing.number]
    let child = cl_spawn(program, &argv, &envp, descriptors, 3)
    guard child > 0 else { throw .system(doing: "start \(program)", number: -child) }
    said.closeWriting()
    complained.closeWriting()
    var bytes: [UInt8] = []
    var complaint: [UInt8] = []
    var overflowed = false
    var open = [said.reading, complained.reading]
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while !open.isEmpty {
      var entries = open.map { cl_poll(descriptor: $0, wanted: Int16(CL_POLLIN), seen: 0) }
      guard cl_poll(&entries, Int32(entries.count), -1, 1) >= 0 else { break }
      for entry in entries where entry.seen != 0 {
        let count = cl_read(entry.descriptor, &piece, piece.count)
        guard count > 0 else {
          open.removeAll { $0 == entry.descriptor }
          continue
        }
        if entry.descriptor == complained.reading {
          if complaint.count < 1 << 16 { complaint += piece[..<count] }
        } else if bytes.count + count <= limit {
          bytes += piece[..<count]
        } else if !overflowed {
          overflowed = true
          _ = cl_kill(child, SIGKILL)
        }
      }
    }
    var status = cl_exit_status()
    _ = cl_wait(child, 1, &status)
    if overflowed { throw .tooMuch(doing: doing, limit: limit) }
    return Output(
      status: status.signal != 0 ? 128 + status.signal : status.code,
      bytes: bytes,
      complaint: String(decoding: complaint, as: UTF8.self)
    )
  }

  private static func descriptor(
    of input: Input,
    _ doing: String
  ) throws(GitError) -> Descriptor {
    let number: Int32
    switch input {
    case .nothing: number = cl_open(Int32(CL_AT_FDCWD), "/dev/null", Int32(CL_O_RDONLY), 0)
    case .descriptor(let other): number = fcntl(other, F_DUPFD_CLOEXEC, 3)
    case .bytes(let bytes):
      number = cl_sealed_memory("caisson-git", bytes, bytes.count)
      if number >= 0 { lseek(number, 0, SEEK_SET) }
    }
    guard number >= 0 else { throw .system(doing: "give git its input to \(doing)", number: 12) }
    return Descriptor(number)
  }

  private final class Pipe {
    let reading: Int32
    private(set) var writing: Descriptor

    init(_ doing: String) throws(GitError) {
      var ends: [Int32] = [-1, -1]
      let made = cl_pipe(&ends)
      guard made == 0 else { throw .system(doing: "make a pipe to \(doing)", number: -made) }
      reading = ends[0]
      writing = Descriptor(ends[1])
    }

    deinit { _ = cl_close(reading) }

    func closeWriting() { writing = Descriptor(-1) }
  }
}
