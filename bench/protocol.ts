import { z } from "zod";
import type { Settings } from "./lines/index.ts";

/** What a side is asked, one JSON object a line on its stdin. It answers each with one line on stdout, in order. */
export type Request =
  | { readonly do: "about" }
  /** Makes a line's work ready; `layout` is one of those that `choose` named, or none for PyTorch as it comes. */
  | ({ readonly do: "prepare"; readonly layout?: string } & WorkRequest)
  /** Which way of laying out tensors is the fastest for a line; PyTorch's side only. */
  | ({ readonly do: "choose" } & WorkRequest)
  | { readonly do: "repeat"; readonly times: number }
  | { readonly do: "peak" };

export interface WorkRequest {
  readonly line: string;
  readonly settings: Settings;
  readonly threads: number;
  /** A safetensors file with what the PyTorch side starts from. */
  readonly inputs: string;
  /** For files of the sides' own; it is removed after the run. */
  readonly folder: string;
}

const outcome = z.object({
  ms: z.number(),
  value: z.number().nullish(),
  parts: z.record(z.string(), z.number()).nullish(),
});

/** The answers, by what was asked. */
export const answers = {
  about: z.object({ versions: z.record(z.string(), z.string()) }),
  prepare: z.object({}),
  choose: z.object({ layout: z.string() }),
  repeat: z.object({ units: z.array(outcome) }),
  peak: z.object({ peakMb: z.number() }),
} as const;

export type Answer<Asked extends Request["do"]> = z.infer<(typeof answers)[Asked]>;

/** One unit as it was measured. */
export type Unit = z.infer<typeof outcome>;

/** What a side says instead of an answer when it failed. */
export const failure = z.object({ error: z.string() });
