"""Coverage-guided fuzzing of the photo decoder: atheris mutates, and follows every new branch in our code and Pillow's.

A finding is whatever is neither a picture nor a ``PhotoError``, a parser of ours that stumbles (the boundary would hide
it as a refusal), a photo that can be predicted on but not kept, and more than five seconds or 512 MB for one file.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["avocet", "PIL"]):
    # Named here so that they are instrumented: Pillow and we import most of them only when a photo asks for it.
    from PIL import AvifImagePlugin, Image, ImageCms, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

    from avocet.domain import imaging
    from avocet.domain.imaging import colour, containers

from tests.hostile.judging import stumbles_in_our_parsers

MAX_CPU_S = 5.0

_INSTRUMENTED = (
    AvifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    colour,
    containers,
)


def test_one_input(data: bytes) -> None:
    """Decode for both uses; raises on a finding."""
    answers = []
    for use in (imaging.to_model_input, imaging.to_stored_photo):
        began_s = time.process_time()
        try:
            use(data)
            answers.append("taken")
        except imaging.PhotoError as error:
            if stumbles_in_our_parsers(error):
                raise
            answers.append(error.code)
        if time.process_time() - began_s > MAX_CPU_S:
            raise AssertionError(f"took {time.process_time() - began_s:.1f} s")
    if answers[0] != answers[1]:
        raise AssertionError(f"to predict: {answers[0]}, to keep: {answers[1]}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
