import { InputError } from "../base/index.ts";
import { claimsTables, judge } from "../claims/index.ts";
import type { Row } from "../studies/index.ts";
import type { Claims } from "./api.ts";

/** The verdicts of `carryover claims` on these rows; a sentence where they cannot be judged. */
export function claimsOf(rows: readonly Row[]): Claims {
  try {
    const tables = claimsTables(judge(rows)).map(({ title, header, lines, notes }) => ({
      title,
      header: [...header],
      lines: lines.map((cells) => [...cells]),
      notes: [...notes],
    }));
    return { tables };
  } catch (error) {
    if (error instanceof InputError) return { tables: [], problem: error.message.replace(/^claims: /, "") };
    throw error;
  }
}
