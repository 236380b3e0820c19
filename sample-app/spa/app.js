// A client without a server of its own: it signs in with a code and PKCE, and keeps its tokens in memory.
/* global oidc, document, location, history, sessionStorage, fetch */
const { issuer } = await (await fetch('/configuration.json')).json();
const home = `${location.origin}/`;
const users = new oidc.UserManager({
  authority: issuer,
  client_id: 'demo-spa',
  redirect_uri: home,
  post_logout_redirect_uri: home,
  scope: 'openid profile api',
  // The name is not in the ID token.
  loadUserInfo: true,
  // A script that gets into the page finds no token in a storage. A reload forgets them, and signs in again.
  userStore: new oidc.WebStorageStateStore({ store: new oidc.InMemoryWebStorage() }),
  // This has to survive the way to the server and back, and holds no token.
  stateStore: new oidc.WebStorageStateStore({ store: sessionStorage }),
});

const element = (id) => document.getElementById(id);

async function show(result = '') {
  const user = await users.getUser();
  element('user').textContent = user ? `${user.profile.name} is signed in.` : 'Nobody is signed in.';
  element('result').textContent = result;
}

async function callApi() {
  const user = await users.getUser();
  const headers = user ? { authorization: `Bearer ${user.access_token}` } : {};
  const response = await fetch(`${issuer}/api/me`, { headers });
  return `${response.status} ${response.headers.get('www-authenticate') ?? JSON.stringify(await response.json())}`;
}

async function signOut() {
  await users.revokeTokens(['refresh_token', 'access_token']);
  await users.signoutRedirect();
}

async function run(act) {
  element('result').textContent = '';
  try {
    await show(await act());
  } catch (error) {
    await show(`Failed: ${error.message}`);
  }
}

function on(id, act) {
  element(id).addEventListener('click', () => void run(act));
}

on('sign-in', () => users.signinRedirect());
on('call', callApi);
on('renew', async () => ((await users.signinSilent()) ? 'Renewed' : 'Not renewed'));
on('sign-out', signOut);

if (new URLSearchParams(location.search).has('code')) {
  await users.signinCallback();
  history.replaceState({}, '', home);
}
await show();
