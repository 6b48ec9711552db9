/** An id, whole, and a button that copies it; where the browser lets no page copy, it is marked for copying by hand. */
import { useRef } from "preact/hooks";
import { announce } from "../ui/announce";
import { words } from "./words";

export function Id({ id }: { id: string }) {
  const t = words.value.ids;
  const text = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(id);
      announce(t.copied);
    } catch {
      // Not over an unsafe line, and not where a person or a policy forbids it.
      if (text.current !== null) getSelection()?.selectAllChildren(text.current);
      announce(t.marked);
    }
  };
  return (
    <span class="id">
      <code ref={text}>{id}</code>
      <button type="button" class="button button--small" aria-label={t.copyOf(id)} onClick={() => void copy()}>
        {t.copy}
      </button>
    </span>
  );
}
