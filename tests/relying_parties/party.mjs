// Relying parties as openid-client makes them, with every check on: those that the file named by SITE registers.

import { readFileSync } from "node:fs";
import { importJWK } from "jose";
import * as client from "openid-client";
import { Person } from "./person.mjs";

export const SITE = JSON.parse(readFileSync(process.env.SITE, "utf8"));
export const ISSUER = SITE.issuer;

const people = [...SITE.people];

/** The name of a level of assurance. */
export const level = (number) => `${ISSUER}/level/${number}`;

/** Somebody who has never been here; each test file has its own share, since tries to sign in are counted. */
export function someone(file) {
  const index = people.findIndex((one) => one.file === file);
  if (index < 0) throw new Error("no more people: register more of them");
  return new Person(people.splice(index, 1)[0], SITE.sms);
}

/** How the party proves itself: as it registered, or as `way` says. */
export async function proof(told, { modify } = {}) {
  if (told.method === "client_secret_basic") return client.ClientSecretBasic(told.secret);
  if (told.method === "client_secret_post") return client.ClientSecretPost(told.secret);
  const { kid, alg } = told.key;
  const options = modify && { [client.modifyAssertion]: modify };
  return client.PrivateKeyJwt({ key: await importJWK(told.key, alg), kid }, options);
}

/** A registered party that has found the provider; `fetch` stands between the two, `more` is other metadata. */
export async function party(name, { fetch, auth, more = {} } = {}) {
  const told = SITE.parties[name];
  const options = {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    ...(fetch && { [client.customFetch]: fetch }),
  };
  const metadata = { id_token_signed_response_alg: told.algorithm, ...more };
  const config = await client.discovery(new URL(ISSUER), told.id, metadata, auth ?? (await proof(told)), options);
  return Object.assign(config, { told });
}

/** An authorization request with everything that protects it, `more` changes it: where to go, and what to expect back. */
export async function asking(config, more = {}) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: config.told.redirect,
    scope: "openid profile",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    ...more,
  };
  if (parameters.max_age !== undefined) checks.maxAge = Number(parameters.max_age);
  return { parameters, checks };
}

/** The person goes there and comes back: with which address, and what the party expects of it. */
export async function arrive(config, person, more = {}, says = {}) {
  const { parameters, checks } = await asking(config, more);
  const back = await person.visit(client.buildAuthorizationUrl(config, parameters), says);
  return { back, checks };
}

/** A whole sign-in: the tokens. */
export async function signIn(config, person, more = {}, says = {}) {
  const { back, checks } = await arrive(config, person, more, says);
  return client.authorizationCodeGrant(config, back, checks);
}

/** What the party is told in the place of a code: the protocol's error, after every check of the answer. */
export async function refusal(config, person, more = {}, says = {}) {
  const { back, checks } = await arrive(config, person, more, says);
  try {
    await client.authorizationCodeGrant(config, back, checks);
  } catch (error) {
    if (error instanceof client.AuthorizationResponseError) return error.error;
    throw error;
  }
  throw new Error(`not refused: ${back}`);
}
