"""The ancestor's check, written afresh: Keras' generator reads a folder of photos, ``model.predict`` scores it in batches of 32.

One line in, one line out: the processor time that one pass over the folder took. Weights are random: time does not depend on them.
"""

import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measured_worker import one_core_only

one_core_only()
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

import keras
from keras.src.legacy.preprocessing.image import ImageDataGenerator


def main() -> None:
    """Serve passes over the folder until nobody asks any more."""
    model_file, folder = sys.argv[1:]
    model = keras.models.load_model(model_file, compile=False)
    reports = sys.stdout
    # The generator tells how many photos it found; that is no part of the protocol.
    with Path(os.devnull).open("w") as sys.stdout:
        for _line in sys.stdin:
            began = time.process_time()
            photos = ImageDataGenerator().flow_from_directory(
                folder, target_size=(224, 224), batch_size=32, shuffle=False, class_mode="categorical"
            )
            model.predict(photos, verbose=0)
            reports.write(json.dumps({"cpu_s": time.process_time() - began}) + "\n")
            reports.flush()


if __name__ == "__main__":
    main()
