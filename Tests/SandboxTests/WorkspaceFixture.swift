import CLinux
import Glibc
import Sandbox
import SystemPackage
import Testing

/// One after the other: they wait for the disk and for other programs, and each holds a thread that
/// other tests need.
@Suite(
  .serialized,
  .takesTurns,
  .enabled(if: WorkspaceFixture.hasOverlay, "needs overlayfs in a user namespace")
)
struct WorkspaceTests {}

/// A workspace and a run's layer over it, made by a real overlay in a user namespace.
final class WorkspaceFixture {
  let base: String
  let lower: String
  var layer: String { base + "/run" }
  var upper: String { layer + "/upper" }
  /// A copy of what the run saw at its end.
  var expected: String { base + "/expected" }
  private(set) var record: WorkspaceRecord

  /// Whether this machine lets an ordinary user mount an overlay.
  static let hasOverlay: Bool = {
    var template = Array("/tmp/caisson-probe-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return false }
    let base = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let script = """
      cd \(base) && mkdir l u w m && unshare -Urm mount -t overlay -o \
      userxattr,lowerdir=l,upperdir=u,workdir=w overlay m 2>/dev/null; s=$?
      chmod -R u+rwx \(base); rm -rf \(base); exit $s
      """
    return shell(script) == 0
  }()

  /// Where a second file system is, for workspaces that the run's state does not share one with.
  static let otherFileSystem = "/dev/shm"

  /// - Parameters:
  ///   - setUp: A script that fills the workspace.
  ///   - place: The directory that the workspace is made in.
  ///   - mount: Options of a tmpfs for the workspace; takes root.
  init(setUp: String, place: String = "/tmp", mount: String? = nil) throws {
    base = try makeDirectory("/tmp")
    lower = (place == "/tmp" ? base : try makeDirectory(place)) + "/lower"
    record = WorkspaceRecord(
      run: RunID(seconds: 1_800_000_000, random: 7),
      lower: FilePath(lower),
      layer: FilePath(base + "/run"),
      mode: .overlay,
      start: Timestamp(seconds: 0, nanoseconds: 0)
    )
    let made = shell(
      "umask 022; mkdir -p \(lower) \(base)/run/upper \(base)/run/work \(base)/merged"
        + " \(mount.map { " && mount -t tmpfs -o \($0) tmpfs \(lower)" } ?? "") && cd \(lower) && { \(setUp)\n}"
    )
    try #require(made == 0, "the set-up script failed")
  }

  deinit {
    let other = lower.hasPrefix(base) ? "" : String(lower.dropLast("/lower".utf8.count))
    _ = shell(
      "umount -l \(lower) 2>/dev/null; chmod -R u+rwx \(base) \(other) 2>/dev/null; "
        + "rm -rf \(base) \(other)"
    )
  }

  /// Runs a script in a copy-on-write view of the workspace.
  func run(_ script: String, namespaces: String = "-Urm") throws {
    record.start = Timestamp.nextTick()
    let view = """
      mount -t overlay -o userxattr,lowerdir=\(lower),upperdir=\(upper),workdir=\(layer)/work \
      overlay \(base)/merged && cd \(base)/merged && {
      \(script)
      } && cp -a --preserve=all \(base)/merged \(expected)
      """
    try write(view, to: base + "/script")
    let status = shell("umask 022; unshare \(namespaces) bash \(base)/script")
    try #require(status == 0, "the run's script failed")
  }

  /// Runs a script in the workspace itself, as its owner would beside the run.
  func edit(_ script: String) throws {
    try #require(shell("cd \(lower) && { \(script)\n}") == 0, "the edit failed")
  }

  func apply(
    _ options: ApplySelection.Options = ApplySelection.Options(),
    judge: @escaping (Change) -> ApplyVerdict = { _ in .allow }
  ) throws -> Apply.Result {
    try Apply(record, options, judge: judge).run()
  }

  func undo() throws -> Undo.Result { try Undo(record).run() }

  func changes() throws -> [String] {
    try ChangeSet.scan(record).changes.map(\.summary)
  }

  private func write(_ text: String, to path: String) throws {
    let file = try FileDescriptor.open(
      FilePath(path),
      .writeOnly,
      options: [.create, .truncate],
      permissions: .ownerReadWrite
    )
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
  }
}

private func makeDirectory(_ place: String) throws -> String {
  var template = Array((place + "/caisson-test-XXXXXX").utf8CString)
  try #require(mkdtemp(&template) != nil)
  return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

extension Change {
  var summary: String {
    let letter =
      switch kind {
      case .added: "A"
      case .modified: "M"
      case .deleted: "D"
      }
    return "\(letter) \(path.display)"
  }
}

func shell(_ script: String) -> Int32 {
  let status = system("bash -c '" + script.replacing("'", with: "'\\''") + "'")
  return (status >> 8) & 0xff
}

func path(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }

/// A tree as lines: every name with its kind, permissions, time, target, attributes and content.
func listing(_ root: String, times: Bool = true) throws -> [String] {
  var lines: [String] = []
  var pending = [root]
  while let path = pending.popLast() {
    var status = stat()
    try #require(lstat(path, &status) == 0, "cannot look at \(path)")
    let name = path.dropFirst(root.utf8.count)
    var line = "\(name) \(String(status.st_mode, radix: 8))"
    if times { line += " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)" }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      guard let directory = opendir(path) else { break }
      while let entry = readdir(directory) {
        let child = withUnsafeBytes(of: &entry.pointee.d_name) { $0.prefix { $0 != 0 } + [] }
        if child.elementsEqual(".".utf8) || child.elementsEqual("..".utf8) { continue }
        // Names that are not UTF-8 would not survive a String: they are covered elsewhere.
        pending.append(path + "/" + String(decoding: child, as: UTF8.self))
      }
      closedir(directory)
    case S_IFLNK:
      var target = [UInt8](repeating: 0, count: 4096)
      let count = target.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, 4096) }
      line += " -> \(String(decoding: target[..<count], as: UTF8.self))"
    case S_IFREG:
      let file = try FileDescriptor.open(FilePath(path), .readOnly)
      try file.closeAfter {
        var sum: UInt64 = 14_695_981_039_346_656_037
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
        defer { buffer.deallocate() }
        while case let count = try file.read(into: buffer), count > 0 {
          for byte in buffer[..<count] { sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211 }
        }
        line += " \(status.st_size) \(sum)"
      }
    default: line += " special"
    }
    lines.append(line + attributes(path))
  }
  return lines.sorted()
}

private func attributes(_ path: String) -> String {
  let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
  let file = cl_fs_open(String(path[..<slash]), CL_FS_PATH, 0)
  let name = String(path[path.index(after: slash)...])
  defer { close(file) }
  var list = [UInt8](repeating: 0, count: 4096)
  let size = cl_fs_attributes(file, name, &list, 4096)
  guard size > 0 else { return "" }
  var text = ""
  for key in list[..<size].split(separator: 0) {
    let key = String(decoding: key, as: UTF8.self)
    guard key.hasPrefix("user."), !key.hasPrefix("user.overlay.") else { continue }
    var value = [UInt8](repeating: 0, count: 4096)
    let count = cl_fs_attribute(file, name, key, &value, 4096)
    text += " \(key)=\(value[..<max(0, count)].map { String($0) }.joined(separator: ","))"
  }
  return text
}

/// The lines that only one of two listings has.
func difference(_ expected: [String], _ found: [String]) -> [String] {
  let (wanted, have) = (Set(expected), Set(found))
  return expected.filter { !have.contains($0) }.map { "missing: " + $0 }
    + found.filter { !wanted.contains($0) }.map { "unexpected: " + $0 }
}
