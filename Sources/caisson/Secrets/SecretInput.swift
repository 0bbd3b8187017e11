import Foundation
import Glibc
import SystemPackage

/// Where the value of a secret comes from. Never an argument: every program can read those.
enum SecretInput {
  case environment(String)
  case file(String)
  case command(String)
  /// A prompt where there is a terminal, else standard input to its end.
  case standardInput

  /// The value, without the line end at its end.
  func read(for name: String) throws(SecretError) -> [UInt8] {
    var value = try bytes(for: name)
    if value.last == 0x0A { value.removeLast() }
    if value.last == 0x0D { value.removeLast() }
    return value
  }

  private func bytes(for name: String) throws(SecretError) -> [UInt8] {
    let most = StoredSecret.longestValue + 2
    switch self {
    case .environment(let variable):
      guard let value = getenv(variable) else {
        throw .noValue("the variable \(variable) is not set; export it first")
      }
      return Array(String(cString: value).utf8)
    case .file(let path):
      do {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        return try SecretFiles.readAll(file, path, atMost: most)
      } catch let error as SecretError {
        throw error
      } catch {
        throw .unreadable(path, reason: "\(error)")
      }
    case .command(let command):
      return try output(of: command, atMost: most)
    case .standardInput:
      guard isatty(0) == 1 else {
        return try SecretFiles.readAll(.standardInput, "standard input", atMost: most)
      }
      return try prompt(for: name)
    }
  }

  /// What a command of the user's shell prints. It may ask questions on the terminal.
  private func output(of command: String, atMost most: Int) throws(SecretError) -> [UInt8] {
    guard let stream = popen(command, "re") else {
      throw .noValue("the command cannot be started; try it in a shell")
    }
    let read = Result { () throws(SecretError) in
      try SecretFiles.readAll(FileDescriptor(rawValue: fileno(stream)), "its output", atMost: most)
    }
    let status = pclose(stream)
    let bytes = try read.get()
    guard status == 0 else {
      throw .noValue("the command for the secret failed; try it in a shell")
    }
    return bytes
  }

  private func prompt(for name: String) throws(SecretError) -> [UInt8] {
    var former = termios()
    guard tcgetattr(0, &former) == 0 else {
      throw .noValue("the terminal cannot be asked; give the value on standard input")
    }
    // Keys come one by one, so that an interrupt puts the terminal back, too.
    var muted = former
    muted.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    tcsetattr(0, TCSAFLUSH, &muted)
    defer {
      tcsetattr(0, TCSAFLUSH, &former)
      try? FileHandle.standardError.write(contentsOf: Data("\n".utf8))
    }
    try? FileHandle.standardError.write(
      contentsOf: Data("Value of \(name) (not shown): ".utf8)
    )
    var value: [UInt8] = []
    var key: UInt8 = 0
    while Glibc.read(0, &key, 1) == 1 {
      switch key {
      case 0x0A, 0x0D, 0x04: return value
      case 0x03, 0x1A, 0x1C: throw .noValue("nothing was stored")
      case 0x15: value = []
      case 0x08, 0x7F: _ = value.popLast()
      default: value.append(key)
      }
      if value.count > StoredSecret.longestValue { break }
    }
    return value
  }
}
