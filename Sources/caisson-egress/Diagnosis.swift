import CLinux
import Egress

/// The socket that tells whose a connection of the run is.
struct Diagnosis: Sendable {
  private let descriptor: CInt

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
  }

  /// Has each connection from now on told whose it is.
  ///
  /// - Parameter first: PID 1 of the run, as it is numbered here.
  func begin(_ witness: ProgramWitness, first: CInt) {
    let finder = ProgramFinder(first: first, identify: Self.identity)
    ProgramSearch(finder: finder, witness: witness, inode: inode).begin()
  }

  @Sendable private func inode(
    _ near: ProgramWitness.Endpoint,
    _ far: ProgramWitness.Endpoint
  ) -> UInt32? {
    var inode: UInt32 = 0
    guard near.address.count == far.address.count else { return nil }
    let result = cl_socket_inode(
      descriptor,
      near.address,
      near.port,
      far.address,
      far.port,
      CInt(near.address.count),
      &inode
    )
    return result == 0 ? inode : nil
  }

  @Sendable private static func identity(_ file: CInt) -> ProgramFile.Identity? {
    var status = cl_status()
    guard cl_stat(file, "", CInt(CL_AT_EMPTY_PATH), &status) == 0,
      status.mode & 0o170000 == 0o100000
    else { return nil }
    return ProgramFile.Identity(
      device: status.device,
      inode: status.inode,
      size: status.size,
      changedSeconds: status.change_seconds,
      changedNanoseconds: status.change_nanoseconds
    )
  }
}
