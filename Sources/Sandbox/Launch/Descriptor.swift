internal import CLinux

/// An open file of this process, closed when it goes out of use.
package struct Descriptor: ~Copyable {
  package let number: Int32

  package init(_ number: Int32) { self.number = number }

  deinit { _ = cl_close(number) }

  /// Takes a call's result: a descriptor, or a negative errno.
  static func take(_ result: Int32, _ call: String) throws(SandboxError) -> Descriptor {
    guard result >= 0 else { throw .system(call: call, error: -result) }
    return Descriptor(result)
  }
}
