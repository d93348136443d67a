// Puts what pages load into build/: the packages' own files, so that nothing third-party stands in the repository.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const packages = new URL("node_modules/", import.meta.url);
const build = new URL("build/", import.meta.url);
rmSync(build, { recursive: true, force: true });
mkdirSync(new URL("fonts/", build), { recursive: true });

// The components come first: their file begins with the order of the layers, which the theme then fills.
const css = ["dist/src/index.css", "dist/theme/designsystemet.css"];
const source = css.map((file) => readFileSync(new URL(`@digdir/designsystemet-css/${file}`, packages), "utf8"));
const licence = readFileSync(new URL("@digdir/designsystemet-css/LICENSE", packages), "utf8").trim();
writeFileSync(new URL("designsystemet.css", build), `/*! Designsystemet\n${licence}\n*/\n${source.join("\n")}`);

const fonts = { "be-vietnam-pro": ["latin", "vietnamese"], "ibm-plex-sans-arabic": ["arabic", "latin"] };
for (const [font, subsets] of Object.entries(fonts)) {
  const files = new URL(`@fontsource/${font}/`, packages);
  copyFileSync(new URL("LICENSE", files), new URL(`fonts/${font}-LICENSE.txt`, build));
  for (const subset of subsets) {
    for (const weight of [400, 600]) {
      const name = `${font}-${subset}-${weight}-normal.woff2`;
      copyFileSync(new URL(`files/${name}`, files), new URL(`fonts/${name}`, build));
    }
  }
}
