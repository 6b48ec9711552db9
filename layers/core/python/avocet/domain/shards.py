"""Training shards: plain uncompressed tars of JPEGs named by photo id, so that any tool can read them in sequence.

It refuses what is not such a tar.
"""

import io
import tarfile
from collections.abc import Iterable, Iterator

from avocet.domain.snapshots import CorruptSnapshotError

SHARD_BYTES = 64 * 1024 * 1024
_SUFFIX = ".jpg"


def pack_shard(photos: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a tar of the photos in the order given; the same photos give the same bytes.

    Args:
        photos: Photo id and JPEG of each.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for photo_id, data in photos:
            member = tarfile.TarInfo(photo_id + _SUFFIX)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def unpack_shard(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield photo id and JPEG of each photo, in order.

    Raises:
        CorruptSnapshotError: It is no such tar.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None or not member.name.endswith(_SUFFIX):
                    raise CorruptSnapshotError("A shard holds something that is not a photo.")
                yield member.name.removesuffix(_SUFFIX), content.read()
    except (tarfile.TarError, EOFError) as error:
        raise CorruptSnapshotError("A shard cannot be read.") from error
