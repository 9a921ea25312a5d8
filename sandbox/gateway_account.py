"""The gateway's lists and accounts: models, endpoints, credits, generations, reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from flask import Blueprint, request

from sandbox.calls import Answer, Json, Vendor
from sandbox.catalogue import MICRO_USD, MODELS, Model, usd
from sandbox.desk import Desk
from sandbox.ledger import Charge

Reply = Json | tuple[Json, int]
GROUPS = ("day", "user", "model", "tag", "provider", "credential_type")
DATE_PARTS = ("", "day", "hour")
# The report's filters and what each looks at: @ai-sdk/gateway, gateway-spend-report.ts, 2026-09.
FILTERS = {
    "user_id": "user",
    "model": "model",
    "provider": "provider",
    "credential_type": "credential_type",
    "tags": "tag",
}


def add_catalogue(gateway: Blueprint) -> None:
    """Add the lists that need no key."""

    @gateway.get("/models")
    def models() -> Json:
        return {"object": "list", "data": [_model_row(model) for model in MODELS.values()]}

    @gateway.get("/models/<creator>/<name>/endpoints")
    def endpoints(creator: str, name: str) -> Reply:
        model = MODELS.get(f"{creator}/{name}")
        if model is None:
            slug = f"{creator}/{name}"
            error = {"message": f"Model '{slug}' not found", "type": "model_not_found", "param": {"modelId": slug}}
            return {"error": error}, 404
        return {"data": _endpoints(model)}


def add_account(gateway: Blueprint, desk: Desk, denied: Callable[[], tuple[Json, int] | None]) -> None:
    """Add what tells of money; `denied` returns the reply to a call without a key."""

    @gateway.get("/credits")
    def credits_left() -> Reply:
        balance, used = desk.credits()
        return denied() or {"balance": balance, "total_used": used}

    @gateway.get("/generation")
    def generation() -> Reply:
        charge = desk.find_charge(request.args.get("id", ""))
        if refused := denied():
            return refused
        if charge is None or charge.ask.vendor is not Vendor.GATEWAY:
            return {"error": {"message": "Usage event not found"}}, 404
        return {"data": _generation_row(charge.model, charge.answer)}

    @gateway.get("/report")
    def report() -> Reply:
        return denied() or _report(desk.charges())


def _report(charges: list[Charge]) -> Reply:
    """Return costs by group within the days asked for, both included; `date_part` splits each group by time."""
    asked = request.args
    try:
        first, last = (date.fromisoformat(asked.get(name, "")) for name in ("start_date", "end_date"))
    except ValueError:
        return _refused("start_date and end_date: expected YYYY-MM-DD")
    group_by = asked.get("group_by", "day")
    if group_by not in GROUPS:
        return _refused(f"group_by: expected one of {', '.join(GROUPS)}")
    if (date_part := asked.get("date_part", "day" if group_by == "day" else "")) not in DATE_PARTS:
        return _refused("date_part: expected day or hour")
    rows: dict[tuple[str, str], Json] = {}
    for charge in charges:
        if charge.ask.vendor is not Vendor.GATEWAY or not first <= date.fromisoformat(charge.at[:10]) <= last:
            continue
        if not _is_asked_for(charge):
            continue
        when = {"day": charge.at[:10], "hour": f"{charge.at[:13]}:00:00.000Z"}.get(date_part, "")
        for name in _groups(charge, group_by):
            row = {date_part: when} if when else {}
            row |= {group_by: name} if group_by != "day" else {}
            _add(rows.setdefault((when, name), row | _nothing()), charge.answer)
    return {"results": [rows[key] for key in sorted(rows)]}


def _refused(message: str) -> tuple[Json, int]:
    return {"error": {"message": message, "type": "invalid_request_error"}}, 400


def _is_asked_for(charge: Charge) -> bool:
    """Tell whether a charge passes the report's filters."""
    wanted = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    tags = set(filter(None, wanted.pop("tags", "").split(",")))
    return all(_groups(charge, FILTERS[name]) == [value] for name, value in wanted.items()) and (
        not tags or not tags.isdisjoint(_groups(charge, "tag"))
    )


def _groups(charge: Charge, group_by: str) -> list[str]:
    """Return the rows that a charge counts in; a call with several tags counts in each."""
    match group_by:
        case "model":
            return [charge.model]
        case "provider":
            return [charge.model.partition("/")[0]]
        case "user":
            return [charge.ask.options.get("user", "")]
        case "tag":
            return [str(tag) for tag in charge.ask.options.get("tags", ())]
        case "credential_type":
            return ["system"]
        case _:
            return [""]


def _nothing() -> Json:
    counts = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_creation_input_tokens", "reasoning_tokens")
    return {"total_cost": 0.0, "market_cost": 0.0, **dict.fromkeys(counts, 0), "request_count": 0}


def _add(row: Json, answer: Answer) -> None:
    cost = float((answer.cost_micro_usd or 0) / MICRO_USD)
    for name, amount in (("total_cost", cost), ("market_cost", cost)):
        row[name] = round(row[name] + amount, 6)
    row["input_tokens"] += answer.prompt_tokens
    row["output_tokens"] += answer.completion_tokens
    row["request_count"] += 1


def _endpoints(model: Model) -> Json:
    row = _model_row(model)
    inputs = ["text"] if model.image_only else ["text", "image"]
    outputs = ["image"] if model.image_only else ["text", "image"] if model.paints else ["text"]
    pricing = row.get("pricing", {})
    endpoint = {
        "name": f"{model.creator} | {model.slug}",
        "model_name": model.name,
        "context_length": row["context_window"],
        "pricing": {"prompt": pricing.get("input"), "completion": pricing.get("output"), "request": "0", "image": "0"},
        "provider_name": model.creator,
        "tag": model.creator,
        "quantization": None,
        "max_completion_tokens": row["max_tokens"],
        "max_prompt_tokens": None,
        "supported_parameters": ["max_tokens", "temperature", "response_format"],
        "status": 0,
        "uptime_last_30m": None,
        "supports_implicit_caching": False,
    }
    return {
        "id": model.slug,
        "name": model.name,
        "created": row["created"],
        "description": row["description"],
        "architecture": {
            "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
            "input_modalities": inputs,
            "output_modalities": outputs,
            "tokenizer": None,
            "instruct_type": None,
        },
        "endpoints": [endpoint],
    }


def metadata(model: Model, answer: Answer, cost_micro_usd: int) -> Json:
    """Return `provider_metadata` as the gateway sends it."""
    provider, api_model = model.creator, model.slug.partition("/")[2].replace(".", "-")
    internal = f"{provider}:{api_model}"
    attempt = {
        "provider": provider, "internalModelId": internal, "providerApiModelId": api_model,
        "credentialType": "system", "success": True, "startTime": 458753.407267, "endTime": 459891.705775,
    }  # fmt: skip
    model_attempt = {"modelId": model.slug, "canonicalSlug": model.slug, "success": True, "providerAttemptCount": 1}
    routing = {
        "originalModelId": model.slug,
        "resolvedProvider": provider,
        "resolvedProviderApiModelId": api_model,
        "internalResolvedModelId": internal,
        "fallbacksAvailable": [],
        "internalReasoning": f"Selected {provider} as preferred provider",
        "planningReasoning": "System credentials planned",
        "canonicalSlug": model.slug,
        "finalProvider": provider,
        "attempts": [attempt],
        "modelAttemptCount": 1,
        "modelAttempts": [model_attempt],
        "totalProviderAttemptCount": 1,
    }
    cost = usd(cost_micro_usd)
    return {
        provider: {},
        "gateway": {"routing": routing, "cost": cost, "marketCost": cost, "generationId": answer.id},
    }


def _model_row(model: Model) -> Json:
    row: Json = {
        "id": model.slug,
        "object": "model",
        "created": 1755815280,
        "released": 1772064000,
        "owned_by": model.creator,
        "name": model.name,
        "description": f"{model.name}, played by the sandbox.",
        "context_window": 131072,
        "max_tokens": 32768,
        "type": "image" if model.image_only else "language",
        "tags": ["vision", "image-generation"] if model.paints else [] if model.image_only else ["vision"],
    }
    if model.price is not None:
        # Dollars per token; the picture's price is not in the real list either.
        row["pricing"] = {
            "input": _per_token(model.price.input_nano_usd),
            "output": _per_token(model.price.output_nano_usd),
        }
    return row


def _per_token(nano_usd: int) -> str:
    return f"{nano_usd / 10**9:.12f}".rstrip("0").rstrip(".")


def _generation_row(slug: str, answer: Answer) -> Json:
    cost = float((answer.cost_micro_usd or 0) / MICRO_USD)
    return {
        "id": answer.id,
        "total_cost": cost,
        "upstream_inference_cost": 0,
        "usage": cost,
        "created_at": datetime.fromtimestamp(answer.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "model": slug,
        "is_byok": False,
        "provider_name": MODELS[slug].creator,
        "streamed": False,
        "finish_reason": answer.finish_reason,
        "latency": 200,
        "generation_time": 1500,
        "tokens_prompt": answer.prompt_tokens,
        "tokens_completion": answer.completion_tokens,
        "native_tokens_prompt": answer.prompt_tokens,
        "native_tokens_completion": answer.completion_tokens,
        "native_tokens_reasoning": 0,
        "native_tokens_cached": 0,
        "native_tokens_cache_creation": 0,
        "billable_web_search_calls": 0,
    }
