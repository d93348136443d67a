// npm oidc-provider with its tables in memory: writes COUNT codes to FILE, one a line, then serves its token endpoint.
// node oidc_provider.mjs PORT COUNT FILE CHALLENGE BACK
import { writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, count, file, challenge, back] = process.argv.slice(2);

class Memory {
  static kept = new Map();
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) { Memory.kept.set(this.key(id), payload); }
  async find(id) { return Memory.kept.get(this.key(id)); }
  async consume(id) { Memory.kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { Memory.kept.delete(this.key(id)); }
  async revokeByGrantId() { throw new Error('a code was used twice'); }
}

const key = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Memory,
  clients: [{
    client_id: 'bench',
    client_secret: 'bench-secret',
    redirect_uris: [back],
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'ES256',
  }],
  cookies: { keys: ['bench'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  jwks: { keys: [key] },
  ttl: { AuthorizationCode: 3600, Grant: 3600, AccessToken: 600, IdToken: 600 },
});

const client = await provider.Client.find('bench');
const codes = [];
for (let number = 0; number < Number(count); number += 1) {
  const accountId = `account-${number}`;
  const grant = new provider.Grant({ accountId, clientId: 'bench' });
  grant.addOIDCScope('openid profile');
  const code = new provider.AuthorizationCode({
    accountId,
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: 'openid profile',
    nonce: 'n',
    authTime: Math.floor(Date.now() / 1000),
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
    redirectUri: back,
  });
  codes.push(await code.save());
}
writeFileSync(file, codes.join('\n'));
provider.listen(Number(port), '127.0.0.1');
