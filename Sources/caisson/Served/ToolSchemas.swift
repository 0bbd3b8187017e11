import Dialects

/// What tools take and give, as JSON Schema.
enum ToolSchemas {
  static func text(_ description: String) -> RawJSON { property("string", description) }
  static func flag(_ description: String) -> RawJSON { property("boolean", description) }

  static func number(_ description: String, _ range: ClosedRange<Int>) -> RawJSON {
    RawJSON { property in
      property.object { object in
        object.string("type", "integer")
        object.string("description", description)
        object.int("minimum", range.lowerBound)
        object.int("maximum", range.upperBound)
      }
    }
  }

  /// A number, or a text where a host would make a binary fraction of it.
  static func money(_ description: String) -> RawJSON {
    RawJSON { property in
      property.object { object in
        object.strings("type", ["number", "string"])
        object.string("description", description)
      }
    }
  }

  static func texts(_ description: String) -> RawJSON {
    RawJSON { property in
      property.object { object in
        object.string("type", "array")
        object.string("description", description)
        object.object("items") { $0.string("type", "string") }
      }
    }
  }

  private static func property(_ type: String, _ description: String) -> RawJSON {
    RawJSON { property in
      property.object { object in
        object.string("type", type)
        object.string("description", description)
      }
    }
  }

  /// An object that has these properties and no others.
  static func object(_ properties: [String: RawJSON], required: [String]) -> String {
    RawJSON { writer in
      writer.object { schema in
        schema.string("type", "object")
        schema.object("properties") { object in
          for (name, property) in properties.sorted(by: { $0.key < $1.key }) {
            object.key(name)
            object.raw(property)
          }
        }
        schema.strings("required", required)
        schema.bool("additionalProperties", false)
      }
    }.text
  }

  static let named = object(
    ["id": text("An assignment, as assign or tasks name it.")],
    required: ["id"]
  )

  // MARK: Answers

  /// An object with at least these; a later version may say more.
  private static func answer(_ properties: String, _ required: String) -> String {
    #"{"type":"object","properties":{\#(properties)},"required":[\#(required)]}"#
  }

  static let assignment = answer(
    #""id":{"type":"string"},"task":{"type":"string"},"state":{"type":"string","enum":"#
      + #"["queued","running","waiting","done","failed","stopped","parked"]},"#
      + #""isOver":{"type":"boolean"},"asks":{"type":"boolean"},"reason":{"type":"string"},"#
      + #""directory":{"type":"string"},"workspace":{"type":"string"},"agent":{"type":"string"},"#
      + #""model":{"type":"string"},"policy":{"type":"string"},"steps":{"type":"integer"},"#
      + #""spent":{"type":"string"},"budget":{"type":"string"},"given":{"type":"string"},"#
      + #""changed":{"type":"string"},"parent":{"type":"string"}"#,
    #""id","state","isOver","asks","directory","spent""#
  )
  static let assignments = answer(
    #""assignments":{"type":"array","items":\#(assignment)}"#,
    #""assignments""#
  )
  private static let question = answer(
    #""id":{"type":"string"},"assignment":{"type":"string"},"action":{},"#
      + #""asked":{"type":"string"},"expires":{"type":"string"},"answerWith":{"type":"string"}"#,
    #""id","assignment","answerWith""#
  )
  static let questions = answer(
    #""questions":{"type":"array","items":\#(question)}"#,
    #""questions""#
  )
  static let detail = answer(
    #""assignment":\#(assignment),"children":{"type":"array","items":\#(assignment)},"#
      + #""questions":{"type":"array","items":\#(question)}"#,
    #""assignment","children","questions""#
  )
  static let page = answer(
    #""text":{"type":"string"},"next":{"type":"integer"},"more":{"type":"boolean"},"#
      + #""state":{"type":"string"}"#,
    #""text","next","more","state""#
  )
  static let diff = answer(
    #""digest":{"type":"string"},"added":{"type":"integer"},"modified":{"type":"integer"},"#
      + #""deleted":{"type":"integer"},"files":{"type":"array","items":{"type":"object"}},"#
      + #""filesLeftOut":{"type":"integer"},"diff":{"type":"string"},"isCut":{"type":"boolean"}"#,
    #""digest","files","diff","isCut""#
  )
  static let bill = answer(
    #""id":{"type":"string"},"spent":{"type":"string"},"reserved":{"type":"string"},"#
      + #""budget":{"type":"string"},"text":{"type":"string"}"#,
    #""id","spent","text""#
  )

  // MARK: What tools do, as hints to whoever asks a person first

  static let reads = #"{"readOnlyHint":true,"openWorldHint":false}"#

  static func changes(isDestructive: Bool, isIdempotent: Bool, isOpen: Bool) -> String {
    #"{"readOnlyHint":false,"destructiveHint":\#(isDestructive),"idempotentHint":\#(isIdempotent),"#
      + #""openWorldHint":\#(isOpen)}"#
  }
}
