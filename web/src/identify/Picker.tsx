/** Where photos come in: camera, files, drag and drop anywhere on the page, paste. */
import { useEffect, useRef, useState } from "preact/hooks";
import { messages } from "../i18n";
import { CameraIcon, ImageIcon } from "../ui/icons";

/** HEIC is named as well: some systems grey it out otherwise. */
const ACCEPTED = "image/*,.heic,.heif,.avif";

interface PickerProps {
  onPhotos: (files: File[]) => void;
  /** Whether photos are on the page already, so that the picker steps back. */
  isCompact: boolean;
}

export function Picker({ onPhotos, isCompact }: PickerProps) {
  const t = messages.value.pick;
  const camera = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const isDragging = usePhotoDrops(onPhotos);

  const take = (input: HTMLInputElement): void => {
    const picked = Array.from(input.files ?? []);
    // Without this, picking the same photo again would not be a change.
    input.value = "";
    if (picked.length > 0) onPhotos(picked);
  };

  return (
    <section class={`picker ${isCompact ? "picker--compact" : ""} ${isDragging ? "picker--over" : ""}`} aria-label={messages.value.titles.identify}>
      <div class="picker__buttons">
        <button type="button" class="button button--primary button--camera" onClick={() => camera.current?.click()}>
          <CameraIcon />
          {t.camera}
        </button>
        <button type="button" class="button button--files" onClick={() => files.current?.click()}>
          <ImageIcon />
          {isCompact ? t.another : t.files}
        </button>
      </div>
      <p class="picker__hint">{isDragging ? t.drop : t.hint}</p>
      <input
        ref={camera}
        class="visually-hidden"
        type="file"
        accept="image/*"
        capture="environment"
        tabIndex={-1}
        aria-hidden="true"
        data-testid="camera-input"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={files}
        class="visually-hidden"
        type="file"
        accept={ACCEPTED}
        multiple
        tabIndex={-1}
        aria-hidden="true"
        data-testid="file-input"
        onChange={(event) => take(event.currentTarget)}
      />
      {isDragging && <div class="drop-veil" aria-hidden="true" />}
    </section>
  );
}

/** Listen on the whole window: nobody should have to aim. Returns whether files are over it. */
function usePhotoDrops(onPhotos: (files: File[]) => void): boolean {
  const [isDragging, setDragging] = useState(false);
  const latest = useRef(onPhotos);
  latest.current = onPhotos;

  useEffect(() => {
    let depth = 0;
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      depth++;
      setDragging(true);
    };
    const leave = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setDragging(false);
    };
    const over = (event: DragEvent): void => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setDragging(false);
      const dropped = Array.from(event.dataTransfer?.files ?? []);
      if (dropped.length > 0) latest.current(dropped);
    };
    const paste = (event: ClipboardEvent): void => {
      const pasted = Array.from(event.clipboardData?.files ?? []);
      if (pasted.length > 0) latest.current(pasted);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", over);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, []);
  return isDragging;
}
