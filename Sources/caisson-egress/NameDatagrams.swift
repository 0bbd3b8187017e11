import CLinux
import Egress
import Glibc

/// Name service over UDP. Answers leave from the address that was asked, which may be any.
struct NameDatagrams: Sendable {
  private let descriptor: CInt
  private let names: NameService

  init(_ descriptor: CInt, _ names: NameService) throws(ServiceError) {
    let result = cl_datagram_report_local(descriptor)
    guard result == 0 else {
      throw ServiceError("the name service's socket cannot be used: error \(-result)")
    }
    self.descriptor = descriptor
    self.names = names
  }

  /// Answers until the process ends.
  func answer() {
    var buffer = [UInt8](repeating: 0, count: DNSQuery.longest + 1)
    var path = cl_datagram_path()
    while true {
      var entry = cl_poll(descriptor: descriptor, wanted: Int16(CL_POLLIN), seen: 0)
      guard cl_poll(&entry, 1, -1, 1) >= 0 else { return }
      while true {
        let count = cl_datagram_receive(descriptor, &buffer, buffer.count, &path)
        // Too long a question deserves no answer; anything else means that there is no more.
        if count == -CLong(EMSGSIZE) { continue }
        guard count >= 0 else { break }
        guard let reply = names.answer(Array(buffer[..<count])) else { continue }
        _ = cl_datagram_answer(descriptor, reply, reply.count, &path)
      }
    }
  }
}
