/** A window over the page: the browser keeps the focus inside, Escape and a tap beside it close it. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { messages } from "../i18n";
import { CloseIcon } from "./icons";

interface DialogProps {
  /** Id of the element that names it. */
  labelledBy: string;
  onClose: () => void;
  children: ComponentChildren;
  testId?: string;
}

export function Dialog({ labelledBy, onClose, children, testId }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // At once, so that a key pressed as it opens is not lost on what lies behind.
  useLayoutEffect(() => {
    const opened = dialog.current;
    const before = document.activeElement;
    opened?.showModal();
    return () => {
      opened?.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={labelledBy}
      data-testid={testId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="dialog__body">
        <button type="button" class="dialog__close" aria-label={messages.value.dialog.close} onClick={onClose}>
          <CloseIcon />
        </button>
        {children}
      </div>
    </dialog>
  );
}
