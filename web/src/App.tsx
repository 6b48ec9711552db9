/** The frame around every place: header, notices, the place itself, footer. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { AccountPage } from "./account/AccountPage";
import { ConfirmPage } from "./account/ConfirmPage";
import { ForgotPage, ResetPage } from "./account/ForgotPage";
import { Gate } from "./account/Gate";
import { mayReview } from "./account/rights";
import { SignInPage } from "./account/SignInPage";
import { SignUpPage } from "./account/SignUpPage";
import { chooseLanguage, language, messages } from "./i18n";
import type { Messages } from "./i18n/en";
import { isDragging } from "./identify/drops";
import { IdentifyPage } from "./identify/IdentifyPage";
import { TermsPage } from "./pages/TermsPage";
import { isOnline } from "./offline";
import { PhotosPage } from "./photos/PhotosPage";
import { hrefOf, route, type Route } from "./route";
import { useServices } from "./services";
import { chooseTheme, theme, THEMES } from "./theme";
import { Lazy } from "./pages/Lazy";
import { LiveRegion } from "./ui/announce";
import { CameraIcon, ChartIcon, GridIcon, LeverIcon, OfflineIcon, PersonIcon } from "./ui/icons";
import { Logo } from "./ui/Logo";

const TITLES: Record<Route, keyof Messages["titles"]> = {
  identify: "identify",
  photos: "photos",
  numbers: "numbers",
  admin: "admin",
  "sign-in": "signIn",
  "sign-up": "signUp",
  confirm: "confirm",
  forgot: "forgot",
  reset: "reset",
  account: "account",
  "two-step": "twoStep",
  terms: "terms",
  missing: "missing",
};

// Charts and QR codes weigh more than the rest of the page: they come when somebody wants to see them.
const loadNumbers = () => import("./numbers/NumbersPage").then((module) => module.NumbersPage);
// Few people may see it, so nobody else fetches it.
const loadAdmin = () => import("./admin/AdminPage").then((module) => module.AdminPage);
const loadTwoStep = () => import("./account/TwoStepPage").then((module) => module.TwoStepPage);

export function App() {
  const t = messages.value;
  const place = route.value;
  const main = useRef<HTMLElement>(null);
  const lastPlace = useRef(place);

  useEffect(() => {
    document.title = `${messages.value.titles[TITLES[place]]} · Avocet`;
  }, [place, t]);
  // At once: whoever types in the new place before the next frame must not lose the field.
  useLayoutEffect(() => {
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
      <main id="main" ref={main} tabIndex={-1} data-place={place}>
        <Place place={place} />
      </main>
      <Footer />
      {isDragging.value && place !== "admin" && <div class="drop-veil" aria-hidden="true" />}
      <LiveRegion />
    </>
  );
}

function Place({ place }: { place: Route }) {
  switch (place) {
    case "identify":
      return <IdentifyPage />;
    case "photos":
      return <PhotosPage />;
    case "numbers":
      return <Lazy load={loadNumbers} given={{}} />;
    case "admin":
      return (
        <Gate>
          <Lazy load={loadAdmin} given={{}} />
        </Gate>
      );
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
    case "two-step":
      return <Lazy load={loadTwoStep} given={{}} />;
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
      <Tabs />
      <nav class="header__nav" aria-label={t.nav.yours}>
        <button type="button" class="header__language" lang={other} aria-label={t.switchLanguage} onClick={() => chooseLanguage(other)}>
          {other.toUpperCase()}
        </button>
        {state.kind === "signed-in" && (
          <a class="avatar" href={hrefOf("account")} title={state.person.email}>
            {state.person.email === "" ? <PersonIcon /> : <span aria-hidden="true">{state.person.email.charAt(0).toUpperCase()}</span>}
            <span class="visually-hidden">{`${t.nav.account} ${state.person.email}`.trim()}</span>
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

const TABS = [
  { route: "identify", Icon: CameraIcon },
  { route: "photos", Icon: GridIcon },
  { route: "numbers", Icon: ChartIcon },
] as const;

/** Where everything is: under the thumb on a phone, beside the name on a wide screen. */
function Tabs() {
  const { session } = useServices();
  const t = messages.value.nav;
  return (
    <nav class="tabs" aria-label={t.label}>
      {TABS.map((tab) => (
        <a key={tab.route} href={hrefOf(tab.route)} aria-current={route.value === tab.route ? "page" : undefined}>
          <tab.Icon />
          <span>{t[tab.route]}</span>
        </a>
      ))}
      {mayReview(session.state.value) && (
        <a href={hrefOf("admin")} aria-current={route.value === "admin" ? "page" : undefined} data-testid="admin-link">
          <LeverIcon />
          <span>{t.admin}</span>
        </a>
      )}
    </nav>
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
