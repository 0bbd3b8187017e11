import Glibc
import SystemPackage

/// What is left on the file system of the state, where the journal, the answers of models and the
/// changes of runs are kept.
///
/// Work stops before the last of it is taken: what stands still then can be put on record, an answer
/// that was paid for is kept, and the commands that a person makes room with have some themselves.
struct Room: Sendable, Equatable {
  /// Bytes that may still be written without being root.
  var free: UInt64
  var total: UInt64
  /// Files that may still be made; nil where the file system does not count them.
  var files: UInt64?

  /// Bytes that are to stay free on a large file system; of a small one it is a twentieth.
  static let largestReserve: UInt64 = 32 << 20
  static let fewestFiles: UInt64 = 64

  var reserve: UInt64 { min(Self.largestReserve, total / 20) }

  /// - Parameter wasShort: then there has to be half as much again, so that work does not stop and go
  ///   with every file that a run leaves.
  func isShort(wasShort: Bool = false) -> Bool {
    let wanted = wasShort ? reserve + reserve / 2 : reserve
    return free < wanted || files.map { $0 < Self.fewestFiles } ?? false
  }

  /// The room where `path` lies; nil where nobody can say.
  static func look(at path: FilePath) -> Room? {
    var status = statvfs()
    guard statvfs(path.string, &status) == 0 else { return nil }
    let (free, isLarge) = UInt64(status.f_bavail).multipliedReportingOverflow(
      by: UInt64(status.f_frsize)
    )
    let (total, isHuge) = UInt64(status.f_blocks).multipliedReportingOverflow(
      by: UInt64(status.f_frsize)
    )
    return Room(
      free: isLarge ? .max : free,
      total: isHuge ? .max : total,
      files: status.f_files == 0 ? nil : UInt64(status.f_favail)
    )
  }

  /// Why nothing goes on at `path`, and what would change it; nil where there is room.
  static func standstill(at path: FilePath, wasShort: Bool = false) -> String? {
    guard let room = look(at: path), room.isShort(wasShort: wasShort) else { return nil }
    return room.standstill(at: path)
  }

  func standstill(at path: FilePath) -> String {
    if let files, files < Self.fewestFiles {
      return "stands still: the file system of \(path) takes only \(files) more files; "
        + "remove some there, and it goes on by itself"
    }
    return "stands still: the file system of \(path) has \(Self.megabytes(free)) left, and "
      + "\(Self.megabytes(reserve)) are kept back; make room there, and it goes on by itself"
  }

  private static func megabytes(_ bytes: UInt64) -> String {
    let tenths = bytes / (1 << 20) * 10 + bytes % (1 << 20) * 10 / (1 << 20)
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}
