import { z } from "zod";
import { intervalSchema } from "./api-figure.ts";

/** What the server says of the paper's claims, and of how quantities go with the strengths of methods. */

/** How a method's strength ranks a quantity, within one setting: the trend that the claims are judged by. */
const rankingSchema = z.object({
  setting: z.number(),
  family: z.string(),
  quantity: z.string(),
  /** The mean over seeds of Spearman's rho between strength, vanilla being the weakest, and the quantity. */
  rho: z.number(),
  /** Of Page's test of a trend, two-sided, Holm's over the methods. */
  p: z.number(),
  /** Bootstrap over seeds, and test examples where the claims say how they vary, at 95 %; left out where it has no width, but about 1 and -1. */
  interval: intervalSchema.optional(),
  seeds: z.number(),
  /** Vanilla among them. */
  levels: z.number(),
  /** Trials of the method, and vanilla ones, that are left out since their source model collapsed. */
  collapsed: z.number(),
});

/** Verdicts on the paper's claims as tables, or why there are none. */
export const claimsSchema = z.object({
  tables: z.array(
    z.object({
      title: z.string(),
      header: z.array(z.string()),
      lines: z.array(z.array(z.string())),
      notes: z.array(z.string()),
    }),
  ),
  problem: z.string().optional(),
  rankings: z.array(rankingSchema),
});

export type Claims = z.infer<typeof claimsSchema>;
export type Ranking = z.infer<typeof rankingSchema>;
