"""Anthropic's messages."""

import json

from turns import Asked, Refused, pieces
from wire.openai import check_base64


THOUGHTS = ("thinking", "redacted_thinking")
SIGNATURE = "c2NyaXB0ZWQ="


class Messages:
    counted = {"cached", "written", "output"}
    stream_type = "text/event-stream"

    def read(self, body, _):
        asked = Asked(body["model"], body.get("stream") is True, most=body.get("max_tokens"))
        if not asked.most:
            raise Refused(400, "max_tokens: Field required")
        thinking = body.get("thinking") or {}
        asked.wants_thoughts = thinking.get("type") in ("enabled", "adaptive")
        waiting, begins = set(), []
        for place, message in enumerate(body["messages"]):
            if message["role"] not in ("user", "assistant"):
                raise Refused(400, f"messages.{place}.role: Input should be 'user' or 'assistant'")
            content = blocks(message["content"])
            results = {x["tool_use_id"] for x in content if x["type"] == "tool_result"}
            if results - waiting or waiting - results:
                raise Refused(400, f"messages.{place}: `tool_use` ids were found without "
                                   "`tool_result` blocks immediately after, or the reverse")
            waiting = {x["id"] for x in content if x["type"] == "tool_use"}
            if results and asked.wants_thoughts and begins[0] not in THOUGHTS:
                raise Refused(400, f"messages.{place - 1}.content.0: Expected `thinking`, "
                                   f"but found `{begins[0]}`")
            check_thoughts(content)
            begins = [x["type"] for x in content]
            if any(x["type"] == "text" and not x["text"] for x in content):
                raise Refused(400, f"messages.{place}: text content blocks must be non-empty")
            asked.images += sum(images(x) for x in content)
        last = blocks(body["messages"][-1]["content"])
        asked.has_results = any(x["type"] == "tool_result" for x in last)
        asked.words = "".join(words(x) for x in last)
        for tool in body.get("tools") or []:
            if tool.get("type", "custom") == "custom":
                asked.tools.append((tool["name"], tool["input_schema"]))
        choice = body.get("tool_choice") or {}
        if choice.get("type") == "none":
            asked.tools = []
        elif choice.get("type") == "tool":
            asked.tools = [x for x in asked.tools if x[0] == choice["name"]]
        form = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        asked.schema = form.get("schema")
        return asked

    def content(self, answer):
        found = []
        if answer.turn.thinking:
            found.append({"type": "thinking", "thinking": answer.turn.thinking,
                          "signature": SIGNATURE})
        if answer.turn.text:
            found.append({"type": "text", "text": answer.turn.text})
        for index, made in enumerate(answer.turn.calls):
            found.append({"type": "tool_use", "id": made.id or f"toolu_{answer.number}_{index}",
                          "name": made.name, "input": made.arguments})
        return found

    def message(self, answer, content, reason, used):
        return {"id": f"msg_{answer.number}", "type": "message", "role": "assistant",
                "model": answer.asked.model, "content": content, "stop_reason": reason,
                "stop_sequence": None, "usage": used}

    def whole(self, answer):
        return self.message(answer, self.content(answer), reason(answer), usage(answer.usage))

    def stream(self, answer):
        begun = {**usage(answer.usage), "output_tokens": 1}
        yield event("message_start", message=self.message(answer, [], None, begun))
        yield event("ping")
        for index, block in enumerate(self.content(answer)):
            if block["type"] == "text":
                start = {**block, "text": ""}
                deltas = [{"type": "text_delta", "text": x} for x in pieces(block["text"])]
            elif block["type"] == "thinking":
                start = {**block, "thinking": "", "signature": ""}
                deltas = [{"type": "thinking_delta", "thinking": x}
                          for x in pieces(block["thinking"])]
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            else:
                start = {**block, "input": {}}
                text = json.dumps(block["input"], ensure_ascii=False)
                deltas = [{"type": "input_json_delta", "partial_json": x}
                          for x in ["", *pieces(text)]]
            yield event("content_block_start", index=index, content_block=start)
            for delta in deltas:
                yield event("content_block_delta", index=index, delta=delta)
            yield event("content_block_stop", index=index)
        yield event("message_delta", delta={"stop_reason": reason(answer), "stop_sequence": None},
                    usage={"output_tokens": answer.usage.output})
        yield event("message_stop")

    @staticmethod
    def error(refused):
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error",
                 500: "api_error", 529: "overloaded_error"}
        kind = kinds.get(refused.status, "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": refused.message}}


def check_thoughts(content):
    """Thoughts come back as they were signed, or not at all."""
    for block in content:
        if block["type"] == "thinking" and block["signature"] != SIGNATURE:
            raise Refused(400, "Invalid `signature` in `thinking` block")


def event(kind, **value):
    text = json.dumps({"type": kind, **value}, ensure_ascii=False)
    return f"event: {kind}\ndata: {text}\n\n".encode()


def reason(answer):
    return "tool_use" if answer.turn.calls else "end_turn"


def usage(used):
    return {"input_tokens": used.input, "cache_read_input_tokens": used.cached,
            "cache_creation_input_tokens": used.written, "output_tokens": used.output}


def blocks(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def words(block):
    if block["type"] == "tool_result":
        return "".join(words(x) for x in blocks(block.get("content") or []))
    return block.get("text", "")


def images(block):
    if block["type"] == "tool_result":
        return sum(images(x) for x in blocks(block.get("content") or []))
    if block["type"] != "image":
        return 0
    if block["source"]["type"] == "base64":
        check_base64(block["source"]["data"])
    return 1
