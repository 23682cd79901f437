import type { ReportData } from "../../server/api.ts";
import { takeToken } from "./route.ts";

/** What a report carries inside; undefined where there is a server. */
export const report: ReportData | undefined = readReport();

function readReport(): ReportData | undefined {
  const element = document.getElementById("report");
  return element ? (JSON.parse(element.textContent ?? "") as ReportData) : undefined;
}

const tokenKey = "carryover-token";
let token: string | undefined;

/** The run's token comes with the printed address and is kept for this tab. */
export function readToken(): void {
  const given = takeToken();
  if (report) return;
  if (given) sessionStorage.setItem(tokenKey, given);
  token = sessionStorage.getItem(tokenKey) ?? undefined;
}

export class ServerError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Asks the server; a refusal is a ServerError with the server's own sentence. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(path, { ...init, headers });
  if (response.ok) return response;
  const body = await response.text();
  throw new ServerError(response.status, messageOf(body) ?? `the server answered ${response.status}`);
}

export async function askJson<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await ask(path, init)).json()) as T;
}

export async function post<T>(path: string, body?: unknown): Promise<T> {
  return askJson(path, {
    method: "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
}

function messageOf(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === "string" ? error : undefined;
  } catch {
    return body.length > 0 && body.length < 200 ? body : undefined;
  }
}

/** Keeps bytes as a file. */
export function saveFile(name: string, content: Blob | string, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const url = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * The events of a stream, until it ends. EventSource would do the same but cannot bring the token along.
 */
export async function* serverEvents(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent, void> {
  const { body } = await ask(path, { signal });
  // Not `for await`: Safari's streams cannot be iterated.
  const reader = body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  let waiting = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      waiting += decoder.decode(value, { stream: true });
      const blocks = waiting.split("\n\n");
      waiting = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) yield { event, data };
      }
    }
  } finally {
    // One that has ended, or failed, needs no leaving.
    await reader.cancel().catch(() => {});
  }
}
