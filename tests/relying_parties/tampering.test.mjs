// Whoever alters what passes between the two is noticed: by openid-client where it reads, by Doorstep where it is asked.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, test } from "node:test";
import { SignJWT, base64url, decodeJwt, decodeProtectedHeader, exportJWK, exportSPKI, generateKeyPair, importJWK } from "jose";
import * as client from "openid-client";
import { ISSUER, SITE, arrive, party, proof, refusal, signIn, someone } from "./party.mjs";

const person = someone("tampering");
const encode = (value) => base64url.encode(JSON.stringify(value));

/** Stands between the two and lets `change` work on each JSON answer of the token endpoint. */
function between(change) {
  return async (address, options) => {
    const answer = await fetch(address, options);
    if (new URL(address).pathname !== "/identity/openid/token") return answer;
    return Response.json(await change(await answer.json()), { status: answer.status });
  };
}

function withToken(change) {
  return between(async (body) => ({ ...body, id_token: await change(body.id_token) }));
}

const otherKey = await generateKeyPair("ES256");

/** Claims and header as they were, but for the changes, signed by somebody else. */
async function resigned(token, changes = {}, header = {}, key = otherKey.privateKey) {
  const claims = { ...decodeJwt(token), ...changes };
  return new SignJWT(claims).setProtectedHeader({ ...decodeProtectedHeader(token), ...header }).sign(key);
}

function by(algorithm, secret) {
  return (token) => {
    const body = `${encode({ ...decodeProtectedHeader(token), alg: algorithm })}.${token.split(".")[1]}`;
    return `${body}.${secret ? createHmac("sha256", secret).update(body).digest("base64url") : ""}`;
  };
}

async function publicKey(token) {
  const { kid } = decodeProtectedHeader(token);
  const { keys } = await (await fetch(`${ISSUER}/openid/keys`)).json();
  return keys.find((key) => key.kid === kid);
}

const ALTERED = {
  "a signature with another last byte": (token) => {
    const [head, body, mark] = token.split(".");
    const bytes = base64url.decode(mark);
    bytes[bytes.length - 1] ^= 1;
    return `${head}.${body}.${base64url.encode(bytes)}`;
  },
  "no signature": (token) => `${token.split(".").slice(0, 2).join(".")}.`,
  "another person under the same signature": (token) => {
    const [head, , mark] = token.split(".");
    return `${head}.${encode({ ...decodeJwt(token), sub: "somebody-else" })}.${mark}`;
  },
  "a surer level under the same signature": (token) => {
    const [head, , mark] = token.split(".");
    return `${head}.${encode({ ...decodeJwt(token), acr: `${ISSUER}/level/2` })}.${mark}`;
  },
  "alg none": by("none"),
  "alg none in capitals": by("NONE"),
  "HS256 by the party's own secret": by("HS256", SITE.parties.basic.secret),
  "HS256 by the public key as a secret": async (token) => {
    const key = await importJWK(await publicKey(token), "ES256", { extractable: true });
    return by("HS256", await exportSPKI(key))(token);
  },
  "ES256 by somebody else's key": (token) => resigned(token),
  "somebody else's key, brought along": async (token) => resigned(token, {}, { jwk: await exportJWK(otherKey.publicKey) }),
  "a key that nobody published": (token) => resigned(token, {}, { kid: "mine" }),
  "a token for another party": async () => (await signIn(await party("other"), person)).id_token,
  "a token of an earlier sign-in": async () => (await signIn(await party("basic"), person)).id_token,
  "nothing": () => undefined,
  "no token at all": () => "a.b.c",
};

const noticed = (error) => error instanceof client.ClientError || error instanceof TypeError;

for (const [name, change] of Object.entries(ALTERED)) {
  test(`openid-client takes no ID token with ${name}`, async () => {
    await assert.rejects(signIn(await party("basic", { fetch: withToken(change) }), person), noticed);
  });
}

test("what nobody altered passes the same way", async () => {
  assert.ok((await signIn(await party("basic", { fetch: withToken((token) => token) }), person)).claims().sub);
});

test("RS256 is not taken from a party of ES256, nor the other way round", async () => {
  for (const [name, more] of [["basic", "RS256"], ["rsa", "ES256"]]) {
    const config = await party(name, { more: { id_token_signed_response_alg: more } });
    await assert.rejects(signIn(config, person), noticed);
  }
});

test("a token is over after ten minutes", async () => {
  for (const [seconds, passes] of [[540, true], [660, false]]) {
    const config = await party("basic", { more: { [client.clockSkew]: seconds } });
    const outcome = signIn(config, person);
    await (passes ? outcome : assert.rejects(outcome, (error) => error.code === "OAUTH_JWT_TIMESTAMP_CHECK_FAILED"));
  }
});

const WRONG = {
  "another nonce": [{ expectedNonce: "another" }],
  "no nonce expected": [{ expectedNonce: undefined }],
  "another state": [{ expectedState: "another" }],
  "no state expected": [{ expectedState: undefined }],
  "the state taken away": [{}, (back) => back.searchParams.delete("state")],
  "another iss": [{}, (back) => back.searchParams.set("iss", "https://evil.example")],
  "the iss taken away": [{}, (back) => back.searchParams.delete("iss")],
  "a second iss": [{}, (back) => back.searchParams.append("iss", ISSUER)],
  "a second state": [{}, (back) => back.searchParams.append("state", "another")],
};

for (const [name, [expected, change]] of Object.entries(WRONG)) {
  test(`openid-client takes no answer with ${name}`, async () => {
    const config = await party("basic");
    const { back, checks } = await arrive(config, person);
    change?.(back);
    await assert.rejects(client.authorizationCodeGrant(config, back, { ...checks, ...expected }), noticed);
  });
}

test("an ID token of another issuer is noticed, even where the address says that one", async () => {
  const config = await party("basic");
  const told = { ...config.serverMetadata(), issuer: "https://evil.example" };
  const { back, checks } = await arrive(config, person);
  const metadata = { id_token_signed_response_alg: "ES256" };
  const misled = new client.Configuration(told, config.told.id, metadata, await proof(config.told));
  client.allowInsecureRequests(misled);
  back.searchParams.set("iss", "https://evil.example");
  const other = (error) => error.code === "OAUTH_JWT_CLAIM_COMPARISON_FAILED";
  await assert.rejects(client.authorizationCodeGrant(misled, back, checks), other);
});

test("a discovery that names another issuer is noticed", async () => {
  const change = async (address, options) =>
    Response.json({ ...(await (await fetch(address, options)).json()), issuer: "https://evil.example" });
  await assert.rejects(party("basic", { fetch: change }), noticed);
});

test("what userinfo says of somebody else is noticed", async () => {
  const config = await party("basic");
  const tokens = await signIn(config, person);
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, "somebody-else"), noticed);
});

// And now Doorstep.

const refused = (code, status = 400) => (error) =>
  error instanceof client.ResponseBodyError && error.error === code && error.status === status;

let basic;
before(async () => {
  basic = await party("basic");
});

test("a code used again gives nothing, and ends what it gave", async () => {
  const { back, checks } = await arrive(basic, person);
  const tokens = await client.authorizationCodeGrant(basic, back, checks);
  await assert.rejects(client.authorizationCodeGrant(basic, back, checks), refused("invalid_grant"));
  assert.deepEqual(await client.tokenIntrospection(basic, tokens.access_token), { active: false });
});

test("two at once with the same code: one of them gets tokens, or none", async () => {
  const { back, checks } = await arrive(basic, person);
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => client.authorizationCodeGrant(basic, back, { ...checks })));
  const got = outcomes.filter((one) => one.status === "fulfilled");
  assert.equal(got.length, 1);
  assert.deepEqual(await client.tokenIntrospection(basic, got[0].value.access_token), { active: false });
});

test("two at once with the same refresh token end it", async () => {
  const tokens = await signIn(basic, someone("tampering"), { scope: "openid offline_access" }, { given: ["offline_access"] });
  const outcomes = await Promise.allSettled([1, 2].map(() => client.refreshTokenGrant(basic, tokens.refresh_token)));
  const got = outcomes.filter((one) => one.status === "fulfilled");
  assert.equal(got.length, 1);
  await assert.rejects(client.refreshTokenGrant(basic, got[0].value.refresh_token), refused("invalid_grant"));
});

const EXCHANGES = {
  "another verifier": { checks: { pkceCodeVerifier: client.randomPKCECodeVerifier() } },
  "no verifier": { checks: { pkceCodeVerifier: undefined } },
  "another address": { back: (back) => new URL(back.search, `${SITE.parties.basic.redirect}/more`) },
  "another code": { back: (back) => (back.searchParams.set("code", `${back.searchParams.get("code")}A`), back) },
  "another party": { party: "other" },
  "another party with another way": { party: "key" },
};

for (const [name, wrong] of Object.entries(EXCHANGES)) {
  test(`Doorstep gives nothing for a code with ${name}`, async () => {
    const { back, checks } = await arrive(basic, person);
    const config = wrong.party ? await party(wrong.party) : basic;
    const changed = wrong.back?.(back) ?? back;
    const outcome = client.authorizationCodeGrant(config, changed, { ...checks, ...wrong.checks });
    await assert.rejects(outcome, (error) => refused("invalid_grant")(error) || refused("invalid_request")(error));
  });
}

test("a code is nothing without the right secret, in the right place", async () => {
  for (const auth of [
    client.ClientSecretBasic("wrong"),
    client.ClientSecretPost(SITE.parties.basic.secret),
    client.None(),
    await proof(SITE.parties.key),
  ]) {
    const config = await party("basic", { auth });
    const { back, checks } = await arrive(config, person);
    const outcome = client.authorizationCodeGrant(config, back, checks);
    await assert.rejects(outcome, (error) => ["invalid_client", "OAUTH_WWW_AUTHENTICATE_CHALLENGE"].includes(error.error ?? error.code));
  }
});

test("a party proves in one way that it is itself, and names nobody else", async () => {
  const basic = client.ClientSecretBasic(SITE.parties.basic.secret);
  for (const [name, text] of [["client_secret", SITE.parties.basic.secret], ["client_id", SITE.parties.other.id]]) {
    const auth = (as, metadata, body, headers) => (basic(as, metadata, body, headers), body.set(name, text));
    const config = await party("basic", { auth });
    const { back, checks } = await arrive(config, person);
    await assert.rejects(client.authorizationCodeGrant(config, back, checks), refused("invalid_request"));
  }
});

test("refreshing widens nothing", async () => {
  const tokens = await signIn(basic, someone("tampering"), { scope: "openid offline_access" }, { given: ["offline_access"] });
  const wider = client.refreshTokenGrant(basic, tokens.refresh_token, { scope: "openid offline_access email" });
  await assert.rejects(wider, refused("invalid_scope"));
  assert.ok((await client.refreshTokenGrant(basic, tokens.refresh_token, { scope: "openid" })).access_token);
});

test("tokens of one party open nothing for another", async () => {
  const tokens = await signIn(basic, someone("tampering"), { scope: "openid offline_access" }, { given: ["offline_access"] });
  const other = await party("other");
  await assert.rejects(client.refreshTokenGrant(other, tokens.refresh_token), refused("invalid_grant"));
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    assert.deepEqual(await client.tokenIntrospection(other, token), { active: false });
    await client.tokenRevocation(other, token);
  }
  assert.ok((await client.refreshTokenGrant(basic, tokens.refresh_token)).access_token);
});

const ASSERTIONS = {
  "somebody else's key": async (told) => client.PrivateKeyJwt({ key: otherKey.privateKey, kid: told.key.kid }),
  "another alg, none": async (told) => unsigned(told, { alg: "none" }),
  "HS256 by the public key": async (told) => unsigned(told, { alg: "HS256", kid: told.key.kid }, told.key.x),
  "another audience": (told) => proof(told, { modify: (_, claims) => (claims.aud = "https://evil.example") }),
  "no end": (told) => proof(told, { modify: (_, claims) => delete claims.exp }),
  "an end long ago": (told) => proof(told, { modify: (_, claims) => (claims.exp -= 3600) }),
  "an end far away": (told) => proof(told, { modify: (_, claims) => (claims.exp += 7200) }),
  "a beginning to come": (told) => proof(told, { modify: (_, claims) => (claims.nbf += 3600) }),
  "no number of its own": (told) => proof(told, { modify: (_, claims) => delete claims.jti }),
  "another party's name": (told) =>
    proof(told, { modify: (_, claims) => Object.assign(claims, { iss: SITE.parties.basic.id, sub: SITE.parties.basic.id }) }),
  "another issuer": (told) => proof(told, { modify: (_, claims) => (claims.iss = "somebody") }),
  "a number used before": (told) => proof(told, { modify: (_, claims) => (claims.jti = "once") }),
};

/** `private_key_jwt` as no library would make it. */
function unsigned(told, header, secret) {
  return (as, metadata, body) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: told.id, sub: told.id, aud: as.issuer, jti: `${Math.random()}`, iat: now, exp: now + 60 };
    const text = `${encode(header)}.${encode(claims)}`;
    const mark = secret ? createHmac("sha256", base64url.decode(secret)).update(text).digest("base64url") : "";
    body.set("client_id", metadata.client_id);
    body.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    body.set("client_assertion", `${text}.${mark}`);
  };
}

test("an assertion is taken with its kid or without, for the issuer or the endpoint, once", async () => {
  const told = SITE.parties.key;
  const good = [
    {},
    { modify: (header) => delete header.kid },
    { modify: (_, claims) => (claims.aud = `${ISSUER}/openid/introspect`) },
    { modify: (_, claims) => (claims.aud = [ISSUER, "https://other.example"]) },
    { modify: (_, claims) => (claims.jti = "once") },
  ];
  for (const one of good) {
    const config = await party("key", { auth: await proof(told, one) });
    assert.deepEqual(await client.tokenIntrospection(config, "x"), { active: false });
  }
});

for (const [name, auth] of Object.entries(ASSERTIONS)) {
  test(`Doorstep takes no assertion with ${name}`, async () => {
    const config = await party("key", { auth: await auth(SITE.parties.key) });
    await assert.rejects(client.tokenIntrospection(config, "x"), (error) => error.status === 401 || refused("invalid_client")(error));
  });
}

const REQUESTS = [
  ["unsupported_response_type", { response_type: "code id_token" }],
  ["unsupported_response_type", { response_type: "token" }],
  ["invalid_request", { code_challenge_method: "plain" }],
  ["invalid_request", { response_mode: "form_post" }],
  ["invalid_scope", { scope: "profile" }],
  ["invalid_request", { prompt: "none login" }],
  ["request_not_supported", { request: "a.b.c", response_type: "code" }],
  ["registration_not_supported", { registration: "{}" }],
];

for (const [error, more] of REQUESTS) {
  test(`a request with ${JSON.stringify(more)} is answered with ${error}`, async () => {
    assert.equal(await refusal(basic, person, more), error);
  });
}

for (const more of [{ redirect_uri: "https://evil.example/" }, { redirect_uri: `${SITE.parties.basic.redirect}?a=b` }, { client_id: "x" }, { request_uri: "https://evil.example/" }]) {
  test(`nobody is sent anywhere by a request with ${JSON.stringify(more)}`, async () => {
    await assert.rejects(arrive(basic, person, more), /400 .*cannot go on/);
  });
}
