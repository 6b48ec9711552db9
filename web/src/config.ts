/** Where the services are: written beside the page when it is published, read once at the start. */

export interface Config {
  /** Base of the REST API, ending in its stage, without a slash. */
  apiUrl: string;
  /** Endpoint of the Cognito user pools API. */
  cognitoUrl: string;
  clientId: string;
  region: string;
  /** Where photos too large for the API go. */
  uploadsOrigin: string;
  /** Whether this is the cloud on a laptop. */
  embedded: boolean;
  /** Where the mailbox of the cloud on a laptop is read; null elsewhere, where real mail is sent. */
  inboxUrl: string | null;
  /** What the id of a training's run is put behind to see its record in MLflow; null where none is kept. */
  runsUrl: string | null;
}

export class ConfigError extends Error {
  override name = "ConfigError";
}

export function parseConfig(raw: unknown): Config {
  if (typeof raw !== "object" || raw === null) throw new ConfigError("config.json holds no object");
  const fields = raw as Record<string, unknown>;
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== "string" || value === "") throw new ConfigError(`config.json lacks ${name}`);
    return value.replace(/\/+$/, "");
  };
  const address = (name: string): string | null => {
    const value = fields[name];
    // It becomes a link: nothing but the web, whatever was put here.
    return typeof value === "string" && /^https?:\/\//.test(value) ? value : null;
  };
  return {
    apiUrl: text("apiUrl"),
    cognitoUrl: text("cognitoUrl"),
    clientId: text("clientId"),
    region: text("region"),
    uploadsOrigin: text("uploadsOrigin"),
    embedded: fields.embedded === true,
    inboxUrl: address("inboxUrl"),
    runsUrl: address("runsUrl"),
  };
}

/**
 * Read the settings.
 *
 * @throws ConfigError when they cannot be read.
 */
export async function loadConfig(): Promise<Config> {
  try {
    const response = await fetch("./config.json", { cache: "no-cache" });
    if (!response.ok) throw new ConfigError(`config.json answered ${response.status}`);
    return parseConfig(await response.json());
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) throw new ConfigError("config.json cannot be read");
    throw error;
  }
}
