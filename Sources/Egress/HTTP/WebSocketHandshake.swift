import Crypto
import Foundation
import NIOHTTP1

/// What makes an upgrade a WebSocket's (RFC 6455, section 4).
enum WebSocketHandshake {
  static func problem(_ request: RequestHead) -> String? {
    guard request.method == "GET", request.framing == .none, request.minor == 1 else {
      return "a WebSocket begins with a GET of HTTP/1.1 without a body"
    }
    guard request.headers["sec-websocket-version"] == ["13"] else {
      return "the version of the WebSocket is not 13"
    }
    let keys = request.headers["sec-websocket-key"]
    guard keys.count == 1, Data(base64Encoded: keys[0])?.count == 16 else {
      return "the key of the WebSocket is not 16 bytes in base64"
    }
    return nil
  }

  /// Whether a server's answer accepts the key of a request.
  static func isAccepted(_ answer: HTTPResponseHead, key: String?) -> Bool {
    guard let key, answer.status == .switchingProtocols,
      answer.headers.first(name: "upgrade")?.lowercased() == "websocket"
    else { return false }
    let text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    let digest = Data(Insecure.SHA1.hash(data: Data(text.utf8))).base64EncodedString()
    return answer.headers["sec-websocket-accept"] == [digest]
  }
}
