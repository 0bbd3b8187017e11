internal import CLinux

/// The system's own words for its error numbers.
enum SystemText {
  static func of(_ number: Int32) -> String {
    cl_fs_error_text(number).map { String(cString: $0) } ?? "error \(number)"
  }
}
