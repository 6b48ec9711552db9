"""The real photos and names that lie beside the repository where they are at hand."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"
BIRDS_CSV = DATA / "birds-sample" / "birds.csv"
FRENCH_CSV = DATA / "species" / "openfauna_aves_sci_en_fr.csv"

needs_sample = pytest.mark.skipif(not BIRDS_CSV.exists(), reason="the sample of photos is not beside the repository")
needs_french_list = pytest.mark.skipif(not FRENCH_CSV.exists(), reason="the French list is not beside the repository")
