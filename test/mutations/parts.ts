/** Test files of one project of vitest.config.ts. */
interface Stage {
  readonly project: "all" | "onnxruntime" | "onednn" | "onednn on 3 threads";
  readonly tests: readonly string[];
}

/** A part of the program whose tests are themselves tested, and those tests, in the order in which they are run. */
interface Part {
  readonly sources: readonly string[];
  readonly without?: readonly string[];
  readonly stages: readonly Stage[];
}

const engineTests = (names: string) => `test/engine/{${names}}.test.ts`;
const onednnTests = (names: string) => `test/engine/onednn/{${names}}.test.ts`;
/** From the quick ones to the slow ones. */
const engineStages = [
  engineTests("compile,contractions,elementwise,indexing,movement,reductions,transforms"),
  engineTests("convolutions,windows,derivatives"),
  engineTests("image-chains,layers,optimizers"),
];

export const parts: Readonly<Record<string, Part>> = {
  attack: {
    // The threads, whose test is slow, hand examples to what is here.
    sources: ["src/attacks/*.ts", "src/attacks/health/*.ts"],
    without: ["src/attacks/victim-*.ts"],
    stages: [
      { project: "all", tests: ["test/attacks/{apgd,ball,fab,losses,neighbourhood,sheet,square,verdicts}.test.ts"] },
      { project: "all", tests: ["test/attacks/{divergence,pgd,searches}.test.ts"] },
      { project: "all", tests: ["test/attacks/health.test.ts", "test/training/adversarial.test.ts"] },
    ],
  },
  split: {
    sources: [
      "src/datasets/{splits,load,images,standard-size}.ts",
      "src/datasets/image-files/load-list.ts",
      "src/studies/trial-data.ts",
    ],
    stages: [
      {
        project: "all",
        tests: [
          "test/datasets/{splits,images,load,listed,image-folder,own,folders}.test.ts",
          "test/studies/trial-data.test.ts",
        ],
      },
    ],
  },
  store: {
    sources: ["src/store/*.ts"],
    stages: [
      { project: "all", tests: ["test/store/{frames,journal,lock,door}.test.ts"] },
      { project: "all", tests: ["test/store/{store,visitor}.test.ts"] },
      { project: "all", tests: ["test/store/recovery.test.ts"] },
      { project: "all", tests: ["test/store/processes.test.ts"] },
    ],
  },
  "lowering to ONNX": {
    sources: ["src/engine/lower*.ts"],
    stages: engineStages.map((tests) => ({ project: "onnxruntime", tests: [tests] })),
  },
  "lowering to oneDNN": {
    sources: ["src/engine/onednn/{lower*,convolution-*}.ts"],
    stages: [
      ...engineStages.map((tests) => ({ project: "onednn" as const, tests: [tests] })),
      { project: "onednn", tests: [onednnTests("bf16,choice,health,shares,winograd")] },
    ],
  },
  "oneDNN's loops": {
    sources: [
      "src/engine/onednn/{common-order,expressions,halves,inlining,loops,nest,schedule,split,views,wasm-*,write-loop}.ts",
    ],
    stages: [
      { project: "onednn", tests: [onednnTests("loops,schedule,views")] },
      ...engineStages.map((tests) => ({ project: "onednn" as const, tests: [tests] })),
      { project: "onednn", tests: ["test/engine/onednn/bf16.test.ts"] },
    ],
  },
  "oneDNN's memory and threads": {
    sources: ["src/engine/onednn/{executor,memories,planner,steps,tasks,team,team-member,workspace}.ts"],
    stages: [
      { project: "onednn", tests: [onednnTests("layouts,planner,shares,team,winograd")] },
      ...engineStages.map((tests) => ({ project: "onednn on 3 threads" as const, tests: [tests] })),
      { project: "onednn", tests: [onednnTests("bf16,exits,health")] },
    ],
  },
};
