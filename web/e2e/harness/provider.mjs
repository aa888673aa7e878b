import { once } from 'node:events';
import { Provider } from 'oidc-provider';
import { freePort } from './server.mjs';

/** Everybody here may sign in with any password, as the provider's development pages allow. */
const NAMES = new Map([['u-1', { name: '林晓', preferred_username: 'lin.xiao' }]]);
const CLIENT = { client_id: 'yingda', client_secret: 'a secret of the journey' };

/** A real OpenID provider on a free port. Names and addresses are told by its `userinfo`, not by its tokens. */
export async function startProvider(desk) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [`${desk}/desk/signed`], post_logout_redirect_uris: [`${desk}/desk/login`] }],
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    cookies: { keys: ['of this journey'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...NAMES.get(id) }) }),
  });
  const server = provider.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    issuer,
    environment: {
      YINGDA_OIDC_ISSUER: issuer,
      YINGDA_OIDC_CLIENT_ID: CLIENT.client_id,
      YINGDA_OIDC_CLIENT_SECRET: CLIENT.client_secret,
      YINGDA_OIDC_PUBLIC_URL: desk,
      YINGDA_EGRESS_ALLOWED: '127.0.0.1',
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Types a name and a password on the provider's own page, and agrees to what it asks. */
export async function signInThere(page, name) {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('whatever');
  await page.getByRole('button', { name: 'Sign-in' }).click();
}
