import NIOHTTP1

/// A request as it came, whole.
struct ClientRequest {
  let head: HTTPRequestHead
  let body: [UInt8]

  var headers: HTTPHeaders { head.headers }
}
