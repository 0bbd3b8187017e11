@testable import MCP

/// A text as a frame, and back.
func frame(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ frame: [UInt8]) -> String { String(decoding: frame, as: UTF8.self) }
