"""The floor: the least work that turns JPEG bytes into probabilities with the same model, and no promise kept beside it.

libjpeg-turbo directly, scaled down while decoding as far as 224 px allow, then every n-th pixel; one bare session call.
No antialiasing, orientation, limits, colour profile, request or answer.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measured_worker import one_core_only, serve

one_core_only()

import numpy as np
import onnxruntime as ort
import simplejpeg


def main() -> None:
    """Load the bundle as it stands and serve."""
    bundle = ROOT / "models" / "starter"
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    size_px = manifest["input_size_px"]
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(bundle / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def answer(data: bytes) -> dict[str, str]:
        decoded = simplejpeg.decode_jpeg(data, min_height=size_px, min_width=size_px)
        rows = np.arange(size_px) * decoded.shape[0] // size_px
        columns = np.arange(size_px) * decoded.shape[1] // size_px
        (probabilities,) = session.run(["probabilities"], {"image": decoded[rows[:, None], columns][None]})
        return {"species": manifest["species"][int(probabilities[0].argmax())]}

    serve(lambda data: data, answer)


if __name__ == "__main__":
    main()
