import { describe, expect, it } from "vitest";
import { augmentations, checkStrength } from "../../src/augmentations/index.ts";
import { createModel, models } from "../../src/models/index.ts";
import {
  builtInStudies,
  defineStudy,
  expandStudy,
  methodKinds,
  methodLabel,
  parseStudy,
  type StudyInput,
  sourceStageId,
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

describe("protocols", () => {
  it.each([
    [{ protocol: "partial" }, "protocol partial: expected blocks, a whole number of at least 1"],
    [{ protocol: "few-shot", perClass: 5 }, "protocol few-shot: expected draws, a whole number of at least 1"],
    [{ blocks: 2 }, "blocks: expected protocol partial beside it, got frozen"],
    [{ protocol: "partial", blocks: 1, draws: 3 }, "draws: expected protocol few-shot beside it, got partial"],
  ] as const)("%j is refused", (transfer, sentence) => {
    expect(() => defineStudy({ ...small, transfer })).toThrow(`study "small": transfer: ${sentence}`);
  });

  it("hand their numbers to the trials", () => {
    const transfer = { protocol: "few-shot", perClass: 5, draws: 3 } as const;
    const [trial] = expandStudy(defineStudy({ ...small, transfer }));
    expect(trial?.transfer).toMatchObject(transfer);
  });
});

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

  it("sweeps kinds that are combined together, rank by rank, each with its own options", () => {
    const study = defineStudy({
      ...small,
      methods: ["blur", "jr+blur"],
      strengths: { jr: [0.01, 0.1], blur: [3, 5] },
      options: { blur: { probability: 0.5 } },
      seeds: 1,
    });
    const trials = expandStudy(study);
    const labels = trials.map(({ methods }) => methodLabel(methods));
    expect(labels).toEqual(["vanilla", "blur 3", "blur 5", "jr 0.01 + blur 3", "jr 0.1 + blur 5"]);
    expect(trials.at(-1)?.methods).toEqual([
      { kind: "jr", strength: 0.1 },
      { kind: "blur", strength: 5, options: { probability: 0.5 } },
    ]);
    expect(withStrengths(study).strengths).toEqual({ jr: [0.01, 0.1], blur: [3, 5] });
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

  it("gives the paper's pair 3 seeds x (1 + 20 methods x 4 strengths) = 243 trials", () => {
    expect(expandStudy(parseStudy("cifar10-svhn", builtInStudies["cifar10-svhn"]))).toHaveLength(243);
  });
});

describe("trialId", () => {
  it("is the first 16 hex digits of SHA-256 of the canonical JSON, worked outside with Python's json and hashlib", () => {
    const study = defineStudy({ ...small, attack: { examples: 100 }, methods: [], strengths: {}, seeds: [7] });
    const [trial] = expandStudy(study);
    expect(trial && trialId(trial)).toBe("1dd5b869d229b7bb");
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
      'study "small": strengths.blur: expected an odd whole number from 1 to 63 (Gaussian blur: kernel width in pixels), got 4',
    ],
    [
      "strengths of a method that is not run",
      { methods: ["jr"], strengths: { blr: [3] } },
      `study "small": strengths: expected one of ${knownMethods}, got "blr"; did you mean "blur"?`,
    ],
    [
      "an unknown key",
      { modle: "small-cnn" },
      'study "small": key: expected one of name, description, pairs, model, methods, strengths, options, schedule, attack, transfer, seeds, precision, got "modle"; did you mean "model"?',
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
    [
      "an unknown option",
      { options: { jr: { projection: 2 } } },
      'study "small": jr: option: expected one of projections, got "projection"; did you mean "projections"?',
    ],
    [
      "a probability outside [0, 1]",
      { options: { blur: { probability: 1.5 } } },
      'study "small": blur: options.probability: expected a number in [0, 1], got 1.5',
    ],
    [
      "a rescale that leaves less than 2 pixels of a 32 x 32 image is out of range",
      { methods: ["rescale"], strengths: { rescale: [20] } },
      'study "small": strengths.rescale: expected a number from 1 to 16 (rescale: factor by which the image is made smaller and then larger again), got 20',
    ],
    [
      "a constraint that would leave nothing",
      { methods: ["llot"], strengths: { llot: [0] } },
      'study "small": strengths.llot: expected a number above 0 and up to 1000000 (orthogonal last layer: scale, the length of the head\'s rows; smaller is stronger), got 0',
    ],
    [
      "two kinds that exclude each other",
      { methods: ["at+trades"], strengths: {} },
      'study "small": methods: at+trades: expected at most one kind of adversarial training, got at and trades',
    ],
    [
      "two kinds about the last layer",
      { methods: ["llr+blur+llot"], strengths: {} },
      'study "small": methods: llr+blur+llot: expected at most one kind of last-layer regularisation, got llr and llot',
    ],
    [
      "a kind twice at once",
      { methods: ["wd+wd"], strengths: {} },
      'study "small": methods: wd+wd: expected each kind once, got wd twice',
    ],
    [
      "vanilla with something",
      { methods: ["vanilla+jr"], strengths: {} },
      'study "small": methods: vanilla+jr: expected methods to combine, got vanilla, which adds nothing',
    ],
    [
      "an unknown kind in a combination",
      { methods: ["jr+blurr"], strengths: {} },
      `study "small": methods: expected one of ${knownMethods}, got "blurr"; did you mean "blur"?`,
    ],
    [
      "a combination of axes of different lengths",
      { methods: ["jr+blur"] },
      'study "small": methods: jr+blur: expected as many strengths of each, which are swept together, got 2 of jr and 1 of blur',
    ],
    [
      "a strength for vanilla",
      { methods: ["vanilla"], strengths: { vanilla: [0] } },
      'study "small": strengths.vanilla: expected none for vanilla, got 0',
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
    expect([...sweep].sort((a, b) => (entry.stronger === "larger" ? a - b : b - a))).toEqual(sweep);
    expect(() => defineStudy({ ...small, methods: [kind], strengths: {} })).not.toThrow();
  });
});

describe("the registry of augmentations", () => {
  it.each(Object.keys(augmentations))("%s: what its range allows, images of every model bear", (kind) => {
    const { min, max } = methodKinds[kind as keyof typeof methodKinds].range;
    for (const name of Object.keys(models)) {
      const [, height, width] = createModel(name).inputShape;
      for (const strength of [min, max])
        expect(() => checkStrength(kind, strength, { height, width }), `${strength} at ${height}`).not.toThrow();
    }
  });
});

describe("precision", () => {
  const idsOf = (change: Partial<StudyInput>) => expandStudy(defineStudy({ ...small, ...change })).map(trialId);

  it("float32 names the trials that leaving it out names; bf16 names others, with source models of their own", () => {
    expect(idsOf({ precision: "float32" })).toEqual(idsOf({}));
    const others = new Set(idsOf({ precision: "bf16" }));
    expect(idsOf({}).filter((id) => others.has(id))).toEqual([]);
    const [plain] = expandStudy(defineStudy(small));
    const [rounded] = expandStudy(defineStudy({ ...small, precision: "bf16" }));
    if (!plain || !rounded) throw new Error("no trials");
    expect(rounded).toEqual({ ...plain, precision: "bf16" });
    expect(sourceStageId(rounded)).not.toBe(sourceStageId(plain));
  });

  it("an unknown one lists the known ones", () => {
    expect(() => defineStudy({ ...small, precision: "fp16" as "bf16" })).toThrow(/precision.*float32.*bf16.*fp16/);
  });
});
