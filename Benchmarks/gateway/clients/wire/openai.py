"""OpenAI's chat completions and embeddings."""

import base64
import json
import struct

from turns import Asked, Refused, pieces, vector


class Chat:
    counted = {"cached", "output", "reasoning"}
    stream_type = "text/event-stream"

    def read(self, body, _):
        asked = Asked(body["model"], body.get("stream") is True)
        options = body.get("stream_options") or {}
        asked.wants_usage = not asked.stream or options.get("include_usage") is True
        asked.most = body.get("max_completion_tokens") or body.get("max_tokens")
        asked.wants_thoughts = bool(body.get("reasoning_effort"))
        if not body.get("messages"):
            raise Refused(400, "messages: a list with at least one message is needed")
        waiting = set()
        for message in body["messages"]:
            asked.images += images(message.get("content"))
            if message["role"] == "tool":
                if message.get("tool_call_id") not in waiting:
                    raise Refused(400, "messages with role 'tool' must be a response to a "
                                       "preceding message with 'tool_calls'")
                waiting.discard(message["tool_call_id"])
            else:
                if waiting:
                    raise Refused(400, f"tool calls {sorted(waiting)} have no response")
                for call in message.get("tool_calls") or []:
                    if not isinstance(call["function"]["arguments"], str):
                        raise Refused(400, "arguments must be a string")
                    waiting.add(call["id"])
        asked.words = text(body["messages"][-1].get("content"))
        asked.has_results = body["messages"][-1]["role"] == "tool"
        for tool in body.get("tools") or []:
            function = tool["function"]
            asked.tools.append((function["name"], function.get("parameters") or {}))
        choice = body.get("tool_choice")
        if choice == "none":
            asked.tools = []
        elif isinstance(choice, dict):
            asked.tools = [x for x in asked.tools if x[0] == choice["function"]["name"]]
        form = body.get("response_format") or {}
        if form.get("type") == "json_schema":
            asked.schema = form["json_schema"]["schema"]
        elif form.get("type") == "json_object":
            asked.schema = {"type": "object"}
        return asked

    def whole(self, answer):
        message = {"role": "assistant", "content": answer.turn.text or None, "refusal": None}
        if answer.turn.thinking:
            message["reasoning_content"] = answer.turn.thinking
        if answer.turn.calls:
            message["tool_calls"] = [call(x, i, answer) for i, x in enumerate(answer.turn.calls)]
        return {**head(answer, "chat.completion"),
                "choices": [{"index": 0, "message": message, "logprobs": None,
                             "finish_reason": reason(answer)}],
                "usage": usage(answer.usage)}

    def stream(self, answer):
        def chunk(delta, finish=None):
            choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
            value = {**head(answer, "chat.completion.chunk"), "choices": choices}
            if answer.asked.wants_usage:
                value["usage"] = None
            return event(value)

        yield chunk({"role": "assistant", "content": "", "refusal": None})
        for piece in pieces(answer.turn.thinking):
            yield chunk({"reasoning_content": piece})
        for piece in pieces(answer.turn.text):
            yield chunk({"content": piece})
        for index, made in enumerate(answer.turn.calls):
            whole = call(made, index, answer)
            arguments = whole["function"].pop("arguments")
            begin = {"index": index, **whole}
            begin["function"]["arguments"] = ""
            yield chunk({"tool_calls": [begin]})
            for piece in pieces(arguments):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield chunk({}, reason(answer))
        if answer.asked.wants_usage:
            yield event({**head(answer, "chat.completion.chunk"), "choices": [],
                         "usage": usage(answer.usage)})
        yield b"data: [DONE]\n\n"

    @staticmethod
    def error(refused):
        return {"error": {"message": refused.message, "type": refused.kind, "param": None,
                          "code": None}}


class Embeddings(Chat):
    counted = set()

    def read(self, body, _):
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        if inputs and isinstance(inputs[0], int):
            inputs = [inputs]
        return Asked(body["model"], inputs=inputs, encoding=body.get("encoding_format", "float"))

    def whole(self, answer):
        data = []
        for index, text in enumerate(answer.asked.inputs):
            numbers = vector(text, index)
            if answer.asked.encoding == "base64":
                numbers = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
            data.append({"object": "embedding", "index": index, "embedding": numbers})
        return {"object": "list", "data": data, "model": answer.asked.model,
                "usage": {"prompt_tokens": answer.usage.prompt,
                          "total_tokens": answer.usage.prompt}}


def head(answer, kind):
    return {"id": f"chatcmpl-{answer.number}", "object": kind, "created": 1_790_000_000,
            "model": answer.asked.model, "system_fingerprint": "fp_scripted"}


def call(made, index, answer):
    return {"id": made.id or f"call_{answer.number}_{index}", "type": "function",
            "function": {"name": made.name,
                         "arguments": json.dumps(made.arguments, ensure_ascii=False)}}


def reason(answer):
    return "tool_calls" if answer.turn.calls else "stop"


def usage(used):
    return {"prompt_tokens": used.prompt, "completion_tokens": used.output,
            "total_tokens": used.prompt + used.output,
            "prompt_tokens_details": {"cached_tokens": used.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": used.reasoning, "audio_tokens": 0}}


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def text(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def images(content):
    found = 0
    for part in content if isinstance(content, list) else []:
        if part["type"] == "image_url":
            check_picture(part["image_url"]["url"])
            found += 1
    return found


def check_picture(url):
    """A picture in the request must be one."""
    if url.startswith("data:"):
        check_base64(url.partition(";base64,")[2])


def check_base64(data):
    try:
        found = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise Refused(400, "the picture is not base64") from error
    if not found.startswith(b"\x89PNG"):
        raise Refused(400, "the picture is no PNG")
