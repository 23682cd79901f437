import { describe, expect, it } from "vitest";
import {
  applyOverrides,
  defineStudy,
  expandStudy,
  methodKinds,
  methodLabel,
  trialId,
} from "../../src/studies/index.ts";

const study = defineStudy({
  name: "small",
  pairs: [{ source: { dataset: "cifar10" }, target: { dataset: "mnist" } }],
  model: "small-cnn",
  methods: ["jr", "blur"],
  strengths: { jr: [0.01, 0.1], blur: [3] },
  schedule: { epochs: 2, learningRate: 0.05 },
  seeds: 2,
});

describe("--set", () => {
  it("changes what it names and nothing else", () => {
    const changed = applyOverrides(study, ["source.train=5000", "epochs=3", "attack.eps=8/255", "target.test=all"]);
    expect(changed).toEqual({
      ...study,
      pairs: [{ source: { ...study.pairs[0]?.source, train: 5000 }, target: study.pairs[0]?.target }],
      schedule: { ...study.schedule, epochs: 3 },
      attack: { ...study.attack, eps: 8 / 255 },
    });
  });

  it("reads every kind of value", () => {
    const changed = applyOverrides(study, [
      "methods=wd, jr",
      "strengths.jr=0.01,1e-1",
      "batch=32",
      "learningRate=.1",
      "milestones=0.5",
      "model=cifar-cnn",
      "target.dataset=svhn",
      "transfer.protocol=full",
      "transfer.l2=0,1e-3",
      "attack.norm=linf",
      "attack.examples=all",
    ]);
    expect(changed.methods).toEqual(["wd", "jr"]);
    expect(changed.strengths).toEqual({ jr: [0.01, 0.1] });
    expect(changed.schedule).toMatchObject({ batch: 32, learningRate: 0.1, milestones: [0.5] });
    expect(changed.model).toBe("cifar-cnn");
    expect(changed.pairs[0]?.target.dataset).toBe("svhn");
    expect(changed.transfer).toEqual([{ protocol: "full", l2: [0, 0.001] }]);
    expect(changed.attack).toMatchObject({ norm: "linf", examples: null });
  });

  it("takes methods at once, and a kind's options", () => {
    const changed = applyOverrides(study, [
      "methods=jr+blur",
      "strengths.blur=3,5",
      "options.jr.projections=2",
      "options.blur.probability=1/2",
    ]);
    expect(expandStudy(changed).flatMap(({ methods, seed }) => (seed === 0 ? [methodLabel(methods)] : []))).toEqual([
      "vanilla",
      "jr 0.01 + blur 3",
      "jr 0.1 + blur 5",
    ]);
    expect(changed.options).toEqual({ jr: { projections: 2 }, blur: { probability: 0.5 } });
    expect(applyOverrides(study, ["methods=at", "options.at.randomStart=false"]).options).toEqual({
      at: { randomStart: false },
    });
  });

  it.each([
    ["seeds=1", [0]],
    ["seeds=3", [0, 1, 2]],
    ["seeds=0,4", [0, 4]],
    ["seeds=4,", [4]],
  ])("%s means the seeds %j", (setting, seeds) => {
    expect(applyOverrides(study, [setting]).seeds).toEqual(seeds);
  });

  it("takes a key of the schedule with its prefix too", () => {
    expect(applyOverrides(study, ["schedule.epochs=5"])).toEqual(applyOverrides(study, ["epochs=5"]));
  });

  it("changes the ids of the trials, and setting what is already so does not", () => {
    const ids = (settings: string[]) => expandStudy(applyOverrides(study, settings)).map(trialId);
    const before = expandStudy(study).map(trialId);
    expect(ids(["epochs=2"])).toEqual(before);
    expect(ids(["epochs=3"]).filter((id) => before.includes(id))).toEqual([]);
  });

  it("keeps the trials that a narrower study shares with the wider one", () => {
    const ids = expandStudy(study).map(trialId);
    const narrow = expandStudy(applyOverrides(study, ["methods=jr", "seeds=1"])).map(trialId);
    expect(narrow.every((id) => ids.includes(id))).toBe(true);
    expect(narrow).toHaveLength(3);
  });
});

describe("--set that is wrong is one sentence", () => {
  const knownMethods = Object.keys(methodKinds).join(", ");
  const knownKeys =
    "source.dataset, source.train, source.validation, source.test, target.dataset, target.train, target.validation, target.test, model, methods, seeds, precision, epochs, batch, learningRate, momentum, weightDecay, milestones, decay, attack.norm, attack.eps, attack.steps, attack.stepSize, attack.restarts, attack.examples, attack.health, attack.target, transfer.protocol, transfer.blocks, transfer.perClass, transfer.draws, transfer.l2, transfer.augment, strengths.<kind>, options.<kind>.<option>";
  const kinds = Object.keys(methodKinds).slice(1).join(", ");
  const cases: [setting: string, sentence: string][] = [
    ["epohcs=3", `--set: key: expected one of ${knownKeys}, got "epohcs"; did you mean "epochs"?`],
    ["attack.epsilon=1", `--set: key: expected one of ${knownKeys}, got "attack.epsilon"; did you mean "attack.eps"?`],
    ["strengths.blr=3", `--set strengths: kind: expected one of ${kinds}, got "blr"; did you mean "blur"?`],
    ["options.jrr.projections=3", `--set options: kind: expected one of ${kinds}, got "jrr"; did you mean "jr"?`],
    [
      "options.jr.projection=3",
      '--set options.jr: option: expected one of projections, got "projection"; did you mean "projections"?',
    ],
    ["options.at.randomStart=yes", '--set options.at.randomStart: expected true or false, got "yes"'],
    ["precision=fp16", '--set precision: expected one of float32, bf16, got "fp16"'],
    ["epochs", '--set: expected key=value such as epochs=3, got "epochs"'],
    ["=3", '--set: expected key=value such as epochs=3, got "=3"'],
    ["epochs=ten", '--set epochs: expected a whole number of at least 1, got "ten"'],
    ["epochs=0", '--set epochs: expected a whole number of at least 1, got "0"'],
    ["epochs=1.5", '--set epochs: expected a whole number of at least 1, got "1.5"'],
    ["epochs=", '--set epochs: expected a whole number of at least 1, got ""'],
    ["source.train=none", '--set source.train: expected a whole number of at least 1, or "all", got "none"'],
    ["learningRate=0", '--set learningRate: expected a number above 0, got "0"'],
    ["momentum=2", '--set momentum: expected a number from 0 to 1, got "2"'],
    ["attack.norm=l1", '--set attack.norm: expected one of l2, linf, got "l1"'],
    ["strengths.jr=weak", '--set strengths.jr: expected numbers such as 0.01,0.1, got "weak"'],
    [
      "seeds=-1",
      '--set seeds: expected a count such as 3 (seeds 0, 1, 2) or a list such as 0,4 (a list of one ends in a comma: 4,), got "-1"',
    ],
    [
      "methods=jr,blurr",
      `study "small" with --set methods=jr,blurr: methods: expected one of ${knownMethods}, got "blurr"; did you mean "blur"?`,
    ],
    [
      "strengths.jr=-1",
      'study "small" with --set strengths.jr=-1: strengths.jr: expected a number from 0 to 1000000 (Jacobian regularisation: lambda, the penalty\'s weight), got -1',
    ],
    [
      "strengths.wd=0.1",
      `study "small" with --set strengths.wd=0.1: strengths.wd: expected a kind among the study's methods (jr, blur), got one that is not run`,
    ],
  ];
  it.each(cases)("%s", (setting, sentence) => {
    expect(() => applyOverrides(study, [setting])).toThrow(
      expect.objectContaining({ name: "InputError", message: sentence }),
    );
  });

  it("refuses a key that is given twice", () => {
    expect(() => applyOverrides(study, ["epochs=1", "epochs=2"])).toThrow("--set epochs: expected once, got it twice");
  });
});
