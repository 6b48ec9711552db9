/** Start: read the settings, put the services together, show the page. */
import { render } from "preact";
import { App } from "./App";
import { send } from "./api/transport";
import { ConfigError, loadConfig, type Config } from "./config";
import { messages } from "./i18n";
import { Broken, CrashBoundary } from "./pages/Broken";
import { createServices, ServicesProvider } from "./services";
import "./styles/main.css";
import "./theme";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");

function StartFailed() {
  const t = messages.value.start;
  return <Broken title={t.failedTitle} text={t.failedText} />;
}

function start(config: Config, target: HTMLElement): void {
  const services = createServices(config, send);
  void services.session.resume();
  render(
    <CrashBoundary>
      <ServicesProvider value={services}>
        <App />
      </ServicesProvider>
    </CrashBoundary>,
    target,
  );
}

loadConfig().then(
  (config) => start(config, root),
  (error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    render(<StartFailed />, root);
  },
);
