import { render } from "preact";
import { App } from "./app.tsx";
import { loadCharting } from "./charts/charting.ts";
import { listenToKeys } from "./state/keys.ts";
import { hrefOf, listenToRoute, route } from "./state/route.ts";
import { readToken, report } from "./state/server.ts";
import { askHello, hello } from "./state/study.ts";
import "./state/theme.ts";

readToken();
listenToRoute();
listenToKeys();

const root = document.getElementById("app");
root?.replaceChildren(); // The word that it loads, which render would leave below the page.
if (root) render(<App />, root);
requestAnimationFrame(() => setTimeout(() => void loadCharting()));

// Where there is one study, it is what one came for.
await askHello();
const [only, ...others] = hello.value?.studies ?? [];
const running = hello.value?.studies.find((study) => study.running);
const first = running ?? (others.length === 0 ? only : undefined);
if (first && !report && route.value.study === undefined) location.replace(hrefOf(first.name, "study"));
