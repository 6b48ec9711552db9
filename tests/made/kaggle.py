"""A stand-in for Kaggle on 127.0.0.1: it answers the real client as Kaggle's API and its storage do, or says no.

Two servers: the API, which wants credentials and sends whoever asks for an archive elsewhere, and the storage, which
must never see them.
"""

import hashlib
import io
import json
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATASET = "gpiosenka/100-bird-species"
KEY = {"username": "somebody", "key": "0123456789abcdef0123456789abcdef"}


@dataclass
class StandIn:
    """What the set is and how the host behaves.

    Attributes:
        archive: Of the newest version.
        version: Number of the newest version.
        refuse: Status that the API answers with; 0 for none.
        refuse_storage: Status that the storage answers with, and after how many reads; 0 for none.
        retry_after: What a 429 asks for.
        cut_at: The storage breaks off every answer that would go beyond this byte; None never.
        requests: What was asked, as method and path.
        ranges: Ranges that the storage answered.
        leaked: Authorisation that reached the storage.
    """

    archive: bytes = b""
    version: int = 1
    refuse: int = 0
    refuse_storage: int = 0
    retry_after: str = ""
    cut_at: int | None = None
    requests: list[str] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    endpoint: str = ""
    storage: str = ""

    @property
    def secret(self) -> dict[str, str]:
        return {**KEY, "endpoint": self.endpoint}

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.archive, usedforsecurity=False).hexdigest()}"'


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: the test cuts them off on purpose."""


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        return

    def _say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.get("Content_Length", str(len(body))))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int) -> None:
        body = json.dumps({"code": status, "message": "no"}).encode()
        extra = {"Retry_After": self.stand_in.retry_after} if self.stand_in.retry_after else {}
        self._say(status, body, Content_Type="application/json", **extra)


class _Api(_Handler):
    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        self.stand_in.requests.append(self.path)
        wrong = not str(self.headers.get("Authorization", "")).startswith(("Basic ", "Bearer "))
        if self.stand_in.refuse or wrong:
            return self._refuse(self.stand_in.refuse or 401)
        if f"{said.get('ownerSlug')}/{said.get('datasetSlug')}" != DATASET:
            return self._refuse(404)
        method = self.path.rpartition("/")[2]
        if method == "GetDataset":
            listed = {"id": 1, "ref": DATASET, "currentVersionNumber": self.stand_in.version, "totalBytes": 1}
            return self._say(200, json.dumps(listed).encode(), Content_Type="application/json")
        if method == "DownloadDataset":
            return self._say(302, Location=f"{self.stand_in.storage}/archive.zip?signature=s")
        return self._refuse(404)


class _Storage(_Handler):
    def do_GET(self) -> None:
        stand_in = self.stand_in
        if token := self.headers.get("Authorization"):
            stand_in.leaked.append(token)
        if stand_in.refuse_storage:
            return self._refuse(stand_in.refuse_storage)
        data, asked = stand_in.archive, self.headers.get("Range")
        headers = {"ETag": stand_in.etag, "Accept_Ranges": "bytes", "Content_Type": "application/zip"}
        if asked is None:
            # Whoever only wants to know where the archive lies hangs up after the headers.
            try:
                return self._say(200, data, **headers)
            except OSError:
                return None
        if self.headers.get("If-Match") not in (None, stand_in.etag):
            return self._refuse(412)
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last) + 1, len(data))
        stand_in.ranges.append((start, end))
        headers["Content_Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        if stand_in.cut_at is not None and end > stand_in.cut_at:
            headers["Content_Length"] = str(end - start)
            self._say(206, data[start : max(start, stand_in.cut_at)], **headers)
            self.close_connection = True
            return None
        return self._say(206, data[start:end], **headers)


@contextmanager
def kaggle(stand_in: StandIn) -> Iterator[StandIn]:
    """Let the stand-in answer until the block ends."""
    servers = [_Server(("127.0.0.1", 0), type("Bound", (kind,), {"stand_in": stand_in})) for kind in (_Api, _Storage)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    stand_in.endpoint, stand_in.storage = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    try:
        yield stand_in
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def archive(photo: Callable[[int], bytes], labels: dict[str, int], *, extra: dict[str, bytes] | None = None) -> bytes:
    """Make an archive in the set's layout: so many photos of each label, the set's list, and ``extra`` entries."""
    buffer = io.BytesIO()
    number = 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        rows = ["class id,filepaths,labels,data set,scientific name"]
        for label, photos in labels.items():
            for of_label in range(photos):
                name = f"train/{label}/{of_label + 1:03d}.jpg"
                packed.writestr(name, photo(number))
                rows.append(f"0,{name},{label},train,")
                number += 1
        packed.writestr("birds.csv", "\n".join(rows))
        packed.writestr("EfficientNetB0-525-(224 X 224)- 98.97.h5", b"a model that nobody asked for" * 100)
        for name, data in (extra or {}).items():
            packed.writestr(name, data)
    return buffer.getvalue()


def bomb_bytes(size_bytes: int) -> bytes:
    """Return what deflates to next to nothing."""
    assert len(zlib.compress(bytes(1000))) < 100
    return bytes(size_bytes)
