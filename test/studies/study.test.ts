import { describe, expect, it } from "vitest";
import {
  builtInStudies,
  defineStudy,
  expandStudy,
  methodKinds,
  methodLabel,
  parseStudy,
  type StudyInput,
  trialId,
  withStrengths,
} from "../../src/studies/index.ts";

const small: StudyInput = {
  name: "small",
  pairs: [{ source: { dataset: "cifar10" }, target: { dataset: "mnist" } }],
  model: "small-cnn",
  methods: ["jr", "blur"],
  strengths: { jr: [0.01, 0.1], blur: [3] },
  schedule: { epochs: 2, learningRate: 0.05 },
  seeds: 2,
};

describe("expandStudy", () => {
  it("is pairs x seeds x (vanilla + one trial a strength): 1 x 2 x (1 + 2 + 1) = 8", () => {
    const labels = expandStudy(defineStudy(small)).map(({ methods, seed }) => `${seed} ${methodLabel(methods)}`);
    expect(labels).toEqual([
      "0 vanilla",
      "0 jr 0.01",
      "0 jr 0.1",
      "0 blur 3",
      "1 vanilla",
      "1 jr 0.01",
      "1 jr 0.1",
      "1 blur 3",
    ]);
  });

  it("runs vanilla once when the methods axis names it too", () => {
    const study = defineStudy({ ...small, methods: ["vanilla", "blur"], strengths: { blur: [3] }, seeds: 1 });
    expect(expandStudy(study)).toHaveLength(2);
  });

  it("runs a setting once when it stands twice on an axis", () => {
    const study = defineStudy({ ...small, methods: ["blur"], strengths: { blur: [3, 3] }, seeds: [4, 4] });
    expect(expandStudy(study)).toHaveLength(2);
  });

  it("sweeps a kind's own strengths when the study names none", () => {
    const study = defineStudy({ ...small, methods: ["wd"], strengths: {}, seeds: 1 });
    expect(expandStudy(study).flatMap(({ methods }) => methods.map(({ strength }) => strength))).toEqual(
      methodKinds.wd.sweep,
    );
    expect(withStrengths(study).strengths).toEqual({ wd: methodKinds.wd.sweep });
  });

  it("hands a kind's options to its trials", () => {
    const study = defineStudy({ ...small, options: { jr: { projections: 3 } }, strengths: { jr: [1], blur: [3] } });
    expect(
      expandStudy(study)
        .slice(0, 3)
        .flatMap(({ methods }) => methods),
    ).toEqual([
      { kind: "jr", strength: 1, options: { projections: 3 } },
      { kind: "blur", strength: 3 },
    ]);
  });

  it("takes eps / 4 as the attack's step unless one is named", () => {
    const steps = [{}, { eps: 0.5 }, { eps: 0 }, { eps: 0.5, stepSize: 0.1 }].map(
      (attack) => expandStudy(defineStudy({ ...small, attack }))[0]?.attack.stepSize,
    );
    expect(steps).toEqual([0.0625, 0.125, 1, 0.1]);
  });

  it("gives the quickstart 1 pair x 2 seeds x (1 + 4 methods x 2 strengths) = 18 trials with 18 ids", () => {
    const ids = expandStudy(parseStudy("quickstart", builtInStudies.quickstart)).map(trialId);
    expect(new Set(ids).size).toBe(18);
  });

  it("gives the paper's pair 3 seeds x (1 + 4 methods x 4 strengths) = 51 trials", () => {
    expect(expandStudy(parseStudy("cifar10-svhn", builtInStudies["cifar10-svhn"]))).toHaveLength(51);
  });
});

describe("trialId", () => {
  it("is the first 16 hex digits of SHA-256 of the canonical JSON, worked outside with Python's json and hashlib", () => {
    const study = defineStudy({ ...small, attack: { examples: 100 }, methods: [], strengths: {}, seeds: [7] });
    const [trial] = expandStudy(study);
    expect(trial && trialId(trial)).toBe("48796aebe4fc6882");
  });

  it("does not change with the order of the study's members, its name or its description", () => {
    const reordered = Object.fromEntries(Object.entries(small).reverse()) as unknown as StudyInput;
    const renamed = { ...reordered, name: "other", description: "something else" };
    expect(expandStudy(defineStudy(renamed)).map(trialId)).toEqual(expandStudy(defineStudy(small)).map(trialId));
  });
});

describe("a study that is wrong is one sentence", () => {
  const knownMethods = Object.keys(methodKinds).join(", ");
  const cases: [name: string, change: object, sentence: string][] = [
    [
      "an unknown method",
      { methods: ["jt"], strengths: {} },
      `study "small": methods: expected one of ${knownMethods}, got "jt"; did you mean "jr"?`,
    ],
    [
      "a strength out of range",
      { methods: ["blur"], strengths: { blur: [4] } },
      'study "small": strengths.blur: expected an odd whole number from 1 to 63 (Gaussian blur: kernel width in pixels, odd), got 4',
    ],
    [
      "strengths of a method that is not run",
      { methods: ["jr"], strengths: { blr: [3] } },
      `study "small": strengths: expected one of ${knownMethods}, got "blr"; did you mean "blur"?`,
    ],
    [
      "an unknown key",
      { modle: "small-cnn" },
      'study "small": key: expected one of name, description, pairs, model, methods, strengths, options, schedule, attack, transfer, seeds, got "modle"; did you mean "model"?',
    ],
    [
      "an unknown key inside",
      { pairs: [{ source: { dataset: "cifar10", trian: 3 }, target: { dataset: "mnist" } }] },
      'study "small": pairs.0.source: key: expected one of dataset, train, validation, test, got "trian"; did you mean "train"?',
    ],
    [
      "a negative count",
      { schedule: { epochs: -1, learningRate: 1 } },
      'study "small": schedule.epochs: expected a number above 0, got -1',
    ],
    [
      "a missing member",
      { schedule: { epochs: 1 } },
      'study "small": schedule.learningRate: expected a number, got nothing',
    ],
    ["no seeds", { seeds: [] }, 'study "small": seeds: expected a list of at least 1, got []'],
    ["a half seed", { seeds: 1.5 }, 'study "small": seeds: expected a whole number or a list, got 1.5'],
    ["a wrong choice", { attack: { norm: "l3" } }, 'study "small": attack.norm: expected one of l2, linf, got "l3"'],
  ];
  it.each(cases)("%s", (_, change, sentence) => {
    expect(() => defineStudy({ ...small, ...change } as StudyInput)).toThrow(
      expect.objectContaining({ name: "InputError", message: sentence }),
    );
  });
});

describe("the registry of methods", () => {
  it.each(Object.entries(methodKinds))("%s: its sweep is in range and goes from weaker to stronger", (kind, entry) => {
    const sweep: readonly number[] = entry.sweep;
    expect([...sweep].sort((a, b) => a - b)).toEqual(sweep);
    expect(() => defineStudy({ ...small, methods: [kind], strengths: {} })).not.toThrow();
  });
});
