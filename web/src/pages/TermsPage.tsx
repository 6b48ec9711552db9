import { TERMS_VERSION } from "../account/terms";
import { messages } from "../i18n";

export function TermsPage() {
  const t = messages.value;
  return (
    <div class="sheet sheet--wide prose">
      <h1>{t.titles.terms}</h1>
      <p class="sheet__lead">{t.terms.intro}</p>
      {t.terms.sections.map((section) => (
        <section key={section.title}>
          <h2>{section.title}</h2>
          <p>{section.text}</p>
        </section>
      ))}
      <p class="note">{t.terms.version(TERMS_VERSION)}</p>
    </div>
  );
}
