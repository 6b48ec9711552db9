"""The ancestor's way, written afresh: FastAPI takes the upload, Keras loads the picture from disk and predicts.

As its service did: the upload goes to a temporary file, ``load_img(path, target_size=(224, 224))`` decodes in full and
resizes to the nearest pixel, ``model.predict`` answers for a batch of one. The application is called through ASGI in the
same process, so no socket counts against it. Weights are random: time does not depend on them.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measured_worker import one_core_only, serve

one_core_only()
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

import keras
import numpy as np
from fastapi import FastAPI, UploadFile

_BOUNDARY = "bench-boundary"

app = FastAPI()
model = keras.models.load_model(os.environ["BENCH_MODEL"], compile=False)
species = json.loads((ROOT / "models" / "starter" / "bundle.json").read_bytes())["species"]


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, Any]:
    """Name the three likeliest."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as kept:
        kept.write(await file.read())
        kept.flush()
        image = keras.utils.load_img(kept.name, target_size=(224, 224))
    batch = np.expand_dims(keras.utils.img_to_array(image), axis=0)
    scores = model.predict(batch, verbose=0)[0]
    top = np.argsort(scores)[::-1][:3]
    return {"predictions": [{"species": species[at % len(species)], "score": float(scores[at])} for at in top]}


def _request(data: bytes) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _answer(body: bytes) -> dict[str, str]:
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/predict",
        "raw_path": b"/predict",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", f"multipart/form-data; boundary={_BOUNDARY}".encode())],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    if sent[0]["status"] != 200:
        raise SystemExit(f"the ancestor answered {sent[0]['status']}")
    answer = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
    return {"species": answer["predictions"][0]["species"]}


if __name__ == "__main__":
    serve(_request, _answer)
