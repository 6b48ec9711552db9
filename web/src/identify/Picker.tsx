/** Where photos come in by hand: camera and files. What is dropped or pasted comes in anywhere. */
import { useRef } from "preact/hooks";
import { messages } from "../i18n";
import { CameraIcon, ImageIcon } from "../ui/icons";
import { isDragging } from "./drops";

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

  const take = (input: HTMLInputElement): void => {
    const picked = Array.from(input.files ?? []);
    // Without this, picking the same photo again would not be a change.
    input.value = "";
    if (picked.length > 0) onPhotos(picked);
  };

  return (
    <section class={`picker ${isCompact ? "picker--compact" : ""} ${isDragging.value ? "picker--over" : ""}`} aria-label={messages.value.titles.identify}>
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
      <p class="picker__hint">{isDragging.value ? t.drop : t.hint}</p>
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
    </section>
  );
}
