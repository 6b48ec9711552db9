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
  return {
    apiUrl: text("apiUrl"),
    cognitoUrl: text("cognitoUrl"),
    clientId: text("clientId"),
    region: text("region"),
    uploadsOrigin: text("uploadsOrigin"),
    embedded: fields.embedded === true,
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
