// What a relying party needs, from discovery to signing out, by openid-client 6 with every check on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import * as client from "openid-client";
import { ISSUER, SITE, arrive, asking, level, party, refusal, signIn, someone } from "./party.mjs";

const new_ = () => someone("flows");
const offline = { scope: "openid offline_access" };
const over = (error) => error instanceof client.ResponseBodyError && error.error === "invalid_grant";

test("discovery says what the provider can do", async () => {
  const config = await party("basic");
  const told = config.serverMetadata();
  assert.equal(told.issuer, ISSUER);
  assert.ok(told.supportsPKCE());
  assert.ok(told.authorization_response_iss_parameter_supported);
  assert.deepEqual(told.subject_types_supported, ["pairwise"]);
});

for (const name of ["basic", "post", "key", "rsa"]) {
  const { method, algorithm } = SITE.parties[name];
  test(`a sign-in by ${method} and ${algorithm}, then userinfo, introspection and revocation`, async () => {
    const [config, person] = [await party(name), new_()];
    const tokens = await signIn(config, person, {}, { given: ["name", "birthdate"] });
    assert.deepEqual(person.asked, ["password", "consent"]);
    assert.equal(decodeProtectedHeader(tokens.id_token).alg, algorithm);
    const claims = tokens.claims();
    assert.equal(claims.acr, level(1));
    assert.deepEqual(claims.amr, ["pwd"]);
    assert.equal(claims.name, undefined);

    const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.deepEqual(info, { sub: claims.sub, name: "Nguyễn Văn Ví Dụ", birthdate: "1990-05-21" });

    const worth = await client.tokenIntrospection(config, tokens.access_token);
    assert.equal(worth.active, true);
    assert.equal(worth.sub, claims.sub);
    assert.equal(worth.client_id, config.told.id);
    await client.tokenRevocation(config, tokens.access_token);
    assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, claims.sub), (error) => error.status === 401);
  });
}

test("parties on two hosts know the same person under two identifiers, one party always under one", async () => {
  const person = new_();
  const subs = [];
  for (const name of ["basic", "post", "basic"]) subs.push((await signIn(await party(name), person)).claims().sub);
  assert.equal(subs[0], subs[2]);
  assert.notEqual(subs[0], subs[1]);
});

test("refresh tokens turn; an old one ends all of them", async () => {
  const [config, person] = [await party("basic"), new_()];
  const first = await signIn(config, person, offline, { given: ["offline_access"] });
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.claims().sub, first.claims().sub);
  assert.equal(second.claims().auth_time, first.claims().auth_time);
  assert.equal((await client.tokenIntrospection(config, second.refresh_token)).active, true);
  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), over);
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), over);
  assert.equal((await client.tokenIntrospection(config, second.access_token)).active, false);
  assert.equal((await client.tokenIntrospection(config, second.refresh_token)).active, false);
});

test("a revoked refresh token ends its access token, too", async () => {
  const [config, person] = [await party("key"), new_()];
  const tokens = await signIn(config, person, offline, { given: ["offline_access"] });
  await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: "refresh_token" });
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), over);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
});

test("without the person's word there is no refresh token", async () => {
  const [config, person] = [await party("basic"), new_()];
  const tokens = await signIn(config, person, offline);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).scope, "openid");
});

for (const name of ["basic", "key", "pushed"]) {
  test(`a pushed request of ${name} is used once`, async () => {
    const [config, person] = [await party(name), new_()];
    const { parameters, checks } = await asking(config);
    const address = await client.buildAuthorizationUrlWithPAR(config, parameters);
    assert.deepEqual([...address.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const tokens = await client.authorizationCodeGrant(config, await person.visit(address), checks);
    assert.ok(tokens.claims().sub);
    await assert.rejects(person.visit(address), /400 .*invalid_request_uri/);
  });
}

test("a party that pushes its requests is heard in no other way", async () => {
  assert.equal(await refusal(await party("pushed"), new_()), "invalid_request");
});

test("acr_values: a surer sign-in is asked for, and said", async () => {
  const [config, person] = [await party("basic"), new_()];
  assert.equal((await signIn(config, person)).claims().acr, level(1));
  const { claims } = await signIn(config, person, { acr_values: level(2) }, { surely: true });
  assert.deepEqual(person.asked, ["password", "passcode", "code"]);
  const told = decodeJwt((await signIn(config, person, { acr_values: level(2) })).id_token);
  assert.deepEqual(person.asked, []);
  assert.equal(told.acr, level(2));
  assert.deepEqual(told.amr, ["pin", "otp", "mfa"]);
  assert.equal(typeof claims, "function");
});

test("acr_values are a wish, an essential acr is a condition", async () => {
  const [config, person] = [await party("basic"), new_()];
  assert.equal((await signIn(config, person, { acr_values: level(2) })).claims().acr, level(1));
  const claims = JSON.stringify({ id_token: { acr: { essential: true, values: [level(2)] } } });
  assert.equal(await refusal(config, person, { claims }), "unmet_authentication_requirements");
  const sure = await signIn(config, new_(), { claims }, { surely: true });
  assert.equal(sure.claims().acr, level(2));
});

test("max_age and prompt=login ask anew, prompt=none never asks", async () => {
  const [config, person] = [await party("basic"), new_()];
  assert.equal(await refusal(config, person, { prompt: "none" }), "login_required");
  const first = (await signIn(config, person)).claims();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const same = (await signIn(config, person, { prompt: "none", max_age: "60" })).claims();
  assert.deepEqual(person.asked, []);
  assert.equal(same.auth_time, first.auth_time);
  assert.equal(await refusal(config, person, { prompt: "none", max_age: "0" }), "login_required");
  const fresh = (await signIn(config, person, { max_age: "1" })).claims();
  assert.deepEqual(person.asked, ["password"]);
  assert.ok(fresh.auth_time > first.auth_time);
  await signIn(config, person, { prompt: "login" });
  assert.deepEqual(person.asked, ["password"]);
});

test("prompt=consent asks again; prompt=none fails where the person has not been asked", async () => {
  const [config, person] = [await party("basic"), new_()];
  await signIn(config, person);
  assert.equal(await refusal(config, person, { prompt: "none", scope: "openid email" }), "consent_required");
  await signIn(config, person, { prompt: "consent" }, { given: ["name"] });
  assert.deepEqual(person.asked, ["consent"]);
  await signIn(config, person);
  assert.deepEqual(person.asked, []);
});

test("the parameter claims names what is essential and what stands in the ID token", async () => {
  const [config, person] = [await party("basic"), new_()];
  const claims = JSON.stringify({
    userinfo: { name: { essential: true } },
    id_token: { personal_administrative_number: null, auth_time: { essential: true } },
  });
  const given = ["personal_administrative_number"];
  const tokens = await signIn(config, person, { scope: "openid", claims }, { given });
  assert.equal(tokens.claims().personal_administrative_number, person.login);
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.name, "Nguyễn Văn Ví Dụ");
});

test("the parameter claims names the only person that will do", async () => {
  const [config, person] = [await party("basic"), new_()];
  const { sub } = (await signIn(config, person)).claims();
  const only = (value) => ({ prompt: "none", claims: JSON.stringify({ id_token: { sub: { value } } }) });
  assert.equal((await signIn(config, person, only(sub))).claims().sub, sub);
  assert.equal(await refusal(config, person, only("somebody-else")), "login_required");
});

test("a person who says no is taken back with nothing", async () => {
  assert.equal(await refusal(await party("basic"), new_(), {}, { answer: "no" }), "access_denied");
});

test("id_token_hint: the same person goes through, another one does not", async () => {
  const [config, one, other] = [await party("basic"), new_(), new_()];
  const [mine, theirs] = [await signIn(config, one), await signIn(config, other)];
  await signIn(config, one, { prompt: "none", id_token_hint: mine.id_token });
  assert.equal(await refusal(config, one, { prompt: "none", id_token_hint: theirs.id_token }), "login_required");
  const forged = `${mine.id_token.slice(0, -4)}AAAA`;
  assert.equal(await refusal(config, one, { prompt: "none", id_token_hint: forged }), "login_required");
});

test("without state and nonce none come back", async () => {
  const [config, person] = [await party("basic"), new_()];
  const { parameters, checks } = await asking(config);
  const { state, nonce, ...kept } = parameters;
  const back = await person.visit(client.buildAuthorizationUrl(config, kept));
  const expected = { pkceCodeVerifier: checks.pkceCodeVerifier, idTokenExpected: true };
  assert.equal((await client.authorizationCodeGrant(config, back, expected)).claims().nonce, undefined);
});

test("state comes back to the letter", async () => {
  const [config, person] = [await party("basic"), new_()];
  const state = `a b+c&d=e%20"<ü>${"x".repeat(1000)}`;
  const { back, checks } = await arrive(config, person, { state });
  assert.ok((await client.authorizationCodeGrant(config, back, { ...checks, expectedState: state })).id_token);
});

test("signing out: the token proves it, the person comes back with the state, and is gone", async () => {
  const [config, person] = [await party("basic"), new_()];
  const tokens = await signIn(config, person);
  const told = { post_logout_redirect_uri: config.told.after, state: "bye", id_token_hint: tokens.id_token };
  const back = await person.visit(client.buildEndSessionUrl(config, told));
  assert.equal(back.href, `${config.told.after}?state=bye`);
  assert.deepEqual(person.asked, []);
  assert.equal(await refusal(config, person, { prompt: "none" }), "login_required");
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
});

test("signing out without a token is the person's to confirm", async () => {
  const [config, person] = [await party("basic"), new_()];
  await signIn(config, person);
  const told = { post_logout_redirect_uri: config.told.after };
  assert.equal((await person.visit(client.buildEndSessionUrl(config, told))).href, config.told.after);
  assert.deepEqual(person.asked, ["leave"]);
});

test("signing out leads to no address that was not registered", async () => {
  const [config, person] = [await party("basic"), new_()];
  const tokens = await signIn(config, person);
  const told = { post_logout_redirect_uri: "https://evil.example/", id_token_hint: tokens.id_token };
  await assert.rejects(person.visit(client.buildEndSessionUrl(config, told)), /200 .*signed out/);
});
