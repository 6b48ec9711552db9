/** A labelled input with its hint and its error, tied together for screen readers. */
import type { InputHTMLAttributes } from "preact";
import { useId, useState } from "preact/hooks";
import { messages } from "../i18n";

interface FieldProps {
  label: string;
  name: string;
  value: string;
  onValue: (value: string) => void;
  type?: "email" | "password" | "text";
  hint?: string | undefined;
  error?: string | undefined;
  autocomplete: InputHTMLAttributes["autocomplete"];
  inputMode?: "numeric" | "email" | "text";
}

export function Field({ label, name, value, onValue, type = "text", hint, error, autocomplete, inputMode }: FieldProps) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  const t = messages.value.account;
  const isPassword = type === "password";
  // One of several literals at run time; Preact's types describe one input element at a time.
  const shownType = (isPassword && isShown ? "text" : type) as "text";
  const describedBy = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field__box">
        <input
          id={id}
          name={name}
          type={shownType}
          value={value}
          autocomplete={autocomplete}
          inputMode={inputMode}
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={error ? "true" : undefined}
          aria-describedby={describedBy || undefined}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        {isPassword && (
          <button type="button" class="field__show" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
            {isShown ? t.hidePassword : t.showPassword}
          </button>
        )}
      </div>
      {hint && (
        <p class="field__hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field__error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
