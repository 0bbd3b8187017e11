import CLinux

/// What went wrong on the way into the sandbox: the call, what it was about, and its errno.
struct LaunchFailure: Error {
  let call: StaticString
  let subject: PlanText?
  let error: Int32

  /// Throws where `result` is a negative errno, else returns it.
  @discardableResult
  static func check(
    _ result: Int32,
    _ call: StaticString,
    _ subject: PlanText? = nil
  ) throws(LaunchFailure) -> Int32 {
    guard result >= 0 else { throw LaunchFailure(call: call, subject: subject, error: -result) }
    return result
  }
}

/// The launcher's end of the control socket.
enum Control {
  private static let descriptor = Int32(CL_CONTROL_DESCRIPTOR)

  static func send(_ kind: Int, _ fields: [Int32] = [], descriptors: [Int32] = []) {
    var bytes: [UInt8] = [UInt8(truncatingIfNeeded: kind)]
    for field in fields {
      withUnsafeBytes(of: field.littleEndian) { bytes.append(contentsOf: $0) }
    }
    _ = cl_send(descriptor, bytes, bytes.count, descriptors, Int32(descriptors.count))
  }

  static func report(_ failure: LaunchFailure) {
    var bytes: [UInt8] = [UInt8(truncatingIfNeeded: CL_MESSAGE_FAILED)]
    withUnsafeBytes(of: failure.error.littleEndian) { bytes.append(contentsOf: $0) }
    failure.call.withUTF8Buffer { bytes.append(contentsOf: $0) }
    if let subject = failure.subject {
      bytes.append(UInt8(ascii: " "))
      let characters = UnsafeBufferPointer(start: subject.pointer, count: min(subject.count, 4096))
      bytes.append(contentsOf: characters.lazy.map(UInt8.init(bitPattern:)))
    }
    _ = cl_send(descriptor, bytes, bytes.count, nil, 0)
  }

  /// Waits for the supervisor's word to go on. False where the supervisor is gone.
  static func waitForGo() -> Bool {
    while true {
      guard let message = receive() else { return false }
      if Int(message.kind) == CL_MESSAGE_GO { return true }
    }
  }

  /// Waits for the first message. Nil where the supervisor is gone or says something else.
  static func receiveIdentity() -> Identity? {
    var bytes = [UInt8](repeating: 0, count: 64)
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    let count = cl_receive(descriptor, &bytes, bytes.count, &descriptors, &number)
    guard count > 0 else { return nil }
    return bytes.withUnsafeBytes { Identity(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  /// Waits for the plan. Where the supervisor dies first, removes what it may have made by then.
  static func receivePlan() -> Int32? {
    var made: [Plan.Placeholder] = []
    let capacity = 8192
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    while true {
      var descriptors: [Int32] = [-1, -1, -1, -1]
      var number: Int32 = 0
      let count = cl_receive(descriptor, bytes, capacity, &descriptors, &number)
      guard count > 0 else { break }
      if Int(bytes[0]) == CL_MESSAGE_PLAN, number == 1 { return descriptors[0] }
      guard Int(bytes[0]) == CL_MESSAGE_MADE, count > 6, bytes[count - 1] == 0 else { continue }
      let text = UnsafeMutablePointer<CChar>.allocate(capacity: count - 5)
      for index in 5..<count { text[index - 5] = CChar(bitPattern: bytes[index]) }
      made.append(
        Plan.Placeholder(
          path: PlanText(pointer: UnsafePointer(text), count: count - 6),
          inode: nil,
          isDirectory: bytes[1] == 1
        )
      )
    }
    for entry in made.reversed() { entry.remove() }
    return nil
  }

  /// The next message, or nil at the end of the socket.
  static func receive() -> (kind: UInt8, field: Int32)? {
    var bytes = [UInt8](repeating: 0, count: 8)
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var number: Int32 = 0
    let count = cl_receive(descriptor, &bytes, bytes.count, &descriptors, &number)
    guard count > 0 else { return nil }
    var field: UInt32 = 0
    for index in 0..<4 { field |= UInt32(bytes[1 + index]) << UInt32(8 * index) }
    return (bytes[0], Int32(bitPattern: field))
  }
}
