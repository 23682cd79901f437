import { type MethodKind, xu2022 } from "./method-kind.ts";
import { hexagon } from "./shapes.ts";

const weight = { min: 0, max: 1e6 };
const jacobian = "Jacobian regularisation";
const lastLayer = "last-layer regularisation";

/** Kinds that add a term to the loss, set the weight decay or constrain the head; src/regularizers has them. */
export const penaltyMethods = {
  jr: {
    label: "Jacobian regularisation",
    adds: "penalty",
    unit: "lambda, the penalty's weight",
    range: weight,
    stronger: "larger",
    sweep: [0.001, 0.01, 0.1, 1],
    options: {
      projections: {
        type: "number",
        default: 1,
        what: "random projections an example and step; -1 for the exact norm, one backward pass a feature",
      },
    },
    formula: "L + lambda * mean over the batch of ||J_f(x)||_F^2, estimated with random unit projections",
    remarks:
      "J_f is the features' Jacobian for pixels in [0, 1]. Hoffman et al. take the logits' and a factor 1/2. The " +
      "paper's released code has another form, jr-code.",
    citation: `Hoffman, Roberts and Yaida, arXiv 1908.02729; ${xu2022}`,
    regulariser: true,
    group: jacobian,
    look: { legend: "Jacobian reg.", short: "JR", colour: "#0072B2", shape: "square" },
  },
  "jr-code": {
    label: "Jacobian regularisation, the released code's form",
    adds: "penalty",
    unit: "lambda, the penalty's weight at the code's batch size of 128",
    range: weight,
    stronger: "larger",
    sweep: [3, 10, 30, 100],
    options: {},
    formula: "L + lambda / 128 * mean over the batch of || d/dx ||f(x)||_2 ||_2",
    remarks:
      "One direction of the Jacobian, unsquared. The released code writes lambda * mean_b || d/dx_b mean_b' ||f(x_b')|| ||, " +
      "where the inner mean makes each gradient 1/B of what it looks like: its lambda = 100 acts as 0.78 at B = 128, and as " +
      "half of that at B = 256. Here 1/B is fixed at 1/128, so that a strength equals the code's at its own batch size and " +
      "means the same at every other.",
    citation: `the released code of ${xu2022} (train_reg.py)`,
    regulariser: true,
    group: jacobian,
    look: { legend: "Jacobian reg. (code)", short: "JR-code", colour: "#8C83DB", shape: "triangle-right" },
  },
  "input-gradient": {
    label: "input-gradient penalty",
    adds: "penalty",
    unit: "lambda, the penalty's weight",
    range: weight,
    stronger: "larger",
    sweep: [0.1, 0.3, 1, 3],
    options: {},
    formula: "L + lambda * mean over the batch of ||grad_x cross-entropy(x, y)||_2^2",
    remarks: "Double backpropagation. Ross and Doshi-Velez sum over the batch.",
    citation: "Drucker and LeCun, IEEE Trans. Neural Networks 1992; Ross and Doshi-Velez, AAAI 2018",
    regulariser: undefined,
    look: { legend: "Input gradient", short: "IG", colour: "#003E66", shape: "triangle-left" },
  },
  wd: {
    label: "weight decay",
    adds: "weight decay",
    unit: "lambda, in place of the schedule's weight decay",
    range: { min: 0, max: 10 },
    stronger: "larger",
    sweep: [0.001, 0.002, 0.005, 0.01],
    options: {},
    formula: "gradient + lambda * w for all weights",
    remarks:
      "Every other method has the schedule's weight decay, 5e-4 unless it says otherwise; that strength is vanilla.",
    citation: `Krogh and Hertz, NeurIPS 1991; ${xu2022}`,
    regulariser: true,
    look: { legend: "Weight decay", short: "WD", colour: "#D55E00", shape: "diamond" },
  },
  llr: {
    label: "last-layer norm",
    adds: "penalty",
    unit: "lambda, the penalty's weight",
    range: weight,
    stronger: "larger",
    sweep: [0.01, 0.03, 0.1, 0.3],
    options: {},
    formula: "L + lambda * ||W||_F, W the head's weight without its bias, unsquared",
    remarks: "It adds to the weight decay, which acts on the head too.",
    citation: `${xu2022} and its released code (train_reg.py)`,
    regulariser: true,
    group: lastLayer,
    look: { legend: "Last-layer norm", short: "LLR", colour: "#F0A06A", shape: "square" },
  },
  llot: {
    label: "orthogonal last layer",
    adds: "constraint",
    unit: "scale, the length of the head's rows; smaller is stronger",
    range: { min: 0, max: 1e6, above: true },
    stronger: "smaller",
    sweep: [4, 2, 1, 0.5],
    options: { iterations: { type: "number", default: 5, what: "Newton iterations, T" } },
    formula: "logits = scale * ONI_T(W) f(x) + b, ONI's rows nearly orthonormal",
    remarks:
      "A constraint on the head in training; the exported head is the trained one. The released code loses the trained bias " +
      "when it converts the layer.",
    citation: `Huang et al., CVPR 2020 (ONI); ${xu2022} and its released code (train_lastot.py, scale 1)`,
    regulariser: true,
    group: lastLayer,
    look: { legend: "Orthogonal last layer", short: "LLOT", colour: "#7A3300", shape: hexagon },
  },
  spectral: {
    label: "spectral-norm regularisation",
    adds: "penalty",
    unit: "lambda, the penalty's weight",
    range: weight,
    stronger: "larger",
    sweep: [0.003, 0.01, 0.03, 0.1],
    options: { iterations: { type: "number", default: 8, what: "power iterations for each layer and step" } },
    formula: "L + lambda / 2 * sum over the layers of f of sigma_max(W)^2, by power iteration",
    remarks:
      "A convolution's weight counts as an [out, in * height * width] matrix. Power iteration starts afresh each step, where " +
      "Yoshida and Miyato keep its vector and iterate once.",
    citation: "Yoshida and Miyato, arXiv 1705.10941",
    regulariser: undefined,
    look: { legend: "Spectral norm", short: "spectral", colour: "#B5462E", shape: "triangle-down" },
  },
} as const satisfies Record<string, MethodKind>;
