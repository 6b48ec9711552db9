"""The embedded cloud as one file, and back; what was erased since stays erased. Refuses a file that is not whole.

A backup is what ``kill -9`` would leave at that moment, which the emulator is made to start from: it is frozen while the
file is written, a second or two. What was erased is known from marks beside the dataset; they outlive the data in
``erased.json``, since a promise to a person is no part of what a backup may bring back.
"""

import contextlib
import hashlib
import io
import json
import shutil
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from avocet.usecases.erase_person import ERASED_PEOPLE
from avocet.usecases.people_ports import DataRequest
from avocet.usecases.snapshot_store import ERASURES, TOMBSTONES
from local.aws import Place
from local.deployment import Outputs
from local.emulated_cloud import EmulatedCloud, Home
from local.steps import SetupError, step

_FORMAT = 1
_MANIFEST = "backup.json"
_KEPT_BESIDE = ("local.json",)
# Each is made anew, or means something to a running process only.
_LEFT_OUT = frozenset({"lock"})
_ERASING_LIMIT_S = 600.0
_ASK_EVERY_S = 1.0


@dataclass(frozen=True)
class Erased:
    """What must not come back: people by the ids their accounts had, and photos."""

    people: frozenset[str] = frozenset()
    photos: frozenset[str] = frozenset()

    def __or__(self, other: "Erased") -> "Erased":
        return Erased(self.people | other.people, self.photos | other.photos)

    def __sub__(self, other: "Erased") -> "Erased":
        return Erased(self.people - other.people, self.photos - other.photos)


def back_up(home: Home, to: Path | None = None) -> Path:
    """Write a backup of ``home`` into the file ``to``, or into its own folder of backups; return the file.

    Raises:
        SetupError: There is nothing to back up, or the file is there already.
    """
    if not home.state.is_dir():
        raise SetupError("there is nothing to back up; `make up` comes first.")
    made_at = datetime.now(UTC)
    file = (to or home.folder / "backups" / f"avocet-{made_at:%Y%m%dT%H%M%SZ}.tar").resolve()
    if file.exists():
        raise SetupError(f"{file} is there already; name another, or move it away.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    try:
        with step("Writing the backup"), EmulatedCloud(home).frozen():
            # It holds people's photos: for the owner's eyes alone.
            part.touch(mode=0o600)
            with tarfile.open(part, "w") as archive:
                sums = {name: _added(archive, path, name) for name, path in _files(home)}
                manifest = {"format": _FORMAT, "made_at": made_at.isoformat(), "files": sums}
                _add_bytes(archive, _MANIFEST, json.dumps(manifest).encode())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file


def unpack(home: Home, file: Path) -> Path:
    """Unpack ``file`` beside the state of ``home`` and look at every byte; return the folder.

    Raises:
        SetupError: It is no backup, or not a whole one; nothing has changed then.
    """
    folder = home.folder / "restoring"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with tarfile.open(file, "r:") as archive:
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        if manifest["format"] != _FORMAT:
            raise SetupError(f"{file} was written by another version of Avocet; restore it with that one.")
        found = {
            path.relative_to(folder).as_posix(): _sum(path)
            for path in folder.rglob("*")
            if path.is_file() and path.name != _MANIFEST
        }
        if found != manifest["files"]:
            raise SetupError(f"{file} is damaged: what is in it is not what was written. Use another backup.")
    except (tarfile.TarError, ValueError, KeyError, TypeError, FileNotFoundError, EOFError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupError(f"{file} is no whole backup of Avocet. Use another one.") from error
    except SetupError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def put_in_place(home: Home, unpacked: Path) -> None:
    """Put what ``unpack`` left where the state of ``home`` is; the emulator must not be running.

    Dying anywhere leaves the old state or the new one, and a note that what was erased is to be erased again.
    """
    remember_erased(home, erased_in(unpacked / "state"))
    (home.folder / "restored").touch()
    before = home.folder / "state-before"
    shutil.rmtree(before, ignore_errors=True)
    if home.state.exists():
        home.state.rename(before)
    (unpacked / "state").rename(home.state)
    for name in _KEPT_BESIDE:
        if (unpacked / name).exists():
            shutil.copy2(unpacked / name, home.folder / name)
    shutil.rmtree(unpacked)
    shutil.rmtree(before, ignore_errors=True)


def erased_in(state: Path) -> Erased:
    """Return what a state on disk knows to have been erased."""

    def named(prefix: str) -> frozenset[str]:
        paths = state.glob(f"s3/*/*/{prefix}*")
        return frozenset(path.name for path in paths if path.is_file() and not path.name.endswith(".meta.json"))

    return Erased(people=named(ERASED_PEOPLE), photos=named(TOMBSTONES))


def remember_erased(home: Home, more: Erased | None = None) -> Erased:
    """Keep what was ever erased here in ``erased.json``, which nothing but a person deletes; return it."""
    file = home.folder / "erased.json"
    known = erased_in(home.state) | (more or Erased())
    if file.exists():
        kept = json.loads(file.read_text("utf-8"))
        known |= Erased(frozenset(kept["people"]), frozenset(kept["photos"]))
    if known != Erased():
        part = file.with_name(file.name + ".part")
        part.write_text(json.dumps({"people": sorted(known.people), "photos": sorted(known.photos)}), "utf-8")
        part.rename(file)
    return known


def finish_restoring(home: Home, place: Place, outputs: Outputs) -> None:
    """Erase again what was erased after the backup was made, if one was put in place here and this is still to do.

    Raises:
        SetupError: It takes too long; the next start goes on with it.
    """
    if not (home.folder / "restored").exists():
        return
    with step("Erasing again what was erased since the backup"):
        again = remember_erased(home) - marked(place, outputs)
        erase_again(place, outputs, again)
    (home.folder / "restored").unlink()


def erase_again(place: Place, outputs: Outputs, erased: Erased) -> None:
    """Have people and photos erased, as the first time; wait until the accounts are gone.

    Raises:
        SetupError: An account is still there after ten minutes.
    """
    s3, sqs = place.client("s3"), place.client("sqs")
    for photo_id in sorted(erased.photos):
        # In this order, as the first time: a tombstone without the other mark would hide a photo and never remove it.
        for prefix in (ERASURES, TOMBSTONES):
            s3.put_object(Bucket=outputs.clean_bucket, Key=prefix + photo_id, Body=b"")
    for owner_id in sorted(erased.people):
        body = {"request": DataRequest.ERASE.value, "owner_id": owner_id, "is_last": False}
        sqs.send_message(QueueUrl=outputs.data_requests_queue, MessageBody=json.dumps(body))
    end_s = time.monotonic() + _ERASING_LIMIT_S
    # The account goes last, so that its end is the end of the erasure.
    for owner_id in sorted(erased.people):
        while _has_account(place, outputs, owner_id):
            if time.monotonic() > end_s:
                raise SetupError("a person is not erased yet; look into `avocet dead-letters list`, then `make up`.")
            threading.Event().wait(_ASK_EVERY_S)


def marked(place: Place, outputs: Outputs) -> Erased:
    """Return what the running cloud knows to have been erased."""
    pages = place.client("s3").get_paginator("list_objects_v2")

    def named(prefix: str) -> frozenset[str]:
        found = pages.paginate(Bucket=outputs.clean_bucket, Prefix=prefix)
        return frozenset(each["Key"].removeprefix(prefix) for page in found for each in page.get("Contents", ()))

    return Erased(people=named(ERASED_PEOPLE), photos=named(TOMBSTONES))


def _has_account(place: Place, outputs: Outputs, owner_id: str) -> bool:
    pool = place.client("cognito-idp")
    with contextlib.suppress(ClientError):
        return bool(pool.list_users(UserPoolId=outputs.user_pool_id, Filter=f'sub = "{owner_id}"')["Users"])
    return True


def _files(home: Home) -> Iterator[tuple[str, Path]]:
    for path in sorted(home.state.rglob("*")):
        if path.is_file() and path.name not in _LEFT_OUT:
            yield f"state/{path.relative_to(home.state).as_posix()}", path
    for name in _KEPT_BESIDE:
        if (home.folder / name).is_file():
            yield name, home.folder / name


def _added(archive: tarfile.TarFile, path: Path, name: str) -> str:
    archive.add(path, name, recursive=False)
    return _sum(path)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
