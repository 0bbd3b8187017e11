internal import Glibc
package import SystemPackage

extension Spool {
  /// A segment that was put aside: its answers can be read up to the damage, and nobody deletes it.
  package struct Damage: Sendable, Equatable {
    package let path: String
    /// The first byte that cannot be trusted.
    package let offset: Int
    package let size: Int
  }

  package struct Opened: Sendable {
    package let spool: Spool
    package let damage: [Damage]
    /// What the death of a writer left at the end and was cut off.
    package let cutBytes: Int
  }

  /// Opens the spool of a directory, which is made where it is missing.
  ///
  /// Of a segment that was closed only the index is read. It tells of no answer, because there may
  /// be hundreds of thousands: whoever has calls that are not settled asks for each with
  /// ``Spool/answer(of:)``. `clock` gives microseconds since 1970.
  package static func open(
    directory: FilePath,
    options: SpoolOptions = SpoolOptions(),
    clock: @escaping @Sendable () -> Int64 = Spool.now
  ) throws(SpoolError) -> Opened {
    let path = directory.string
    if mkdir(path, 0o700) == 0 { _ = chmod(path, 0o700) }
    let lock = try SpoolLock(directory: directory)
    var options = options
    // Places in a segment are 32 bits wide, and one record may exceed the bound.
    options.segmentBytes = min(max(options.segmentBytes, 1 << 10), 1 << 30)
    var reader = SpoolReader(state: SpoolState(directory: directory, options: options))
    try reader.readAll()
    let (damage, cutBytes) = (reader.damage, reader.cutBytes)
    let spool = Spool(lock: lock, state: reader.state, clock: clock)
    spool.expire()
    return Opened(spool: spool, damage: damage, cutBytes: cutBytes)
  }

  package static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
