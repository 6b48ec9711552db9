/**
 * Blanks what a HEIC or AVIF photo says about where, when and with what it was taken, in a browser that can't decode it.
 *
 * The file keeps its length and its picture: bytes of metadata become zeros where they lie (ISO/IEC 14496-12, 23008-12).
 * The picture's orientation is a property of the container and stays. Refuses files whose metadata it can't find for sure.
 */

interface Box {
  type: string;
  /** Where the box begins, its payload begins, and it ends: bytes from the file's beginning. */
  start: number;
  payload: number;
  end: number;
}

interface Extent {
  start: number;
  length: number;
}

/** What a picture consists of; anything else at the top may hold anything. */
const KEPT_AT_TOP = new Set(["ftyp", "meta", "mdat", "moov", "free", "skip"]);
const METADATA_ITEMS = new Set(["Exif", "mime", "uri "]);
const IN_FILE = 0;
const IN_META = 1;

class NotUnderstood extends Error {}

/** Return a copy of the photo without metadata; null when the file isn't built as photos are. */
export async function withoutMetadata(file: Blob): Promise<Blob | null> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    blank(bytes);
  } catch (error) {
    if (error instanceof NotUnderstood || error instanceof RangeError) return null;
    throw error;
  }
  return new Blob([bytes], { type: file.type });
}

function blank(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const top = boxesOf(view, 0, view.byteLength);
  const meta = top.find((box) => box.type === "meta");
  if (meta === undefined) throw new NotUnderstood();
  for (const extent of metadataExtents(view, meta)) fill(bytes, extent.start, extent.start + extent.length);
  for (const box of top) {
    if (!KEPT_AT_TOP.has(box.type)) fill(bytes, box.payload, box.end);
    if (box.type !== "moov") continue;
    for (const child of boxesOf(view, box.payload, box.end)) {
      if (child.type === "udta" || child.type === "meta") free(bytes, child);
    }
  }
}

/** Turn a box into one that readers skip. */
function free(bytes: Uint8Array, box: Box): void {
  bytes.set(new TextEncoder().encode("free"), box.start + 4);
  fill(bytes, box.payload, box.end);
}

function fill(bytes: Uint8Array, start: number, end: number): void {
  if (start < 0 || end > bytes.length || start > end) throw new NotUnderstood();
  bytes.fill(0, start, end);
}

function boxesOf(view: DataView, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  for (let start = from; start < to; ) {
    let size = view.getUint32(start);
    let payload = start + 8;
    if (size === 1) {
      size = unsigned(view, payload, 8);
      payload += 8;
    } else if (size === 0) size = to - start;
    const end = start + size;
    if (end < payload || end > to) throw new NotUnderstood();
    boxes.push({ type: typeAt(view, start + 4), start, payload, end });
    start = end;
  }
  return boxes;
}

function metadataExtents(view: DataView, meta: Box): Extent[] {
  const boxes = boxesOf(view, meta.payload + 4, meta.end);
  const [infos, locations] = [boxes.find((box) => box.type === "iinf"), boxes.find((box) => box.type === "iloc")];
  if (infos === undefined || locations === undefined) throw new NotUnderstood();
  const wanted = metadataItems(view, infos);
  return extentsOf(view, locations, wanted, boxes.find((box) => box.type === "idat"));
}

function metadataItems(view: DataView, infos: Box): Set<number> {
  const found = new Set<number>();
  const countBytes = view.getUint8(infos.payload) === 0 ? 2 : 4;
  for (const entry of boxesOf(view, infos.payload + 4 + countBytes, infos.end)) {
    const version = view.getUint8(entry.payload);
    const idBytes = version === 3 ? 4 : 2;
    const id = unsigned(view, entry.payload + 4, idBytes);
    // Before version 2 an item has no type: only metadata was kept that way.
    const isMetadata = version < 2 || METADATA_ITEMS.has(typeAt(view, entry.payload + 4 + idBytes + 2));
    if (isMetadata) found.add(id);
  }
  return found;
}

function extentsOf(view: DataView, locations: Box, wanted: ReadonlySet<number>, inMeta: Box | undefined): Extent[] {
  const version = view.getUint8(locations.payload);
  if (version > 2) throw new NotUnderstood();
  const sizes = view.getUint16(locations.payload + 4);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  if (offsetBytes === 0 || lengthBytes === 0) throw new NotUnderstood();
  const indexBytes = version === 0 ? 0 : sizes & 15;
  const idBytes = version === 2 ? 4 : 2;
  let at = locations.payload + 6;
  const read = (count: number): number => {
    const value = unsigned(view, at, count);
    at += count;
    return value;
  };
  const extents: Extent[] = [];
  for (let left = read(idBytes); left > 0; left -= 1) {
    const isWanted = wanted.has(read(idBytes));
    const place = version === 0 ? IN_FILE : read(2) & 15;
    const reference = read(2);
    const base = read(baseBytes);
    for (let parts = read(2); parts > 0; parts -= 1) {
      read(indexBytes);
      const [offset, length] = [base + read(offsetBytes), read(lengthBytes)];
      if (!isWanted) continue;
      // In another file, in another item, or "to the end": none of it is what a camera writes.
      if (reference !== 0 || length === 0) throw new NotUnderstood();
      extents.push({ start: startOf(place, inMeta) + offset, length });
    }
  }
  return extents;
}

function startOf(place: number, inMeta: Box | undefined): number {
  if (place === IN_FILE) return 0;
  if (place === IN_META && inMeta !== undefined) return inMeta.payload;
  throw new NotUnderstood();
}

function typeAt(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

/** Read a big-endian number of up to eight bytes; a RangeError where the file is at its end. */
function unsigned(view: DataView, at: number, count: number): number {
  let value = 0;
  for (let index = 0; index < count; index += 1) value = value * 256 + view.getUint8(at + index);
  return value;
}
