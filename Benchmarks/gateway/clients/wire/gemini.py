"""Gemini's generateContent, streamGenerateContent and batchEmbedContents."""

import json

from turns import Asked, Refused, pieces, vector
from wire.openai import check_base64


SIGNATURE = "c2lnbmVkIGJ5IGdlbWluaQ=="
# What may stand in its place where a conversation comes from elsewhere.
FILLERS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")


class Generate:
    counted = {"cached", "output", "reasoning"}
    stream_type = "text/event-stream"

    def read(self, body, path):
        name, _, method = path.rpartition("/")[2].partition(":")
        asked = Asked(name, method.startswith("streamGenerateContent"))
        calls = []
        for place, content in enumerate(body["contents"]):
            if content.get("role") not in ("user", "model"):
                raise Refused(400, "Please use a valid role: user, model.")
            found = [x["functionResponse"] for x in content["parts"] if "functionResponse" in x]
            if sorted(x["name"] for x in found) != sorted(x["name"] for x in calls):
                raise Refused(400, f"contents[{place}]: the number of function response parts "
                                   "must equal that of function call parts of the turn before")
            calls = [x["functionCall"] for x in content["parts"] if "functionCall" in x]
            if any(not isinstance(x["response"], dict) for x in found):
                raise Refused(400, f"contents[{place}]: a response must be an object")
            for part in content["parts"]:
                if "inlineData" in part:
                    check_base64(part["inlineData"]["data"])
                    asked.images += 1
        if "gemini-3" in name:
            check_signatures(body["contents"])
        last = body["contents"][-1]["parts"]
        asked.has_results = any("functionResponse" in x for x in last)
        asked.words = "".join(words(x) for x in last)
        mode = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        for tool in body.get("tools") or []:
            for function in tool.get("functionDeclarations", []):
                schema = function.get("parametersJsonSchema") or function.get("parameters") or {}
                if function["name"] in mode.get("allowedFunctionNames", [function["name"]]):
                    asked.tools.append((function["name"], schema))
        if mode.get("mode") == "NONE":
            asked.tools = []
        settings = body.get("generationConfig") or {}
        asked.most = settings.get("maxOutputTokens")
        asked.wants_thoughts = bool((settings.get("thinkingConfig") or {}).get("includeThoughts"))
        asked.schema = settings.get("responseJsonSchema") or settings.get("responseSchema")
        if settings.get("responseMimeType") == "application/json" and asked.schema is None:
            asked.schema = {"type": "object"}
        return asked

    def answer(self, answer, parts, is_last):
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        if is_last:
            candidate["finishReason"] = "STOP"
        return {"candidates": [candidate], "modelVersion": answer.asked.model,
                "responseId": f"gem{answer.number}", "usageMetadata": usage(answer.usage, is_last)}

    def calls(self, answer):
        """Only the first call of an answer is signed."""
        calls = [{"functionCall": {"name": x.name, "args": x.arguments}} for x in answer.turn.calls]
        if calls:
            calls[0]["thoughtSignature"] = SIGNATURE
        return calls

    def whole(self, answer):
        parts = []
        if answer.turn.thinking:
            parts.append({"text": answer.turn.thinking, "thought": True})
        if answer.turn.text:
            parts.append({"text": answer.turn.text})
        return self.answer(answer, parts + self.calls(answer), True)

    def stream(self, answer):
        for piece in pieces(answer.turn.thinking):
            yield event(self.answer(answer, [{"text": piece, "thought": True}], False))
        for piece in pieces(answer.turn.text):
            yield event(self.answer(answer, [{"text": piece}], False))
        for call in self.calls(answer):
            yield event(self.answer(answer, [call], False))
        yield event(self.answer(answer, [{"text": ""}], True))

    @staticmethod
    def error(refused):
        kinds = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
                 500: "INTERNAL"}
        return {"error": {"code": refused.status, "message": refused.message,
                          "status": kinds.get(refused.status, "INVALID_ARGUMENT")}}


class Embed(Generate):
    counted = set()

    def read(self, body, path):
        asked = Asked(path.rpartition("/")[2].partition(":")[0])
        asked.inputs = ["".join(part["text"] for part in request["content"]["parts"])
                        for request in body["requests"]]
        return asked

    def whole(self, answer):
        vectors = [{"values": vector(x, i)} for i, x in enumerate(answer.asked.inputs)]
        return {"embeddings": vectors,
                "usageMetadata": {"promptTokenCount": answer.usage.prompt}}


def check_signatures(contents):
    """Since Gemini 3: in the turn under way the first call of each answer comes back signed."""
    begin = max((place for place, content in enumerate(contents) if content["role"] == "user"
                 and not any("functionResponse" in x for x in content["parts"])), default=0)
    for place, content in enumerate(contents[begin:], begin):
        for part in content["parts"]:
            if "functionCall" not in part:
                continue
            found = part.get("thoughtSignature")
            if found != SIGNATURE and found not in FILLERS:
                raise Refused(400, "Function call is missing a thought_signature in functionCall "
                                   f"parts: contents[{place}] has {found!r}")
            break


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"


def usage(used, is_last):
    """Thoughts are counted beside the answer here."""
    value = {"promptTokenCount": used.prompt, "cachedContentTokenCount": used.cached}
    if is_last:
        value |= {"candidatesTokenCount": used.output - used.reasoning,
                  "thoughtsTokenCount": used.reasoning}
    return value


def words(part):
    if "functionResponse" in part:
        return json.dumps(part["functionResponse"]["response"], ensure_ascii=False)
    return part.get("text", "")
