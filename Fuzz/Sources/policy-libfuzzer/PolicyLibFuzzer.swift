import PolicyMutation

/// One input of libFuzzer. A broken rule ends the process, as a trap would.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  if let complaint = Judge.complaint(about: text) { fatalError(complaint) }
  return 0
}
