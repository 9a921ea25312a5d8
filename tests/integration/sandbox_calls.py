"""One call of each kind to each vendor, as a client would make it, and how to read what came back."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx
from PIL import Image

Json = dict[str, Any]
PHOENIX = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"
UUID_KEY = "6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b"
SCHEMA: Json = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "note": {"type": "string"}},
    "required": ["title", "note"],
    "additionalProperties": False,
}
VENDORS = ("gateway", "gemini", "anthropic", "openai", "leonardo")
HEADERS = {
    "gateway": {"Authorization": "Bearer sandbox"},
    "gemini": {"x-goog-api-key": "sandbox"},
    "anthropic": {"x-api-key": "sandbox", "anthropic-version": "2023-06-01"},
    "openai": {"Authorization": "Bearer sk-sandbox"},
    "leonardo": {"Authorization": f"Bearer {UUID_KEY}"},
}
PAINTERS = {
    "gateway": "google/gemini-3.1-flash-image",
    "gemini": "gemini-3.1-flash-image",
    "openai": "gpt-image-2",
    "leonardo": PHOENIX,
}
WRITERS = {
    "gateway": "anthropic/claude-sonnet-4.6",
    "gemini": "gemini-2.5-flash",
    "anthropic": "claude-sonnet-4-6",
    "openai": "gpt-4o",
}


WRITING, PAINTING = tuple(WRITERS), tuple(PAINTERS)


@dataclass(frozen=True, slots=True)
class Client:
    """A client of one sandbox for all vendors."""

    http: httpx.Client

    def script(self, fault: str, params: Json | None = None, **match: Any) -> None:
        """Replace all rules by one."""
        rule = {"match": match, "fault": fault, "params": params or {}}
        self.http.put("/sandbox/faults", json=[rule]).raise_for_status()

    def state(self, part: str) -> Any:
        """Return a part of the sandbox's state."""
        return self.http.get(f"/sandbox/{part}").json()

    def post(self, vendor: str, path: str, body: Json, **headers: str) -> httpx.Response:
        """Send a body with the vendor's headers."""
        return self.http.post(path, json=body, headers=HEADERS[vendor] | headers)

    def text(self, vendor: str, prompt: str = "Balcony tomatoes", schema: Json | None = None) -> httpx.Response:
        """Ask for a text, or for JSON."""
        model = WRITERS[vendor]
        messages = [{"role": "user", "content": prompt}]
        match vendor:
            case "gemini":
                config = {"responseMimeType": "application/json", "responseJsonSchema": schema} if schema else {}
                body: Json = {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config}
                return self.post(vendor, f"/v1beta/models/{model}:generateContent", body)
            case "anthropic":
                body = {"model": model, "max_tokens": 1000, "messages": messages}
                body |= {"output_config": {"format": {"type": "json_schema", "schema": schema}}} if schema else {}
                return self.post(vendor, "/anthropic/v1/messages", body)
            case _:
                body = {"model": model, "messages": messages}
                named = {"name": "note", "strict": True, "schema": schema}
                body |= {"response_format": {"type": "json_schema", "json_schema": named}} if schema else {}
                return self.post(vendor, f"{'/openai' if vendor == 'openai' else ''}/v1/chat/completions", body)

    def image(self, vendor: str, prompt: str = "a dune") -> httpx.Response:
        """Ask for a small picture."""
        match vendor:
            case "gemini":
                config = {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "4:5", "imageSize": "512"}}
                body: Json = {"contents": [{"parts": [{"text": prompt}]}], "generationConfig": config}
                return self.post(vendor, f"/v1beta/models/{PAINTERS[vendor]}:generateContent", body)
            case "openai":
                body = {"model": PAINTERS[vendor], "prompt": prompt, "size": "320x400", "quality": "low"}
                return self.post(vendor, "/openai/v1/images/generations", body)
            case "leonardo":
                body = {"modelId": PHOENIX, "prompt": prompt, "contrast": 3.5, "width": 320, "height": 400}
                return self.post(vendor, "/api/rest/v1/generations", body)
            case _:
                body = {
                    "model": PAINTERS[vendor],
                    "messages": [{"role": "user", "content": prompt}],
                    "modalities": ["text", "image"],
                    "providerOptions": {"google": {"imageConfig": {"aspectRatio": "4:5"}}},
                }
                return self.post(vendor, "/v1/chat/completions", body)

    def poll(self, job_id: str) -> Json:
        """Return how a Leonardo job stands."""
        response = self.http.get(f"/api/rest/v1/generations/{job_id}", headers=HEADERS["leonardo"])
        return dict(response.raise_for_status().json()["generations_by_pk"])

    def pictures(self, vendor: str, response: httpx.Response) -> list[tuple[str, bytes]]:
        """Return the type and the bytes of every picture in a reply; a Leonardo job is polled and downloaded."""
        reply = response.raise_for_status().json()
        match vendor:
            case "gemini":
                parts = reply["candidates"][0]["content"].get("parts", []) if reply.get("candidates") else []
                blobs = [part["inlineData"] for part in parts if "inlineData" in part]
                return [(blob["mimeType"], base64.b64decode(blob["data"], validate=True)) for blob in blobs]
            case "openai":
                return [("", base64.b64decode(one["b64_json"], validate=True)) for one in reply["data"]]
            case "leonardo":
                job = self.poll(reply["sdGenerationJob"]["generationId"])
                files = [self.http.get(one["url"]) for one in job["generated_images"]]
                return [(file.headers["content-type"], file.content) for file in files]
            case _:
                return [_of_url(one["image_url"]["url"]) for one in reply["choices"][0]["message"].get("images", [])]


def _of_url(url: str) -> tuple[str, bytes]:
    head, _, data = url.removeprefix("data:").partition(",")
    is_base64 = head.endswith(";base64")
    return head.removesuffix(";base64"), base64.b64decode(data, validate=True) if is_base64 else unquote_to_bytes(data)


def words(vendor: str, response: httpx.Response) -> str:
    """Return the text of a reply; empty when there is none."""
    reply = response.raise_for_status().json()
    match vendor:
        case "gemini":
            candidates = reply.get("candidates") or [{"content": {}}]
            return "".join(part.get("text", "") for part in candidates[0]["content"].get("parts", []))
        case "anthropic":
            return "".join(block["text"] for block in reply["content"])
        case _:
            return reply["choices"][0]["message"]["content"] or ""


def finish(vendor: str, response: httpx.Response) -> str:
    """Return why a reply ended."""
    reply = response.json()
    match vendor:
        case "gemini":
            return str(reply["candidates"][0]["finishReason"]) if reply.get("candidates") else "none"
        case "anthropic":
            return str(reply["stop_reason"])
        case _:
            return str(reply["choices"][0]["finish_reason"])


def error(response: httpx.Response) -> tuple[int, str]:
    """Return the status, and the whole error as text."""
    return response.status_code, json.dumps(response.json())


def opened(data: bytes) -> Image.Image:
    """Return the picture, decoded to its last row."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def paid(client: Client) -> int:
    """Return what was charged, in micro-USD."""
    return int(client.state("bill")["total_micro_usd"])
