package import Dialects

/// Writes messages, each as the bytes of one line without its end.
package enum Frame {
  package static func request(
    _ id: RequestID,
    _ method: String,
    params: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.string("jsonrpc", "2.0")
      id.write("id", to: &writer)
      writer.string("method", method)
      writer.object("params", params)
    }
  }

  package static func notification(
    _ method: String,
    params: (inout JSONWriter) -> Void = { _ in }
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.string("jsonrpc", "2.0")
      writer.string("method", method)
      writer.objectIfAny("params", params)
    }
  }

  package static func result(
    _ id: RequestID,
    _ content: (inout JSONWriter) -> Void = { _ in }
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.string("jsonrpc", "2.0")
      id.write("id", to: &writer)
      writer.object("result", content)
    }
  }

  package static func failure(_ id: RequestID?, _ error: RPCError) -> [UInt8] {
    JSONWriter.object { writer in
      writer.string("jsonrpc", "2.0")
      if let id { id.write("id", to: &writer) } else { writer.null("id") }
      writer.key("error")
      error.write(to: &writer)
    }
  }
}
