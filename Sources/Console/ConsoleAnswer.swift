import Delegation
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import WorkWire

/// One request, from its head to its answer.
struct ConsoleAnswer {
  private let service: WorkService
  private let gate: Gate

  /// Bytes of a body: a policy and a task, and something around them.
  static let largestBody = 3 << 20

  init(_ service: WorkService, _ gate: Gate) {
    self.service = service
    self.gate = gate
  }

  func respond(to request: Request, _ context: ConsoleContext) async -> Response {
    do {
      let by = try await gate.admit(request, context)
      let call = try ConsoleCall(request)
      let body = call.hasBody ? try await Self.read(request) : []
      let answer = try await carryOut(call, body, by, request)
      return Self.response(answer.status, answer.body)
    } catch {
      let problem = WorkProblem(error)
      let body = (try? Self.encode(ProblemBody(problem))) ?? []
      var response = Self.response(problem.kind.status, body)
      // What was not read of it cannot be told from the next request.
      response.headers[.connection] = "close"
      return response
    }
  }

  private struct Answer {
    let status: HTTPResponse.Status
    let body: [UInt8]

    init(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws {
      self.status = status
      body = try ConsoleAnswer.encode(value)
    }
  }

  private func carryOut(
    _ call: ConsoleCall,
    _ body: [UInt8],
    _ by: String,
    _ request: Request
  ) async throws -> Answer {
    switch call {
    case .health:
      return try Answer(
        HealthView(
          state: "up",
          version: "0.1.0",
          pid: getpid(),
          keepsOnServer: service.keepsOnServer
        )
      )
    case .verification: return try Answer(await service.verification())
    case .assign:
      let order = try ClosedJSON.decode(AssignmentOrder.self, body)
      return try Answer(await service.assign(order), .created)
    case .assignments(let query): return try Answer(await service.assignments(query))
    case .assignment(let name): return try Answer(await service.detail(name))
    case .steps(let name, let after, let wait, let seen):
      // Whoever went away is not waited for.
      let service = service
      let view = try await request.body.consumeWithCancellationOnInboundClose { _ in
        try await service.steps(of: name, after: after, wait: wait, seen: seen)
      }
      return try Answer(view)
    case .stop(let name): return try Answer(await service.stop(name, by: by))
    case .resume(let name): return try Answer(await service.resume(name, by: by))
    case .questions(let state, let assignment):
      return try Answer(await service.questions(state, of: assignment))
    case .question(let name): return try Answer(await service.question(name))
    case .answer(let name):
      let order = try ClosedJSON.decode(AnswerOrder.self, body)
      return try Answer(await service.answer(name, order, by: by))
    case .schedules: return try Answer(await service.schedules())
    case .schedule:
      let order = try ClosedJSON.decode(AssignmentOrder.self, body)
      return try Answer(await service.schedule(order), .created)
    case .removeSchedule(let name):
      try await service.removeSchedule(name)
      return try Answer([String: String]())
    }
  }

  // MARK: Bytes

  private static func read(_ request: Request) async throws -> [UInt8] {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > largestBody {
      throw tooLarge
    }
    do {
      return Array(buffer: try await request.body.collect(upTo: largestBody))
    } catch is NIOTooManyBytesError {
      throw tooLarge
    }
  }

  private static var tooLarge: WorkProblem {
    WorkProblem(.large, "the body is larger than \(largestBody) bytes")
  }

  private static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [0x0A]
  }

  private static func response(_ status: HTTPResponse.Status, _ body: [UInt8]) -> Response {
    Response(
      status: status,
      headers: [
        .contentType: "application/json", .cacheControl: "no-store",
        .contentLength: String(body.count),
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
    )
  }
}

extension WorkProblem.Kind {
  var status: HTTPResponse.Status {
    switch self {
    case .invalid: .badRequest
    case .unsupported: .unprocessableContent
    case .unauthorized: .unauthorized
    case .forbidden: .forbidden
    case .unknown: .notFound
    case .method: .methodNotAllowed
    case .conflict: .conflict
    case .large: .contentTooLarge
    case .unavailable: .serviceUnavailable
    }
  }
}
