internal import CLinux

/// Who a run is to the kernel, and which namespaces are its own.
package struct RunIdentity: Sendable, Equatable {
  /// Started by uid 0: the host's trees are cloned outside, with its rights.
  package var isPrivileged: Bool
  /// Outside, which is what the kernel and the disk see.
  package var uid, gid: UInt32
  package var insideUID, insideGID: UInt32
  package var namespaces: Namespaces

  /// The message by which the launcher learns it: see `CLinuxPlan.h`.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [UInt8(CL_MESSAGE_IDENTITY)]
    let halves = [namespaces.rawValue, namespaces.rawValue >> 32].map(
      UInt32.init(truncatingIfNeeded:)
    )
    for word in [isPrivileged ? 1 : 0, uid, gid, insideUID, insideGID] + halves {
      withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
    return bytes
  }
}
