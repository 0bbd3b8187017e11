// What the mock upstream says, in the words of each interface: bodies, and the pieces of streams.
#include "mock.h"

#include <stdlib.h>
#include <string.h>

#define CREATED "1760000000"
#define OLLAMA_TIME "\"created_at\":\"2026-01-01T00:00:00Z\""

static char *text = "Hello! How can I help you today?";

void answer_set_text(size_t bytes) {
  text = malloc(bytes + 1);
  memset(text, 'x', bytes);
  text[bytes] = 0;
}

size_t answer_text_bytes(void) { return strlen(text); }

/// Usage in the words of an interface, with the comma before it; nothing where it is not told.
static void add_usage(struct buffer *out, const struct request *request,
                      const struct answer *answer) {
  if (!answer->tells_usage) return;
  long input = answer->input, output = answer->output;
  switch (request->kind) {
  case CHAT:
  case COMPLETIONS:
    buffer_format(out,
                  ",\"usage\":{\"prompt_tokens\":%ld,\"completion_tokens\":%ld,"
                  "\"total_tokens\":%ld,\"prompt_tokens_details\":{\"cached_tokens\":0},"
                  "\"completion_tokens_details\":{\"reasoning_tokens\":0}}",
                  input, output, input + output);
    break;
  case RESPONSES:
    buffer_format(out,
                  ",\"usage\":{\"input_tokens\":%ld,\"input_tokens_details\":{\"cached_tokens\":0},"
                  "\"output_tokens\":%ld,\"output_tokens_details\":{\"reasoning_tokens\":0},"
                  "\"total_tokens\":%ld}",
                  input, output, input + output);
    break;
  case EMBEDDINGS:
    buffer_format(out, ",\"usage\":{\"prompt_tokens\":%ld,\"total_tokens\":%ld}", input, input);
    break;
  case MESSAGES:
    buffer_format(out, ",\"usage\":{\"input_tokens\":%ld,\"output_tokens\":%ld}", input, output);
    break;
  case OLLAMA_CHAT:
  case OLLAMA_GENERATE:
    buffer_format(out, ",\"prompt_eval_count\":%ld,\"eval_count\":%ld", input, output);
    break;
  case OLLAMA_EMBED:
    buffer_format(out, ",\"prompt_eval_count\":%ld", input);
    break;
  case GEMINI:
    buffer_format(out,
                  ",\"usageMetadata\":{\"promptTokenCount\":%ld,\"candidatesTokenCount\":%ld,"
                  "\"totalTokenCount\":%ld}",
                  input, output, input + output);
    break;
  default:
    break;
  }
}

static void add_response(struct buffer *out, const struct request *request,
                         const struct answer *answer) {
  buffer_format(out,
                "{\"id\":\"resp_mock\",\"object\":\"response\",\"created_at\":" CREATED
                ",\"status\":\"%s\",\"error\":null,\"incomplete_details\":%s,"
                "\"instructions\":null,\"model\":\"%s\",\"output\":[{\"type\":\"message\","
                "\"id\":\"msg_mock\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":"
                "[{\"type\":\"output_text\",\"text\":\"%.*s\",\"annotations\":[]}]}],"
                "\"parallel_tool_calls\":true,\"temperature\":1.0,\"tool_choice\":\"auto\","
                "\"tools\":[],\"top_p\":1.0,\"metadata\":{}",
                answer->is_cut ? "incomplete" : "completed",
                answer->is_cut ? "{\"reason\":\"max_output_tokens\"}" : "null", request->model,
                (int)answer->text_bytes, text);
  add_usage(out, request, answer);
  buffer_add(out, "}", 1);
}

void answer_body(struct buffer *out, const struct request *request, const struct answer *answer) {
  const char *model = request->model;
  int length = (int)answer->text_bytes;
  const char *reason = answer->is_cut ? "length" : "stop";
  switch (request->kind) {
  case CHAT:
    buffer_format(out,
                  "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":" CREATED
                  ",\"model\":\"%s\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                  "\"content\":\"%.*s\",\"refusal\":null},\"logprobs\":null,"
                  "\"finish_reason\":\"%s\"}],\"system_fingerprint\":\"fp_mock\"",
                  model, length, text, reason);
    break;
  case COMPLETIONS:
    buffer_format(out,
                  "{\"id\":\"cmpl-mock\",\"object\":\"text_completion\",\"created\":" CREATED
                  ",\"model\":\"%s\",\"choices\":[{\"index\":0,\"text\":\"%.*s\","
                  "\"logprobs\":null,\"finish_reason\":\"%s\"}]",
                  model, length, text, reason);
    break;
  case RESPONSES:
    add_response(out, request, answer);
    return;
  case EMBEDDINGS:
    buffer_format(out,
                  "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
                  "\"embedding\":[0.1,0.2,0.3,0.4]}],\"model\":\"%s\"",
                  model);
    break;
  case MODELS:
    buffer_format(out,
                  "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-4o-mini\",\"object\":\"model\","
                  "\"created\":" CREATED ",\"owned_by\":\"mock\"}]");
    break;
  case MESSAGES:
    buffer_format(out,
                  "{\"id\":\"msg_mock\",\"type\":\"message\",\"role\":\"assistant\","
                  "\"model\":\"%s\",\"content\":[{\"type\":\"text\",\"text\":\"%.*s\"}],"
                  "\"stop_reason\":\"%s\",\"stop_sequence\":null",
                  model, length, text, answer->is_cut ? "max_tokens" : "end_turn");
    break;
  case COUNT_TOKENS:
    buffer_format(out, "{\"input_tokens\":%ld", answer->input);
    break;
  case OLLAMA_CHAT:
    buffer_format(out,
                  "{\"model\":\"%s\"," OLLAMA_TIME ",\"message\":{\"role\":\"assistant\","
                  "\"content\":\"%.*s\"},\"done\":true,\"done_reason\":\"%s\","
                  "\"total_duration\":1,\"load_duration\":1,\"prompt_eval_duration\":1,"
                  "\"eval_duration\":1",
                  model, length, text, reason);
    break;
  case OLLAMA_GENERATE:
    buffer_format(out,
                  "{\"model\":\"%s\"," OLLAMA_TIME ",\"response\":\"%.*s\",\"done\":true,"
                  "\"done_reason\":\"%s\"",
                  model, length, text, reason);
    break;
  case OLLAMA_EMBED:
    buffer_format(out, "{\"model\":\"%s\",\"embeddings\":[[0.1,0.2,0.3,0.4]]", model);
    break;
  case OLLAMA_TAGS:
    buffer_format(out,
                  "{\"models\":[{\"name\":\"llama3\",\"model\":\"llama3\",\"modified_at\":"
                  "\"2026-01-01T00:00:00Z\",\"size\":1,\"digest\":\"0\",\"details\":{}}]");
    break;
  case GEMINI:
    buffer_format(out,
                  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"%.*s\"}],"
                  "\"role\":\"model\"},\"finishReason\":\"%s\",\"index\":0}],"
                  "\"modelVersion\":\"%s\",\"responseId\":\"mock\"",
                  length, text, answer->is_cut ? "MAX_TOKENS" : "STOP", model);
    break;
  case GEMINI_EMBED:
    buffer_format(out, "{\"embeddings\":[{\"values\":[0.1,0.2,0.3,0.4]}]");
    break;
  case NOWHERE:
    buffer_format(out, "{\"error\":{\"message\":\"no such route\","
                       "\"type\":\"invalid_request_error\"}");
    break;
  }
  add_usage(out, request, answer);
  buffer_add(out, "}", 1);
}

static bool is_lines(const struct request *request) {
  return request->kind == OLLAMA_CHAT || request->kind == OLLAMA_GENERATE;
}

const char *answer_stream_type(const struct request *request) {
  return is_lines(request) ? "application/x-ndjson" : "text/event-stream; charset=utf-8";
}

#define CHAT_CHUNK                                                                          \
  "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":" CREATED \
  ",\"model\":\"%s\",\"choices\":["
#define TEXT_CHUNK                                                                \
  "data: {\"id\":\"cmpl-mock\",\"object\":\"text_completion\",\"created\":" CREATED \
  ",\"model\":\"%s\",\"choices\":["

void answer_opening(struct buffer *out, const struct request *request,
                    const struct answer *answer) {
  const char *model = request->model;
  switch (request->kind) {
  case CHAT:
    buffer_format(out,
                  CHAT_CHUNK "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
                             "\"finish_reason\":null}]}\n\n",
                  model);
    break;
  case MESSAGES:
    buffer_format(out,
                  "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"
                  "{\"id\":\"msg_mock\",\"type\":\"message\",\"role\":\"assistant\","
                  "\"model\":\"%s\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null",
                  model);
    if (answer->tells_usage)
      buffer_format(out, ",\"usage\":{\"input_tokens\":%ld,\"output_tokens\":1}", answer->input);
    buffer_format(out, "}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\","
                       "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
    break;
  case RESPONSES:
    buffer_format(out,
                  "event: response.created\ndata: {\"type\":\"response.created\","
                  "\"sequence_number\":0,\"response\":{\"id\":\"resp_mock\","
                  "\"object\":\"response\",\"created_at\":" CREATED ",\"status\":\"in_progress\","
                  "\"model\":\"%s\",\"output\":[],\"parallel_tool_calls\":true,"
                  "\"tool_choice\":\"auto\",\"tools\":[]}}\n\n",
                  model);
    buffer_format(out, "event: response.output_item.added\ndata: {\"type\":"
                       "\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,"
                       "\"item\":{\"type\":\"message\",\"id\":\"msg_mock\","
                       "\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}}\n\n"
                       "event: response.content_part.added\ndata: {\"type\":"
                       "\"response.content_part.added\",\"sequence_number\":2,"
                       "\"item_id\":\"msg_mock\",\"output_index\":0,\"content_index\":0,"
                       "\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}\n\n");
    break;
  default:
    break;
  }
}

void answer_piece(struct buffer *out, const struct request *request, const struct answer *answer) {
  const char *model = request->model;
  int piece = answer->piece;
  switch (request->kind) {
  case CHAT:
    buffer_format(out,
                  CHAT_CHUNK "{\"index\":0,\"delta\":{\"content\":\"tok%d \"},"
                             "\"finish_reason\":null}]}\n\n",
                  model, piece);
    break;
  case COMPLETIONS:
    buffer_format(out, TEXT_CHUNK "{\"index\":0,\"text\":\"tok%d \",\"finish_reason\":null}]}\n\n",
                  model, piece);
    break;
  case MESSAGES:
    buffer_format(out,
                  "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
                  "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"tok%d \"}}\n\n",
                  piece);
    break;
  case RESPONSES:
    buffer_format(out,
                  "event: response.output_text.delta\ndata: {\"type\":"
                  "\"response.output_text.delta\",\"sequence_number\":%d,"
                  "\"item_id\":\"msg_mock\",\"output_index\":0,\"content_index\":0,"
                  "\"delta\":\"tok%d \"}\n\n",
                  piece + 2, piece);
    break;
  case OLLAMA_CHAT:
    buffer_format(out,
                  "{\"model\":\"%s\"," OLLAMA_TIME ",\"message\":{\"role\":\"assistant\","
                  "\"content\":\"tok%d \"},\"done\":false}\n",
                  model, piece);
    break;
  case OLLAMA_GENERATE:
    buffer_format(out,
                  "{\"model\":\"%s\"," OLLAMA_TIME ",\"response\":\"tok%d \",\"done\":false}\n",
                  model, piece);
    break;
  case GEMINI:
    buffer_format(out,
                  "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"tok%d \"}],"
                  "\"role\":\"model\"},\"index\":0}],\"modelVersion\":\"%s\"",
                  piece, model);
    add_usage(out, request, answer);
    buffer_add(out, "}\n\n", 3);
    break;
  default:
    break;
  }
}

void answer_ending(struct buffer *out, const struct request *request,
                   const struct answer *answer) {
  const char *model = request->model;
  const char *reason = answer->is_cut ? "length" : "stop";
  struct answer nothing_more = *answer;
  nothing_more.text_bytes = 0;
  switch (request->kind) {
  case CHAT:
  case COMPLETIONS:
    if (request->kind == CHAT)
      buffer_format(out, CHAT_CHUNK "{\"index\":0,\"delta\":{},\"finish_reason\":\"%s\"}]}\n\n",
                    model, reason);
    else
      buffer_format(out, TEXT_CHUNK "{\"index\":0,\"text\":\"\",\"finish_reason\":\"%s\"}]}\n\n",
                    model, reason);
    if (answer->tells_usage && request->asks_usage) {
      if (request->kind == CHAT) buffer_format(out, CHAT_CHUNK "]", model);
      else buffer_format(out, TEXT_CHUNK "]", model);
      add_usage(out, request, answer);
      buffer_add(out, "}\n\n", 3);
    }
    buffer_format(out, "data: [DONE]\n\n");
    break;
  case MESSAGES:
    buffer_format(out,
                  "event: content_block_stop\ndata: {\"type\":\"content_block_stop\","
                  "\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\","
                  "\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null}",
                  answer->is_cut ? "max_tokens" : "end_turn");
    if (answer->tells_usage)
      buffer_format(out, ",\"usage\":{\"output_tokens\":%ld}", answer->output);
    buffer_format(out, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    break;
  case RESPONSES: {
    const char *name = answer->is_cut ? "response.incomplete" : "response.completed";
    buffer_format(out, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%d,\"response\":",
                  name, name, answer->piece + 3);
    add_response(out, request, &nothing_more);
    buffer_add(out, "}\n\n", 3);
    break;
  }
  case OLLAMA_CHAT:
  case OLLAMA_GENERATE:
    answer_body(out, request, &nothing_more);
    buffer_add(out, "\n", 1);
    break;
  case GEMINI:
    buffer_format(out,
                  "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],"
                  "\"role\":\"model\"},\"finishReason\":\"%s\",\"index\":0}],"
                  "\"modelVersion\":\"%s\"",
                  answer->is_cut ? "MAX_TOKENS" : "STOP", model);
    add_usage(out, request, answer);
    buffer_add(out, "}\n\n", 3);
    break;
  default:
    break;
  }
}

void answer_garbage(struct buffer *out, const struct request *request) {
  if (is_lines(request)) buffer_format(out, "{\"model\":\"mock\",\"mess\n");
  else buffer_format(out, "data: {\"choices\":[{\"delta\":{\"con\n\n");
}

void answer_refusal(struct buffer *out, const struct request *request, int status) {
  bool is_limit = status == 429;
  switch (request->kind) {
  case MESSAGES:
    buffer_format(out,
                  "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"mock failure\"},"
                  "\"request_id\":\"req_mock\"}",
                  is_limit            ? "rate_limit_error"
                      : status == 529 ? "overloaded_error"
                                      : "api_error");
    break;
  case GEMINI:
  case GEMINI_EMBED:
    buffer_format(out,
                  "{\"error\":{\"code\":%d,\"message\":\"mock failure\",\"status\":\"%s\"}}",
                  status,
                  is_limit ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE");
    break;
  case OLLAMA_CHAT:
  case OLLAMA_GENERATE:
  case OLLAMA_EMBED:
    buffer_format(out, "{\"error\":\"mock failure\"}");
    break;
  default:
    buffer_format(out,
                  "{\"error\":{\"message\":\"mock failure\",\"type\":\"%s\",\"param\":null,"
                  "\"code\":%s}}",
                  is_limit ? "requests" : "server_error",
                  is_limit ? "\"rate_limit_exceeded\"" : "null");
    break;
  }
}
