/// File-system rights of Landlock, as linux/landlock.h numbers them.
package struct LandlockAccess: OptionSet, Sendable, Hashable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let execute = LandlockAccess(rawValue: 1 << 0)
  package static let writeFile = LandlockAccess(rawValue: 1 << 1)
  package static let readFile = LandlockAccess(rawValue: 1 << 2)
  package static let readDirectory = LandlockAccess(rawValue: 1 << 3)
  package static let removeDirectory = LandlockAccess(rawValue: 1 << 4)
  package static let removeFile = LandlockAccess(rawValue: 1 << 5)
  package static let makeCharacterDevice = LandlockAccess(rawValue: 1 << 6)
  package static let makeDirectory = LandlockAccess(rawValue: 1 << 7)
  package static let makeRegular = LandlockAccess(rawValue: 1 << 8)
  package static let makeSocket = LandlockAccess(rawValue: 1 << 9)
  package static let makeFIFO = LandlockAccess(rawValue: 1 << 10)
  package static let makeBlockDevice = LandlockAccess(rawValue: 1 << 11)
  package static let makeSymlink = LandlockAccess(rawValue: 1 << 12)
  /// Renaming and linking across directories; ABI 2.
  package static let refer = LandlockAccess(rawValue: 1 << 13)
  /// ABI 3. Before it, a read-only file could be truncated: mounts hold there.
  package static let truncate = LandlockAccess(rawValue: 1 << 14)
  /// ABI 5.
  package static let ioctlDevice = LandlockAccess(rawValue: 1 << 15)

  package static let read: LandlockAccess = [.execute, .readFile, .readDirectory]
  package static let write: LandlockAccess = [
    .writeFile, .removeDirectory, .removeFile, .makeDirectory, .makeRegular, .makeSocket,
    .makeFIFO, .makeSymlink, .refer, .truncate,
  ]
  /// What makes sense on something that is not a directory.
  package static let file: LandlockAccess = [
    .execute, .writeFile, .readFile, .truncate, .ioctlDevice,
  ]

  /// Every right that the given ABI knows: what is not granted by a rule is denied.
  package static func handled(abi: Int32) -> LandlockAccess {
    let bits: UInt64 =
      switch abi {
      case ...1: 13
      case 2: 14
      case 3, 4: 15
      default: 16
      }
    return LandlockAccess(rawValue: (1 << bits) - 1)
  }
}
