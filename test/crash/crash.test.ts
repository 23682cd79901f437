import { appendFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { havePostgres } from "../store/postgres.ts";
import { type Campaign, embeddedCampaign, serverCampaign } from "./campaign.ts";
import { drain } from "./drain.ts";

/**
 * Short here; `npm run test:crash` makes a campaign of it, whose figures are in docs/reliability.md. CARRYOVER_KILLS says
 * how many kills of each kind it has, CARRYOVER_SEED which moments they fall on, and CARRYOVER_FIGURES names a file to
 * which what was found is added after every study.
 */
const long = process.env.CARRYOVER_CAMPAIGN === "long";
const seed = Number(process.env.CARRYOVER_SEED ?? 1);
const wanted = Number(process.env.CARRYOVER_KILLS ?? 120);
const hours = 3_600_000;

function told<Found extends object>(what: string, found: Found): Found {
  const line = `${JSON.stringify({ what, ...found })}\n`;
  if (long) process.stdout.write(line);
  if (process.env.CARRYOVER_FIGURES) appendFileSync(process.env.CARRYOVER_FIGURES, line);
  return found;
}

function expectNothingLost(found: Campaign, kills: number): void {
  expect(found).toMatchObject({ acknowledgedEpochsLost: 0, duplicateRows: 0, missingRows: 0, otherDigests: 0 });
  expect(found.kills).toBeGreaterThanOrEqual(kills);
  expect(found.rows).toBeGreaterThan(0);
}

describe("a study that is killed at random moments ends as if it had not been", () => {
  test(
    "on the embedded database",
    async () => {
      const kills = long ? wanted : 4;
      const see = (found: Campaign) => told("embedded", found);
      expectNothingLost(await embeddedCampaign(kills, { seed, see }), kills);
    },
    hours,
  );

  test.skipIf(!havePostgres("kills of workers on PostgreSQL"))(
    "on PostgreSQL, with workers that come and go",
    async () => {
      const kills = long ? wanted : 3;
      const see = (found: Campaign) => told("postgresql", found);
      const small = long ? {} : { workers: 2, seeds: 2 };
      expectNothingLost(await serverCampaign(kills, { seed: seed + 1, see, ...small }), kills);
    },
    hours,
  );
});

describe.skipIf(!havePostgres("workers on PostgreSQL"))("eight workers on PostgreSQL", () => {
  test(
    "run a thousand trials, a tenth of which kill their process, and record each once",
    async () => {
      const [trials, workers] = long ? [1000, 8] : [100, 3];
      const deaths = trials / 10;
      const found = told("drain", await drain({ trials, workers, deaths }));
      expect(found).toMatchObject({ rows: trials, duplicateRows: 0 });
    },
    hours,
  );
});
