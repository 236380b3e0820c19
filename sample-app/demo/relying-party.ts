// A relying party by openid-client, which nobody here wrote.
import * as openid from 'openid-client';
import { z } from 'zod';

// The server's demo client; any port of the loopback interface is registered. Nothing has to listen here: the
// browser of the demonstration stops where the server sends it.
const CLIENT_ID = 'demo-web';
const REDIRECT_URI = 'http://127.0.0.1:8080/callback';

const me = z.object({ sub: z.string() });

export interface AuthorizationRequest {
  url: URL;
  /** What the answer has to match. */
  checks: openid.AuthorizationCodeGrantChecks;
}

/** The application that alice signs in to: a client as one writes it with openid-client. */
export class RelyingParty {
  private constructor(readonly configuration: openid.Configuration) {}

  static async discover(issuer: string, clientSecret: string): Promise<RelyingParty> {
    const configuration = await openid.discovery(
      new URL(issuer),
      CLIENT_ID,
      undefined,
      openid.ClientSecretBasic(clientSecret),
      // Without the checks openid-client trusts the connection and leaves the ID token's signature unverified;
      // without the other, it refuses http, which is for a demonstration on loopback only.
      { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] },
    );
    return new RelyingParty(configuration);
  }

  async authorizationRequest(): Promise<AuthorizationRequest> {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const expectedState = openid.randomState();
    const expectedNonce = openid.randomNonce();
    const url = openid.buildAuthorizationUrl(this.configuration, {
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile email api',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
  }

  exchangeCode(callback: URL, checks: openid.AuthorizationCodeGrantChecks) {
    return openid.authorizationCodeGrant(this.configuration, callback, checks);
  }

  userInfo(accessToken: string, expectedSubject: string) {
    return openid.fetchUserInfo(this.configuration, accessToken, expectedSubject);
  }

  refresh(refreshToken: string) {
    return openid.refreshTokenGrant(this.configuration, refreshToken);
  }

  clientCredentials() {
    return openid.clientCredentialsGrant(this.configuration, { scope: 'api' });
  }

  introspect(token: string) {
    return openid.tokenIntrospection(this.configuration, token);
  }

  revoke(token: string) {
    return openid.tokenRevocation(this.configuration, token);
  }

  async callApi(url: string, accessToken: string) {
    const response = await openid.fetchProtectedResource(
      this.configuration,
      accessToken,
      new URL(url),
      'GET',
    );
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return me.parse(await response.json());
  }
}
