import { zValidator } from "@hono/zod-validator";
import { z } from "zod";
import type { FigureFormat } from "../figures/index.ts";

/** What the addresses and bodies of requests hold. */

const name = (what: string, pattern: RegExp) =>
  z.string().regex(pattern, { error: ({ input }) => `expected ${what}, got "${input}"` });

export const exportFiles: Readonly<Record<string, { readonly format: FigureFormat; readonly type: string }>> = {
  "figure.svg": { format: "svg", type: "image/svg+xml" },
  "figure.png": { format: "png", type: "image/png" },
  "figure.vl.json": { format: "vl.json", type: "application/json" },
  "rows.csv": { format: "csv", type: "text/csv; charset=utf-8" },
  "table.md": { format: "md", type: "text/markdown; charset=utf-8" },
  "table.tex": { format: "tex", type: "application/x-tex; charset=utf-8" },
};

const studyName = z.object({
  study: name("the name of a study (small letters, digits and dashes)", /^[a-z0-9][a-z0-9-]{0,99}$/),
});
const trialName = studyName.extend({ trial: name("the id of a trial", /^[0-9a-f]{8,64}$/) });
const files = Object.keys(exportFiles);

/** Validators of parameters; a request that does not fit is told in one sentence. */
export const checked = {
  study: param(studyName),
  trial: param(trialName),
  picture: param(trialName.extend({ name: name("the name of a picture", /^[a-z-]{1,40}$/) })),
  file: param(
    studyName.extend({
      file: z.enum(files, { error: ({ input }) => `expected one of ${files.join(", ")}, got "${input}"` }),
    }),
  ),
  pausing: zValidator("json", z.strictObject({ paused: z.boolean() }), (result, c) =>
    result.success ? undefined : c.json({ error: 'expected {"paused": true} or {"paused": false}' }, 400),
  ),
};

function param<Shape extends z.ZodObject>(shape: Shape) {
  return zValidator("param", shape, (result, c) =>
    result.success ? undefined : c.json({ error: result.error.issues[0]?.message ?? "expected another address" }, 400),
  );
}
