/** What is left when the page can't go on: a reason and a way out. */
import { Component, type ComponentChildren } from "preact";
import { messages } from "../i18n";
import { Logo } from "../ui/Logo";

export function Broken({ title, text }: { title: string; text: string }) {
  return (
    <main class="sheet sheet--alone">
      <div class="sheet__mark">
        <Logo />
      </div>
      <h1>{title}</h1>
      <p class="sheet__lead">{text}</p>
      <button type="button" class="button button--primary" onClick={() => location.reload()}>
        {messages.value.start.reload}
      </button>
    </main>
  );
}

export class CrashBoundary extends Component<{ children: ComponentChildren }, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static override getDerivedStateFromError(): { hasCrashed: boolean } {
    return { hasCrashed: true };
  }

  override render() {
    const t = messages.value.crash;
    return this.state.hasCrashed ? <Broken title={t.title} text={t.text} /> : this.props.children;
  }
}
