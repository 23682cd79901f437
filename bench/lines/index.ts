import { jacobianCodePenalty, jacobianPenalty } from "../../src/regularizers/index.ts";
import { jacobianStepFlops, stepFlops } from "../flops.ts";
import { attackLine } from "./attack.ts";
import { bf16Ceilings, convolutionCeiling, sgemmCeiling } from "./ceilings.ts";
import { evaluationLine } from "./evaluation.ts";
import type { Line } from "./line.ts";
import { studyLine } from "./study.ts";
import { trainingLine } from "./training.ts";
import { transferLine } from "./transfer.ts";

export { convolutionCeiling, sgemmCeiling } from "./ceilings.ts";
export type { Line, Outcome, Pace, Parts, Settings, Work } from "./line.ts";

const cnn = { model: "cifar-cnn", batch: 128, learningRate: 0.01 };
const resnet = { model: "resnet18", batch: 64, learningRate: 0.1 };

const cnnStep = trainingLine({
  ...cnn,
  name: "cnn-step",
  title: "CIFAR-CNN train step, batch 128",
  flops: stepFlops(cnn.model, cnn.batch),
});

const inOrder: readonly Line[] = [
  evaluationLine({ ...cnn, name: "cnn-forward", title: "CIFAR-CNN evaluation, batch 128" }),
  cnnStep,
  trainingLine({
    ...cnn,
    name: "cnn-jr-step",
    title: "CIFAR-CNN train step with JR, one projection, batch 128",
    flops: jacobianStepFlops(cnn.model, cnn.batch),
    penalty: jacobianPenalty(0.01),
  }),
  trainingLine({
    ...cnn,
    name: "paper-jr-step",
    title: "CIFAR-CNN train step with the released code's JR, batch 128",
    flops: jacobianStepFlops(cnn.model, cnn.batch),
    penalty: jacobianCodePenalty(100),
  }),
  attackLine,
  evaluationLine({ ...resnet, name: "resnet18-forward", title: "ResNet-18 evaluation, batch 64" }),
  evaluationLine({
    ...resnet,
    model: "resnet18-64",
    name: "resnet18-64-forward",
    title: "ResNet-18 evaluation of 64 x 64 images, ImageNet's stem, batch 64",
  }),
  trainingLine({
    ...resnet,
    name: "resnet18-step",
    title: "ResNet-18 train step, batch 64",
    flops: stepFlops(resnet.model, resnet.batch),
  }),
  trainingLine({
    ...resnet,
    // At the plain step's rate it diverges within five steps.
    learningRate: 0.001,
    name: "resnet18-jr-step",
    title: "ResNet-18 train step with JR, one projection, batch 64",
    flops: jacobianStepFlops(resnet.model, resnet.batch),
    penalty: jacobianPenalty(0.01),
    note: "compileMs is the first step's time less the second's.",
  }),
  ...[
    { ...cnn, name: "cnn-step-bf16", title: "CIFAR-CNN train step in bf16, batch 128" },
    { ...resnet, name: "resnet18-step-bf16", title: "ResNet-18 train step in bf16, batch 64" },
  ].map((line) =>
    trainingLine({
      ...line,
      precision: "bf16",
      note: "PyTorch as it comes computes in float32, PyTorch tuned under bf16 autocast.",
    }),
  ),
  transferLine,
  studyLine,
  {
    ...cnnStep,
    kind: "scaling",
    name: "workers-scaling",
    title: "CIFAR-CNN train steps: two one-thread processes against one",
    note: "ratio is the throughput of two processes divided by that of one; times are milliseconds a step of both together.",
    flops: undefined,
  },
  sgemmCeiling,
  convolutionCeiling,
  ...bf16Ceilings,
];

/** Every line of the benchmark by name, in the order in which they are run. */
export const lines: Readonly<Record<string, Line>> = Object.fromEntries(inOrder.map((line) => [line.name, line]));
