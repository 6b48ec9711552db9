/**
 * From what a person picked to what is sent: upright, small, and without metadata.
 *
 * A photo that the browser can't decode goes up in full, if it is of a kind the service reads (HEIC, AVIF), its metadata
 * blanked. Refuses everything else, here already.
 */
import { ProblemError } from "../api/errors";
import type { PhotoBody } from "../api/client";
import { withoutMetadata } from "./heif";

export const LONGEST_SIDE_PX = 1280;
const JPEG_QUALITY = 0.9;
/** What the API takes as a request's body; larger photos go to the bucket. */
export const INLINE_LIMIT_BYTES = 4 * 1024 * 1024;
export const UPLOAD_LIMIT_BYTES = 25 * 1024 * 1024;
const MAX_PIXELS = 50_000_000;

const HEIF_BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"]);

export interface PreparedPhoto extends PhotoBody {
  /** Whether the browser can show it. */
  isViewable: boolean;
  /** Whether it is the whole file as it came, but for its metadata. */
  isOriginal: boolean;
}

function refuse(status: number, code: string): ProblemError {
  return new ProblemError({ status, code, reference: null, retryAfterS: null });
}

/** The size that fits the longest side without ever enlarging. */
export function fittedSize(widthPx: number, heightPx: number, longestPx = LONGEST_SIDE_PX): { widthPx: number; heightPx: number } {
  const ratio = Math.min(1, longestPx / Math.max(widthPx, heightPx));
  return { widthPx: Math.max(1, Math.round(widthPx * ratio)), heightPx: Math.max(1, Math.round(heightPx * ratio)) };
}

/** Whether the file's first bytes are those of a HEIC or AVIF photo, whatever it is called. */
export async function isHeif(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  return text.slice(4, 8) === "ftyp" && HEIF_BRANDS.has(text.slice(8, 12));
}

/**
 * Prepare one photo for sending.
 *
 * @throws ProblemError with the code that the service would have answered.
 */
export async function preparePhoto(file: Blob): Promise<PreparedPhoto> {
  if (file.size === 0) throw refuse(422, "unreadable-photo");
  const bitmap = await decode(file);
  if (bitmap === null) return original(file);
  try {
    if (bitmap.width * bitmap.height > MAX_PIXELS) throw refuse(413, "photo-too-large");
    const blob = await redraw(bitmap);
    return { blob, isLarge: blob.size > INLINE_LIMIT_BYTES, isViewable: true, isOriginal: false };
  } finally {
    bitmap.close();
  }
}

async function decode(file: Blob): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

async function original(file: Blob): Promise<PreparedPhoto> {
  if (!(await isHeif(file))) {
    throw file.type.startsWith("image/") ? refuse(422, "unreadable-photo") : refuse(415, "unsupported-format");
  }
  if (file.size > UPLOAD_LIMIT_BYTES) throw refuse(413, "photo-too-large");
  const blob = await withoutMetadata(file);
  if (blob === null) throw refuse(422, "unreadable-photo");
  return { blob, isLarge: blob.size > INLINE_LIMIT_BYTES, isViewable: false, isOriginal: true };
}

async function redraw(bitmap: ImageBitmap): Promise<Blob> {
  const { widthPx, heightPx } = fittedSize(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = widthPx;
  canvas.height = heightPx;
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw refuse(422, "unreadable-photo");
  // JPEG has no transparency; without this a cut-out bird would stand on black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, widthPx, heightPx);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, widthPx, heightPx);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY);
  });
  // Some phones keep canvas memory until it is emptied.
  canvas.width = 0;
  canvas.height = 0;
  if (blob === null) throw refuse(413, "photo-too-large");
  return blob;
}
