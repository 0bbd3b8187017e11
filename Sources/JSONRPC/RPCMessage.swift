package import Dialects

/// JSONRPC: messages of JSON-RPC 2.0 on lines, as two protocols speak it: that of tool servers (`MCP`)
/// and that of agents (`ACP`). It knows neither, and does no I/O.

/// One message of JSON-RPC 2.0, as the protocols use it.
///
/// Refused are duplicate keys at any depth (readers differ in which they take), batches, frames and
/// nesting beyond their bounds, ids other than whole numbers and texts, and text that is not UTF-8.
/// Members that nobody knows are kept out of the way and not refused.
package enum RPCMessage: Sendable {
  case request(id: RequestID, method: String, params: JSON?)
  case notification(method: String, params: JSON?)
  case result(id: RequestID, JSON)
  /// An error without an id answers what could not be read.
  case failure(id: RequestID?, RPCError)

  private static let longestMethod = 256

  /// - Parameters:
  ///   - frame: one line, without its end, or the body of a request over HTTP.
  ///   - allowsNull: Whether a result may be null, as the one of an answer that says nothing is for some.
  package static func parse(
    _ frame: [UInt8],
    bounds: WireBounds = WireBounds(),
    allowsNull: Bool = false
  ) throws(WireError) -> RPCMessage {
    guard frame.count <= bounds.length else { throw .tooLong(atMost: bounds.length) }
    let root: JSON
    do {
      root = try JSONDocument(frame, bounds: bounds.json).root
    } catch {
      throw .malformed(error)
    }
    guard root.isObject else {
      if root.isArray { throw .batch }
      throw .malformed(JSONError(.notAnObject, at: 0))
    }
    guard root["jsonrpc"]?.equals("2.0") == true else { throw .notAMessage(.version) }
    let method = root["method"]
    let result = root["result"]
    let error = root["error"]
    switch (method, result, error) {
    case (let method?, nil, nil): return try call(method, root)
    case (nil, let result?, nil):
      guard result.isObject || allowsNull && result.isNull else { throw .notAMessage(.result) }
      guard let id = root["id"].flatMap(RequestID.init) else { throw .notAMessage(.id) }
      return .result(id: id, result)
    case (nil, nil, let error?):
      guard let error = RPCError(error) else { throw .notAMessage(.error) }
      guard let id = root.present("id") else { return .failure(id: nil, error) }
      guard let id = RequestID(id) else { throw .notAMessage(.id) }
      return .failure(id: id, error)
    case (nil, nil, nil): throw .notAMessage(.nothing)
    default: throw .notAMessage(.several)
    }
  }

  private static func call(_ method: JSON, _ root: JSON) throws(WireError) -> RPCMessage {
    guard let length = method.stringLength, (1...longestMethod).contains(length),
      let method = method.string
    else { throw .notAMessage(.method) }
    let params = root.present("params")
    guard params?.isObject != false else { throw .notAMessage(.params) }
    guard let id = root["id"] else { return .notification(method: method, params: params) }
    guard let id = RequestID(id) else { throw .notAMessage(.id) }
    return .request(id: id, method: method, params: params)
  }

  /// Whether a line does not even pretend to be a message: some programs greet on the same pipe.
  package static func isNoise(_ line: [UInt8]) -> Bool {
    let first = line.first { $0 != 0x20 && $0 != 0x09 }
    return first != UInt8(ascii: "{") && first != UInt8(ascii: "[")
  }
}
