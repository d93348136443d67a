// The keys turn while everything runs: parties that knew the keys before, and those that did not, go on without a fault.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import * as client from "openid-client";
import { ISSUER, SITE, party, signIn, someone } from "./party.mjs";

describe("keys that turn", { concurrency: true }, () => {
  for (const name of ["basic", "rsa"]) {
    test(`${SITE.parties[name].algorithm}: the next key is published before it signs, the last one after`, async () => {
      const [config, person] = [await party(name), someone("keys")];
      const address = new URL(config.serverMetadata().jwks_uri);
      const { keys } = await (await fetch(address)).json();
      const before = await signIn(config, person);
      const old = decodeProtectedHeader(before.id_token).kid;
      assert.ok(keys.some((key) => key.kid === old));
      assert.ok(!keys.some((key) => "d" in key));

      const late = await party(name); // has read its keys when only the old one was there, and long ago
      const uat = Math.floor(Date.now() / 1000) - 120;
      client.setJwksCache(late, { jwks: { keys: keys.filter((key) => key.kid === old) }, uat });

      let after = before;
      for (const until = Date.now() + 30_000; decodeProtectedHeader(after.id_token).kid === old; ) {
        assert.ok(Date.now() < until, "the keys did not turn");
        await new Promise((resolve) => setTimeout(resolve, 500));
        after = await signIn(config, person);
      }
      assert.ok(keys.some((key) => key.kid === decodeProtectedHeader(after.id_token).kid), "published ahead");
      assert.equal((await signIn(late, person)).claims().sub, before.claims().sub);
      const found = createRemoteJWKSet(address);
      for (const { id_token: token } of [before, after]) {
        const expected = { issuer: ISSUER, audience: config.told.id, algorithms: [config.told.algorithm] };
        assert.ok((await jwtVerify(token, found, expected)).payload.sub);
      }
    });
  }
});
