import { describe, expect, it } from "vitest";
import { studentCdf, studentQuantile } from "../../src/base/index.ts";
import { contrastsOf, holm, seedsFor } from "../../src/claims/contrasts.ts";
import { familyOf } from "../../src/claims/family.ts";
import { claimsMarkdown, claimsPage, judge } from "../../src/claims/index.ts";
import { gap, slopeAdjusted } from "../../src/claims/transfer-quantities.ts";
import type { Row } from "../../src/studies/row.ts";
import type { Method } from "../../src/studies/trial.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";

const jr = (strength: number): Method[] => [{ kind: "jr", strength }];
/** A small wobble over seeds, the same for source and target halves but for its sign. */
const wobble = [0.004, -0.004, 0.002, -0.002, 0];

interface Place {
  readonly methods: Method[];
  readonly source: number;
  readonly robust: number;
  readonly target: number;
  readonly collapsed?: boolean;
}

const rowsAt = (places: readonly Place[], seeds: number): Row[] =>
  Array.from({ length: seeds }, (_, seed) =>
    places.map(({ methods, source, robust, target, collapsed }, i) => {
      const w = wobble[(seed + i) % wobble.length] as number;
      return rowOf(trialOf(methods, seed), { source: source - w, robust: robust + w, target: target + w, collapsed });
    }),
  ).flat();

const vanilla: Place = { methods: [], source: 0.6, robust: 0.4, target: 0.7 };
const rising: Place[] = [
  vanilla,
  { methods: jr(0.01), source: 0.58, robust: 0.35, target: 0.72 },
  { methods: jr(0.1), source: 0.55, robust: 0.3, target: 0.74 },
  { methods: jr(1), source: 0.5, robust: 0.25, target: 0.75 },
];
const verdict = (rows: readonly Row[], id: string) => judge(rows).verdicts.find((each) => each.id === id);

describe("Student's t, against scipy 1.10.1", () => {
  it.each([
    [1.5, 2, 0.8638034375544996],
    [2.5, 4, 0.966616727594006],
    [-0.7, 7, 0.2532587760977999],
  ])("cdf of %d with %d degrees", (t, degrees, p) => expect(studentCdf(t, degrees)).toBeCloseTo(p, 12));
  it.each([
    [0.975, 1, 12.706204736432095],
    [0.975, 3, 3.182446305284263],
    [0.995, 5, 4.032142983557536],
  ])("quantile %d with %d degrees", (p, degrees, t) => expect(studentQuantile(p, degrees)).toBeCloseTo(t, 9));
});

describe("the statistics behind a verdict", () => {
  it("Holm: the smallest p times their number, never decreasing", () =>
    expect(holm([0.04, 0.01, 0.03, 0.5])).toEqual([0.09, 0.04, 0.09, 0.5]));

  it("a contrast is the two-sample t test with pooled deviation, worked by hand", () => {
    // Gaps: vanilla 0.1, 0.2 (mean 0.15); jr 0.3, 0.5 (mean 0.4). Squares 0.005 + 0.02 over 2 degrees: s = 0.1118.
    const row = (methods: Method[], seed: number, target: number) =>
      rowOf(trialOf(methods, seed), { source: 0.4, robust: 0.3, target });
    const rows = [row([], 0, 0.5), row([], 1, 0.6), row(jr(1), 0, 0.7), row(jr(1), 1, 0.9)];
    const { deviation, degrees, all } = contrastsOf(familyOf(rows), gap.of);
    expect(degrees).toBe(2);
    expect(deviation).toBeCloseTo(Math.sqrt(0.0125), 12);
    expect(all[0]?.difference).toBeCloseTo(0.25, 12);
    // t = 0.25 / 0.1118 = sqrt 5; with 2 degrees two-sided p = 1 - t / sqrt(2 + t^2) = 1 - sqrt(5 / 7).
    expect(all[0]?.p).toBeCloseTo(1 - Math.sqrt(5 / 7), 10);
    expect((all[0]?.interval?.high ?? 0) - 0.25).toBeCloseTo(4.302652729911275 * Math.sqrt(0.0125), 9);
  });

  it("seedsFor is the first number of seeds at which t would be passed", () => {
    // One setting, difference = deviation: t needs sqrt(seeds / 2) > t_{0.975, 2 (seeds - 1)}: 2.236 < 2.306, 2.345 > 2.228... 10.
    const passes = (seeds: number) => Math.sqrt(seeds / 2) > studentQuantile(0.975, 2 * (seeds - 1));
    const found = seedsFor(1, 1, 1) ?? 0;
    expect(passes(found)).toBe(true);
    expect(passes(found - 1)).toBe(false);
    expect(seedsFor(0.001, 1, 1)).toBeUndefined();
  });

  it("slope-adjusted transfer has the slope within seeds", () => {
    const rows = [0, 1].flatMap((seed) =>
      [0.3, 0.4, 0.6].map((source, i) =>
        rowOf(trialOf(i === 0 ? [] : jr(i), seed), { source, robust: 0.2, target: 0.1 * seed + 0.25 * source + 0.2 }),
      ),
    );
    expect(slopeAdjusted(familyOf(rows)).beta).toBeCloseTo(0.25, 12);
  });
});

describe("verdicts", () => {
  it("a rising DT Acc with falling robustness: not necessary, stronger is better, robustness does not follow", () => {
    const rows = rowsAt(rising, 4);
    expect(verdict(rows, "not-necessary")?.ruling).toBe("supported");
    expect(verdict(rows, "stronger-is-better")?.ruling).toBe("supported");
    expect(verdict(rows, "jr-robustness")?.ruling).toBe("supported");
    // No setting is more robust, so nothing can show that robustness is not sufficient.
    expect(verdict(rows, "not-sufficient")).toMatchObject({ ruling: "undecided" });
  });
  it("the other way round everything is contradicted", () => {
    const places = rising.map((place, i) => ({
      ...place,
      target: 0.7 - 0.05 * i,
      source: 0.6,
      robust: 0.4 + 0.05 * i,
    }));
    const rows = rowsAt(places, 4);
    expect(verdict(rows, "stronger-is-better")?.ruling).toBe("contradicted");
    expect(verdict(rows, "jr-robustness")?.ruling).toBe("contradicted");
    expect(verdict(rows, "not-sufficient")?.ruling).toBe("supported");
  });
  it("robust and transferring together in every setting contradicts both counter-examples", () => {
    const rows = rowsAt(
      rising.map((place, i) => ({ ...place, robust: 0.4 + 0.05 * i })),
      4,
    );
    expect(verdict(rows, "not-necessary")?.ruling).toBe("contradicted");
    expect(verdict(rows, "not-sufficient")?.ruling).toBe("contradicted");
  });
  it("rotation without effect is supported when the intervals are narrow, and contradicted by an effect", () => {
    const rotated = (target: number): Place[] => [
      vanilla,
      { methods: [{ kind: "rotation", strength: 15 }], source: 0.6, robust: 0.4, target },
      { methods: [{ kind: "rotation", strength: 30 }], source: 0.6, robust: 0.4, target },
    ];
    expect(verdict(rowsAt(rotated(0.7), 5), "rotation-no-effect")?.ruling).toBe("supported");
    expect(verdict(rowsAt(rotated(0.8), 5), "rotation-no-effect")?.ruling).toBe("contradicted");
  });
  it("the order of the rows has no influence", () => {
    const rows = rowsAt(rising, 3);
    expect(JSON.stringify(judge(rows.toReversed()))).toBe(JSON.stringify(judge(rows)));
  });
});

describe("what cannot be judged", () => {
  it("one seed: nothing is decided, and it says what to add", () => {
    const { verdicts, warnings } = judge(rowsAt(rising, 1));
    expect(verdicts.every(({ ruling }) => ruling === "undecided")).toBe(true);
    expect(warnings).toContain(
      "one seed gives no interval and no test, so nothing can be decided; add seeds, as --set seeds=3",
    );
  });
  it("one strength: says which to add", () =>
    expect(judge(rowsAt(rising.slice(0, 2), 3)).warnings).toContainEqual(
      expect.stringContaining("--set strengths.jr="),
    ));
  it("collapsed trials are listed and in no verdict", () => {
    const places = [...rising, { methods: jr(10), source: 0.1, robust: 0.1, target: 0.9, collapsed: true }];
    const { warnings, dt, family } = judge(rowsAt(places, 3));
    expect(warnings).toContain(
      "collapsed (source accuracy at chance) and in no verdict: jr 10 at seed 0, jr 10 at seed 1, jr 10 at seed 2",
    );
    expect(family.collapsed).toHaveLength(3);
    expect(dt.all.map(({ setting }) => setting.label)).toEqual(["jr 0.01", "jr 0.1", "jr 1"]);
  });
  it("no vanilla: DT Acc is refused", () =>
    expect(() => judge(rowsAt(rising.slice(1), 2))).toThrow(/^claims: expected a vanilla trial .*, got none/));
  it("two pairs at once are refused, with their names", () => {
    const other = rowsAt(rising, 2).map((row) => ({
      ...row,
      trialId: `x${row.trialId}`,
      trial: { ...row.trial, target: { ...row.trial.target, dataset: "svhn" } },
    }));
    expect(() => judge([...rowsAt(rising, 2), ...other])).toThrow(
      /expected trials of one pair, model and protocol, got 2 kinds: .*mnist.*svhn/,
    );
  });
  it("no rows", () => expect(() => judge([])).toThrow("claims: expected at least one finished trial, got none"));
});

describe("what is written", () => {
  it("Markdown and HTML have each verdict, and HTML escapes", () => {
    const judgement = judge(rowsAt(rising, 3));
    const [markdown, html] = [claimsMarkdown(judgement, "a<b"), claimsPage(judgement, "a<b")];
    for (const { claim } of judgement.verdicts) expect(markdown).toContain(claim.replaceAll("|", "\\|"));
    expect(html).toContain('<td class="supported">supported</td>');
    expect(html).toContain("a&#60;b");
    expect(html).not.toContain("a<b");
  });
});
