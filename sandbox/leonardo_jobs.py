"""How Leonardo shows a job."""

from __future__ import annotations

from sandbox.calls import Json
from sandbox.jobs import Job, JobStatus
from sandbox.reply_ids import job_uuid

USER_ID = "1f0c6a2e-5b7d-4c83-9e14-2a6b8d0f3c57"
INFERENCE_STEPS = 15
USUAL_SEED = 42


def pictures_of(job: Job, status: JobStatus) -> int:
    """Return how many pictures a job has to show."""
    return job.ask.count if status is JobStatus.COMPLETE and not job.is_empty else 0


def job_row(job: Job, status: JobStatus, host_url: str) -> Json:
    """Return a row of `generations_by_pk`; a failed job does not say why."""
    ask = job.ask
    width, height = ask.size or (0, 0)
    return {
        "id": job.id,
        "status": status.value,
        "generated_images": [_image(job, number, host_url) for number in range(pictures_of(job, status))],
        "modelId": ask.model,
        "prompt": ask.prompt,
        "negativePrompt": ask.options.get("negative_prompt") or "",
        "imageWidth": width,
        "imageHeight": height,
        "inferenceSteps": INFERENCE_STEPS,
        "seed": ask.options.get("seed") or USUAL_SEED,
        "public": bool(ask.options.get("public")),
        "scheduler": "LEONARDO",
        "sdVersion": "PHOENIX",
        "presetStyle": None,
        "initStrength": None,
        "guidanceScale": None,
        "createdAt": job.created_at[:23],
    }


def _image(job: Job, number: int, host_url: str) -> Json:
    url = f"{host_url.rstrip('/')}/cdn/users/{USER_ID}/generations/{job.id}/picture_{number}.jpg"
    return {
        "id": job_uuid(f"{number:02x}{job.key}"),
        "url": url,
        "nsfw": job.is_nsfw,
        "likeCount": 0,
        "motionMP4URL": None,
        "generated_image_variation_generics": [],
    }
