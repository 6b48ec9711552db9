/** The frame around every place: header, notices, the place itself, footer. */
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { AccountPage } from "./account/AccountPage";
import { ConfirmPage } from "./account/ConfirmPage";
import { ForgotPage, ResetPage } from "./account/ForgotPage";
import { SignInPage } from "./account/SignInPage";
import { SignUpPage } from "./account/SignUpPage";
import { chooseLanguage, language, messages } from "./i18n";
import { IdentifyPage } from "./identify/IdentifyPage";
import { TermsPage } from "./pages/TermsPage";
import { hrefOf, route, type Route } from "./route";
import { useServices } from "./services";
import { chooseTheme, theme, THEMES } from "./theme";
import { LiveRegion } from "./ui/announce";
import { OfflineIcon, PersonIcon } from "./ui/icons";
import { Logo } from "./ui/Logo";

const isOnline = signal(navigator.onLine);
window.addEventListener("online", () => (isOnline.value = true));
window.addEventListener("offline", () => (isOnline.value = false));

const TITLES: Record<Route, "identify" | "signIn" | "signUp" | "confirm" | "forgot" | "reset" | "account" | "terms" | "missing"> = {
  identify: "identify",
  "sign-in": "signIn",
  "sign-up": "signUp",
  confirm: "confirm",
  forgot: "forgot",
  reset: "reset",
  account: "account",
  terms: "terms",
  missing: "missing",
};

export function App() {
  const t = messages.value;
  const place = route.value;
  const main = useRef<HTMLElement>(null);
  const lastPlace = useRef(place);

  useEffect(() => {
    document.title = `${messages.value.titles[TITLES[place]]} · Avocet`;
  }, [place, t]);
  useEffect(() => {
    if (lastPlace.current === place) return;
    lastPlace.current = place;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);

  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t.skip}
      </a>
      <Header />
      {!isOnline.value && (
        <p class="banner" role="status">
          <OfflineIcon />
          {t.offline}
        </p>
      )}
      <main id="main" ref={main} tabIndex={-1}>
        <Place place={place} />
      </main>
      <Footer />
      <LiveRegion />
    </>
  );
}

function Place({ place }: { place: Route }) {
  switch (place) {
    case "identify":
      return <IdentifyPage />;
    case "sign-in":
      return <SignInPage />;
    case "sign-up":
      return <SignUpPage />;
    case "confirm":
      return <ConfirmPage />;
    case "forgot":
      return <ForgotPage />;
    case "reset":
      return <ResetPage />;
    case "account":
      return <AccountPage />;
    case "terms":
      return <TermsPage />;
    case "missing":
      return (
        <div class="sheet">
          <h1>{messages.value.titles.missing}</h1>
          <p class="sheet__lead">{messages.value.missing.text}</p>
          <a class="button button--primary" href={hrefOf("identify")}>
            {messages.value.missing.home}
          </a>
        </div>
      );
  }
}

function Header() {
  const { session } = useServices();
  const t = messages.value;
  const state = session.state.value;
  const other = language.value === "en" ? "fr" : "en";
  return (
    <header class="header">
      <a class="brand" href={hrefOf("identify")}>
        <Logo />
        <span>Avocet</span>
      </a>
      <nav class="header__nav" aria-label="Avocet">
        <button type="button" class="header__language" lang={other} aria-label={t.switchLanguage} onClick={() => chooseLanguage(other)}>
          {other.toUpperCase()}
        </button>
        {state.kind === "signed-in" && (
          <a class="avatar" href={hrefOf("account")} aria-label={`${t.nav.account} ${state.person.email}`.trim()} title={state.person.email}>
            {state.person.email === "" ? <PersonIcon /> : state.person.email.charAt(0).toUpperCase()}
          </a>
        )}
        {state.kind === "signed-out" && (
          <a class="button button--small" href={hrefOf("sign-in")}>
            {t.nav.signIn}
          </a>
        )}
      </nav>
    </header>
  );
}

function Footer() {
  const t = messages.value;
  return (
    <footer class="footer">
      <span>{t.footer.open}</span>
      <a href={hrefOf("terms")}>{t.footer.terms}</a>
      <fieldset class="themes">
        <legend class="visually-hidden">{t.theme.label}</legend>
        {THEMES.map((choice) => (
          <label key={choice}>
            <input type="radio" name="theme" checked={theme.value === choice} onChange={() => chooseTheme(choice)} />
            <span>{t.theme[choice]}</span>
          </label>
        ))}
      </fieldset>
    </footer>
  );
}
