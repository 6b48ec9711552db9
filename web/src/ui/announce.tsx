/** Tells screen readers what changed without moving the focus. */
import { signal } from "@preact/signals";

const said = signal("");

export function announce(sentence: string): void {
  said.value = sentence;
}

export function LiveRegion() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
