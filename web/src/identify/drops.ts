/**
 * Photos dropped or pasted anywhere in the window, wherever in the page a person is: nobody should have to aim, or wait.
 *
 * Listens for as long as the page lives. A browser that nobody tells otherwise leaves the page for a file dropped on it.
 */
import { signal } from "@preact/signals";

/** Whether files are being dragged over the window. */
export const isDragging = signal(false);

/** Hand every photo that is dropped or pasted to `onPhotos`; returns how to stop. */
export function listenForPhotos(onPhotos: (files: File[]) => void, target: Window = window): () => void {
  let depth = 0;
  // A picture of the page itself counts as a file to some browsers; moving it about shows nobody a photo.
  let isOurs = false;
  const carriesFiles = (event: DragEvent): boolean => !isOurs && (event.dataTransfer?.types.includes("Files") ?? false);
  const hand = (files: FileList | undefined): void => {
    if (files !== undefined && files.length > 0) onPhotos(Array.from(files));
  };
  const stopping = new AbortController();
  const on = <K extends keyof WindowEventMap>(kind: K, react: (event: WindowEventMap[K]) => void): void => {
    target.addEventListener(kind, react, { signal: stopping.signal });
  };

  on("dragstart", () => {
    isOurs = true;
  });
  on("dragend", () => {
    isOurs = false;
  });
  on("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth++;
    isDragging.value = true;
  });
  on("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) isDragging.value = false;
  });
  on("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  on("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    isDragging.value = false;
    hand(event.dataTransfer?.files);
  });
  on("paste", (event) => hand(event.clipboardData?.files));
  return () => stopping.abort();
}
