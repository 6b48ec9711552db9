"""What stands beside the emulator and is not AWS, as ``local.json`` names it: the page's origin, and MLflow if it runs.

Of that file, which holds passwords too, nothing else is ever passed on.
"""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

_RUN_ID = re.compile(r"[0-9A-Za-z]{1,64}")


def _named(home: Path, what: str) -> str | None:
    try:
        value = json.loads((home / "local.json").read_text("utf-8"))[what]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None


def is_page(home: Path, origin: str) -> bool:
    """Whether ``origin``, as a browser writes it, is the page's: no other site may read what is answered here."""
    page_url = urlsplit(_named(home, "page_url") or "")
    return bool(page_url.netloc) and origin == f"{page_url.scheme}://{page_url.netloc}"


def record_of(home: Path, run_id: str) -> str | None:
    """Return where MLflow shows a training's run; None while MLflow does not run, or for what is no run's id."""
    mlflow_url = _named(home, "mlflow_url")
    return f"{mlflow_url}/#/runs/{run_id}" if mlflow_url and _RUN_ID.fullmatch(run_id) else None
