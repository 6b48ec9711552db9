/** The Cognito user pools API, called directly: the few operations the page needs, without an SDK. */
import { documentOf, isSuccess, parseObject, type Transport } from "../api/transport";
import { ServiceError } from "../api/errors";
import { LICENCE, TERMS_VERSION } from "./terms";

/** Cognito refused; `code` is its exception's name, such as `NotAuthorizedException`. */
export class CognitoError extends ServiceError {
  override name = "CognitoError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Tokens {
  idToken: string;
  accessToken: string;
  /** Absent from the answer to a refresh, unless the pool rotates its refresh tokens. */
  refreshToken: string | null;
  expiresInS: number;
}

export type Challenge = "SOFTWARE_TOKEN_MFA" | "NEW_PASSWORD_REQUIRED";

export type SignInResult =
  | { kind: "signed-in"; tokens: Tokens }
  | { kind: "challenge"; challenge: Challenge; handle: string; username: string };

interface AuthAnswer {
  AuthenticationResult?: { IdToken: string; AccessToken: string; RefreshToken?: string; ExpiresIn: number };
  ChallengeName?: string;
  Session?: string;
  ChallengeParameters?: { USER_ID_FOR_SRP?: string };
}

export class Cognito {
  private readonly url: string;
  private readonly clientId: string;
  private readonly transport: Transport;

  constructor(url: string, clientId: string, transport: Transport) {
    this.url = `${url}/`;
    this.clientId = clientId;
    this.transport = transport;
  }

  /** Create an account; returns whether it still has to be confirmed by a code. */
  async signUp(email: string, password: string, acceptedAt: Date): Promise<{ isConfirmed: boolean }> {
    const attributes = {
      email,
      "custom:terms_version": TERMS_VERSION,
      "custom:licence": LICENCE,
      "custom:terms_accepted_at": acceptedAt.toISOString(),
    };
    const answer = await this.call<{ UserConfirmed: boolean }>("SignUp", {
      Username: email,
      Password: password,
      UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
    });
    return { isConfirmed: answer.UserConfirmed };
  }

  async confirm(email: string, code: string): Promise<void> {
    await this.call("ConfirmSignUp", { Username: email, ConfirmationCode: code });
  }

  async resendCode(email: string): Promise<void> {
    await this.call("ResendConfirmationCode", { Username: email });
  }

  async signIn(email: string, password: string): Promise<SignInResult> {
    const answer = await this.call<AuthAnswer>("InitiateAuth", {
      AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: email, PASSWORD: password },
    });
    return signInResult(answer, email);
  }

  async answerChallenge(challenge: Challenge, handle: string, username: string, response: string): Promise<SignInResult> {
    const responseName = challenge === "SOFTWARE_TOKEN_MFA" ? "SOFTWARE_TOKEN_MFA_CODE" : "NEW_PASSWORD";
    const answer = await this.call<AuthAnswer>("RespondToAuthChallenge", {
      ChallengeName: challenge,
      Session: handle,
      ChallengeResponses: { USERNAME: username, [responseName]: response },
    });
    return signInResult(answer, username);
  }

  async refresh(refreshToken: string): Promise<Tokens> {
    const answer = await this.call<AuthAnswer>("InitiateAuth", {
      AuthFlow: "REFRESH_TOKEN_AUTH",
      AuthParameters: { REFRESH_TOKEN: refreshToken },
    });
    const result = signInResult(answer, "");
    if (result.kind !== "signed-in") throw new CognitoError("NotAuthorizedException", "the refresh was challenged");
    return result.tokens;
  }

  /** Make a refresh token, and every token made from it, worthless. */
  async revoke(refreshToken: string): Promise<void> {
    await this.call("RevokeToken", { Token: refreshToken });
  }

  async signOutEverywhere(accessToken: string): Promise<void> {
    await this.call("GlobalSignOut", { AccessToken: accessToken }, { withClient: false });
  }

  /** Begin a second step; returns the key that the person's app has to know. */
  async startTotp(accessToken: string): Promise<string> {
    const answer = await this.call<{ SecretCode: string }>("AssociateSoftwareToken", { AccessToken: accessToken }, { withClient: false });
    return answer.SecretCode;
  }

  /** Turn the second step on, with a code as proof that the app knows the key. */
  async turnOnTotp(accessToken: string, code: string): Promise<void> {
    await this.call("VerifySoftwareToken", { AccessToken: accessToken, UserCode: code, FriendlyDeviceName: "Avocet" }, { withClient: false });
    await this.preferTotp(accessToken, true);
  }

  async turnOffTotp(accessToken: string): Promise<void> {
    await this.preferTotp(accessToken, false);
  }

  async hasTotp(accessToken: string): Promise<boolean> {
    const person = await this.call<{ UserMFASettingList?: string[] }>("GetUser", { AccessToken: accessToken }, { withClient: false });
    return person.UserMFASettingList?.includes("SOFTWARE_TOKEN_MFA") ?? false;
  }

  private async preferTotp(accessToken: string, isOn: boolean): Promise<void> {
    await this.call(
      "SetUserMFAPreference",
      { AccessToken: accessToken, SoftwareTokenMfaSettings: { Enabled: isOn, PreferredMfa: isOn } },
      { withClient: false },
    );
  }

  async forgotPassword(email: string): Promise<void> {
    await this.call("ForgotPassword", { Username: email });
  }

  async setForgottenPassword(email: string, code: string, password: string): Promise<void> {
    await this.call("ConfirmForgotPassword", { Username: email, ConfirmationCode: code, Password: password });
  }

  private async call<T>(operation: string, parameters: object, options = { withClient: true }): Promise<T> {
    const answer = await this.transport({
      method: "POST",
      url: this.url,
      headers: {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: JSON.stringify(options.withClient ? { ClientId: this.clientId, ...parameters } : parameters),
      timeoutMs: 15_000,
    });
    if (!isSuccess(answer)) {
      const fields = parseObject(answer.body);
      const code = typeof fields.__type === "string" ? (fields.__type.split("#").pop() ?? "") : "";
      throw new CognitoError(code, typeof fields.message === "string" ? fields.message : "");
    }
    return (answer.body === "" ? {} : documentOf(answer)) as T;
  }
}

function signInResult(answer: AuthAnswer, username: string): SignInResult {
  const result = answer.AuthenticationResult;
  if (result) {
    return {
      kind: "signed-in",
      tokens: {
        idToken: result.IdToken,
        accessToken: result.AccessToken,
        refreshToken: result.RefreshToken ?? null,
        expiresInS: result.ExpiresIn,
      },
    };
  }
  const challenge = answer.ChallengeName;
  if (challenge === "SOFTWARE_TOKEN_MFA" || challenge === "NEW_PASSWORD_REQUIRED") {
    const known = answer.ChallengeParameters?.USER_ID_FOR_SRP ?? username;
    return { kind: "challenge", challenge, handle: answer.Session ?? "", username: known };
  }
  throw new CognitoError("UnsupportedChallenge", challenge ?? "no result");
}
