/** Start: read the settings, put the services together, show the page. */
import { render } from "preact";
import { App } from "./App";
import { send } from "./api/transport";
import { ConfigError, loadConfig, type Config } from "./config";
import { messages } from "./i18n";
import { listenForPhotos } from "./identify/drops";
import { registerWorker } from "./offline";
import { Broken, CrashBoundary } from "./pages/Broken";
import { go, route, type Route } from "./route";
import { createServices, ServicesProvider, type Services } from "./services";
import "./styles/main.css";
import "./theme";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");

function StartFailed() {
  const t = messages.value.start;
  return <Broken title={t.failedTitle} text={t.failedText} />;
}

/** Forms keep whom they have: photos wait there, in sight, for the sign-in. */
const FORMS: ReadonlySet<Route> = new Set<Route>(["sign-in", "sign-up", "confirm", "forgot", "reset", "two-step"]);

/** Take photos wherever a person shows them, except where they look after other people's. */
function take(files: File[], { queue }: Services): void {
  if (route.value === "admin") return;
  queue.add(files);
  if (route.value !== "identify" && !FORMS.has(route.value)) go("identify");
}

function start(config: Config, target: HTMLElement): void {
  const services = createServices(config, send);
  void services.session.resume();
  listenForPhotos((files) => take(files, services));
  render(
    <CrashBoundary>
      <ServicesProvider value={services}>
        <App />
      </ServicesProvider>
    </CrashBoundary>,
    target,
  );
  registerWorker();
}

loadConfig().then(
  (config) => start(config, root),
  (error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    render(<StartFailed />, root);
  },
);
