"""Ollama's chat, generate and embed."""

import json

from turns import Asked, Refused, pieces, vector
from wire.openai import check_base64


class Chat:
    counted = {"output"}
    stream_type = "application/x-ndjson"

    def read(self, body, _):
        # Streams are what it gives if nothing is said.
        asked = Asked(body["model"], body.get("stream") is not False)
        asked.most = (body.get("options") or {}).get("num_predict")
        asked.wants_thoughts = bool(body.get("think"))
        for message in body["messages"]:
            for picture in message.get("images") or []:
                check_base64(picture)
                asked.images += 1
            for call in message.get("tool_calls") or []:
                if not isinstance(call["function"]["arguments"], dict):
                    raise Refused(400, "arguments must be an object")
        asked.words = body["messages"][-1].get("content", "")
        asked.has_results = body["messages"][-1]["role"] == "tool"
        for tool in body.get("tools") or []:
            asked.tools.append((tool["function"]["name"], tool["function"].get("parameters") or {}))
        if body.get("format"):
            asked.schema = {"type": "object"} if body["format"] == "json" else body["format"]
        return asked

    def line(self, answer, message, is_last):
        value = {"model": answer.asked.model, "created_at": created(answer),
                 "message": {"role": "assistant", "content": "", **message}, "done": is_last}
        if is_last:
            value |= {"done_reason": "stop", **counts(answer.usage)}
        return value

    def calls(self, answer):
        return [{"function": {"name": x.name, "arguments": x.arguments}}
                for x in answer.turn.calls]

    def whole(self, answer):
        message = {"content": answer.turn.text}
        if answer.turn.thinking:
            message["thinking"] = answer.turn.thinking
        if answer.turn.calls:
            message["tool_calls"] = self.calls(answer)
        return self.line(answer, message, True)

    def stream(self, answer):
        for piece in pieces(answer.turn.thinking):
            yield line(self.line(answer, {"thinking": piece}, False))
        for piece in pieces(answer.turn.text):
            yield line(self.line(answer, {"content": piece}, False))
        for call in self.calls(answer):
            yield line(self.line(answer, {"tool_calls": [call]}, False))
        yield line(self.line(answer, {}, True))

    @staticmethod
    def error(refused):
        return {"error": refused.message}


class Generate(Chat):
    def read(self, body, _):
        asked = Asked(body["model"], body.get("stream") is not False, words=body["prompt"])
        asked.most = (body.get("options") or {}).get("num_predict")
        return asked

    def line(self, answer, message, is_last):
        value = super().line(answer, {}, is_last)
        del value["message"]
        return {**value, "response": message.get("content", "")}


class Embed(Chat):
    counted = set()

    def read(self, body, _):
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        return Asked(body["model"], inputs=inputs)

    def whole(self, answer):
        return {"model": answer.asked.model, "total_duration": 1_000_000, "load_duration": 1000,
                "embeddings": [vector(x, i) for i, x in enumerate(answer.asked.inputs)],
                "prompt_eval_count": answer.usage.prompt}


def created(answer):
    return f"2026-11-21T10:00:00.{answer.number:09}Z"


def counts(used):
    return {"total_duration": 5_000_000, "load_duration": 1_000_000,
            "prompt_eval_count": used.prompt, "prompt_eval_duration": 1_000_000,
            "eval_count": used.output, "eval_duration": 3_000_000}


def line(value):
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
