import { computed, signal } from "@preact/signals";

/**
 * Where the page is: "#/quickstart/runs?filter=method%3Ajr". It stands behind the #, so that a link leads to the same
 * view also in a report that is opened as a file.
 */
export interface Route {
  readonly study: string | undefined;
  readonly view: ViewName;
  /** The trial, in the view of one. */
  readonly trial: string | undefined;
  readonly query: URLSearchParams;
}

export const viewNames = ["study", "runs", "queue", "trial", "compare", "studies"] as const;
export type ViewName = (typeof viewNames)[number];

const hash = signal(location.hash);

export const route = computed((): Route => {
  const [path = "", query = ""] = hash.value.replace(/^#/, "").split("?");
  const [study, view, trial] = path.split("/").filter(Boolean).map(decoded);
  const known = viewNames.find((name) => name === view);
  return {
    study,
    view: study === undefined ? "studies" : (known ?? "study"),
    trial: known === "trial" ? trial : undefined,
    query: new URLSearchParams(query),
  };
});

/** A part of the address; as it stands where a "%" in it is none of an encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The link of a view. */
export function hrefOf(
  study: string,
  view: ViewName,
  { trial, query }: { trial?: string; query?: URLSearchParams } = {},
) {
  const text = query?.toString() ?? "";
  return `#/${[study, view, ...(trial ? [trial] : [])].map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function go(href: string): void {
  location.hash = href;
}

/** A value of the view's query; setting it leaves the history as it is, so that "back" leaves the view. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { query } = route.value;
  for (const [name, value] of Object.entries(changes))
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  const [path] = hash.value.split("?");
  const text = query.toString();
  const next = `${path || "#/"}${text ? `?${text}` : ""}`;
  history.replaceState(null, "", next);
  hash.value = next;
}

export const param = (name: string): string | undefined => route.value.query.get(name) ?? undefined;

export function listenToRoute(): void {
  addEventListener("hashchange", () => {
    hash.value = location.hash;
    document.querySelector("main")?.scrollTo({ top: 0 });
  });
}

/** Takes the token out of the address, where it would be copied along with a link. */
export function takeToken(): string | undefined {
  const found = /[#&?]token=([\w-]+)/.exec(location.hash);
  if (!found) return undefined;
  const rest = location.hash.replace(/[#&?]token=[\w-]+/, "");
  history.replaceState(null, "", rest || "#/");
  hash.value = rest;
  return found[1];
}
