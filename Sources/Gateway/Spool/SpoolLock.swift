internal import Glibc
internal import SystemPackage

/// Keeps a directory to one process, until it is let go or the process dies.
struct SpoolLock: ~Copyable {
  private let descriptor: FileDescriptor

  init(directory: FilePath) throws(SpoolError) {
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(
        directory.appending("lock"),
        .readWrite,
        options: [.create, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite
      )
    } catch {
      throw SpoolError(error, path: directory)
    }
    guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      try? file.close()
      throw .held(path: directory.string)
    }
    descriptor = file
  }

  deinit {
    // Closing alone lets go only when a child that is about to exec has closed its copy, too.
    flock(descriptor.rawValue, LOCK_UN)
    try? descriptor.close()
  }
}
