import { describe, expect, it } from "vitest";
import { studentCdf, studentQuantile } from "../../src/base/index.ts";
import { type Contrast, contrastsOf, holm, seedsFor, surelyBelow } from "../../src/claims/contrasts.ts";
import { familyOf } from "../../src/claims/family.ts";
import { claimsMarkdown, claimsPage, judge } from "../../src/claims/index.ts";
import { gap, robustness, slopeAdjusted } from "../../src/claims/transfer-quantities.ts";
import { trendsOf } from "../../src/claims/trends.ts";
import { twoWayFit } from "../../src/claims/two-way-fit.ts";
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

  it("a contrast of two settings is the paired t test, worked by hand", () => {
    // Gaps: vanilla 0.1, 0.2; jr 0.3, 0.5: differences 0.2, 0.3 of mean 0.25. Each residual is 0.025 or its opposite, so
    // the squares are 0.0025 over (2 - 1) (2 - 1) degrees: s = 0.05, and the standard error is 0.05 sqrt(2 / 2).
    const row = (methods: Method[], seed: number, target: number) =>
      rowOf(trialOf(methods, seed), { source: 0.4, robust: 0.3, target });
    const rows = [row([], 0, 0.5), row([], 1, 0.6), row(jr(1), 0, 0.7), row(jr(1), 1, 0.9)];
    const { deviation, degrees, all } = contrastsOf(familyOf(rows), gap.of);
    expect(degrees).toBe(1);
    expect(deviation).toBeCloseTo(0.05, 12);
    expect(all[0]?.difference).toBeCloseTo(0.25, 12);
    // t = 5; with 1 degree (Cauchy) two-sided p = 1 - 2 atan(5) / pi.
    expect(all[0]?.p).toBeCloseTo(1 - (2 * Math.atan(5)) / Math.PI, 10);
    expect((all[0]?.interval?.high ?? 0) - 0.25).toBeCloseTo(12.706204736432095 * 0.05, 9);
  });

  it("what all trials of a seed share is no noise: adding it moves no difference and no deviation", () => {
    const rows = rowsAt(rising, 3);
    const shifted = rows.map((row) => {
      const value = row.target.accuracy.value - 0.1 * row.trial.seed;
      return { ...row, target: { ...row.target, accuracy: { ...row.target.accuracy, value } } };
    });
    const [plain, moved] = [rows, shifted].map((each) => contrastsOf(familyOf(each), gap.of));
    expect(plain?.degrees).toBe((4 - 1) * (3 - 1));
    expect(moved?.deviation).toBeCloseTo(plain?.deviation ?? 0, 12);
    for (const [i, { difference }] of (moved?.all ?? []).entries())
      expect(difference).toBeCloseTo(plain?.all[i]?.difference ?? 0, 12);
  });

  it("with trials missing it is least squares of setting + seed (numpy's lstsq and inv on the design matrix)", () => {
    const values = [
      [0.1, 0.22, 0.15],
      [0.31, 0.4, undefined],
      [undefined, 0.28, 0.17],
      [undefined, undefined, 0.45],
    ];
    const cells = values.flatMap((of, setting) =>
      of.flatMap((value, seed) => (value === undefined ? [] : [{ setting, seed, value }])),
    );
    const { differences, deviation, degrees } = twoWayFit(cells);
    expect(degrees).toBe(2);
    expect(deviation).toBeCloseTo(0.02033060090930254, 12);
    const expected = [
      [0.18866666666666637, 0.9660917830792959],
      [0.04533333333333313, 0.9660917830792959],
      [0.3126666666666666, 1.3165611772087666],
    ] as const;
    for (const [i, [difference, leverage]] of expected.entries()) {
      expect(differences[i]?.difference).toBeCloseTo(difference, 12);
      expect(differences[i]?.leverage).toBeCloseTo(leverage, 12);
    }
  });

  it("a setting that no seed joins to vanilla has no difference from it, and a warning says so", () => {
    const row = (methods: Method[], seed: number) =>
      rowOf(trialOf(methods, seed), { source: 0.4, robust: 0.3, target: 0.5 + 0.1 * seed });
    const rows = [row([], 0), row(jr(1), 0), row(jr(2), 1), row(jr(3), 1)];
    const { dt, warnings } = judge(rows);
    expect(dt.all.map(({ setting }) => setting.label)).toEqual(["jr 1"]);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^no seed joins these to vanilla, so they have no difference from it: jr 2, jr 3;/),
    );
  });

  it("surely below: one candidate needs p < 0.05, one of ten p < 0.005", () => {
    const at = (difference: number) => ({ difference, standardError: 1 }) as Contrast;
    const many = { degrees: 1e6 };
    const below = (...differences: number[]) =>
      surelyBelow(0, differences.map(at), many).map(({ difference }) => difference);
    // Two-sided normal p: 0.036 of 2.1, 0.0019 of 3.1.
    expect(below(-2.1)).toEqual([-2.1]);
    expect(below(2.1)).toEqual([]);
    const others = Array<number>(9).fill(0);
    expect(below(-2.1, ...others)).toEqual([]);
    expect(below(-3.1, ...others)).toEqual([-3.1]);
    expect(surelyBelow(1, [at(-1.1)], many)).toHaveLength(1);
  });

  it("a trend's interval is of the correlation that was seen, also where values are equal", () => {
    const row = (methods: Method[], seed: number, robust: number) =>
      rowOf(trialOf(methods, seed), { source: 0.4, robust, target: 0.5 });
    // An accuracy of 0 has no sampling error, so the ties stay: -sqrt 0.6 at seed 0, -sqrt 0.1 at seed 1 (as scipy has them).
    const rows = [
      ...[0.4, 0, 0, 0].map((robust, i) => row(i === 0 ? [] : jr(i), 0, robust)),
      ...[0.4, 0, 0, 0.1].map((robust, i) => row(i === 0 ? [] : jr(i), 1, robust)),
    ];
    const [trend] = trendsOf(familyOf(rows), ["jr"], robustness);
    expect(trend?.rho).toBeCloseTo(-(Math.sqrt(0.6) + Math.sqrt(0.1)) / 2, 12);
    expect(trend?.interval?.low).toBeCloseTo(-Math.sqrt(0.6), 12);
    expect(trend?.interval?.high).toBeCloseTo(-Math.sqrt(0.1), 12);
  });

  it("seedsFor is the first number of seeds at which t would be passed", () => {
    // One setting, difference = deviation: the paired t needs sqrt(seeds / 2) > t_{0.975, seeds - 1}.
    const passes = (seeds: number) => Math.sqrt(seeds / 2) > studentQuantile(0.975, seeds - 1);
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
  it("the witness that gains most on the target itself is told first", () => {
    // Both have 10 points more DT Acc and 10 less robust accuracy; only the second gains them on the target.
    const rows = rowsAt(
      [
        vanilla,
        { methods: jr(1), source: 0.5, robust: 0.3, target: 0.7 },
        { methods: jr(2), source: 0.6, robust: 0.3, target: 0.8 },
      ],
      4,
    );
    const told = verdict(rows, "not-necessary")?.evidence ?? [];
    expect(told.map((sentence) => sentence.slice(0, 5))).toEqual(["2 of ", "jr 2:", "jr 1:"]);
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
  it("a predictor that does not vary ranks nothing: it stands last, with a dash, and is not named the best", () => {
    const rows = rowsAt(rising, 2).map((row) => ({
      ...row,
      robust: { ...row.robust, accuracy: { ...row.robust.accuracy, value: 0 } },
    }));
    const judgement = judge(rows);
    expect(judgement.predictors.map(({ name, tau }) => [name, tau])).toEqual([
      ["clean", -1],
      ["robust", undefined],
    ]);
    const markdown = claimsMarkdown(judgement, "study");
    expect(markdown).toContain("| robust accuracy | – | – |");
    expect(markdown).not.toContain("NaN");
    expect(markdown).not.toContain("ranks DT Acc best");
  });
  it("Markdown and HTML have each verdict, and HTML escapes", () => {
    const judgement = judge(rowsAt(rising, 3));
    const [markdown, html] = [claimsMarkdown(judgement, "a<b"), claimsPage(judgement, "a<b")];
    for (const { claim } of judgement.verdicts) expect(markdown).toContain(claim.replaceAll("|", "\\|"));
    expect(html).toContain('<td class="supported">supported</td>');
    expect(html).toContain("a&#60;b");
    expect(html).not.toContain("a<b");
  });
});
