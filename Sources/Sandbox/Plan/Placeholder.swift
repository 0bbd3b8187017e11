/// Something empty on the host that keeps a name from a run which works on the directory itself.
package struct Placeholder: Codable, Sendable, Hashable {
  package var path: String
  package var inode: UInt64
  package var isDirectory: Bool

  package init(path: String, inode: UInt64, isDirectory: Bool) {
    self.path = path
    self.inode = inode
    self.isDirectory = isDirectory
  }
}
