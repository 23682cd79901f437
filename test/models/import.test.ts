import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { float32, InputError, randomStream, sizeOf } from "../../src/base/index.ts";
import { dataFolders, gather, loadDataset } from "../../src/datasets/index.ts";
import { evaluate } from "../../src/metrics/index.ts";
import { decodeStateDict, readStateDict, resnetFrom } from "../../src/models/import/index.ts";
import { legacyFile, pickle, type Value, zipFile } from "./torch-files.ts";

const weight = { tensor: "FloatStorage", key: "0", offset: 1, shape: [2, 2], strides: [1, 2] };
const bias = { tensor: "LongStorage", key: "1", offset: 0, shape: [2], strides: [1] };
const object: Value = {
  dict: [
    [
      "state_dict",
      {
        ordered: [
          ["fc.weight", weight],
          ["fc.steps", bias],
        ],
      },
    ],
    ["best", { float: 91.5 }],
  ],
};
const storages = {
  "0": new Uint8Array(Float32Array.of(9, 1, 2, 3, 4).buffer),
  "1": new Uint8Array(BigInt64Array.of(7n, -8n).buffer),
};

describe.each([
  ["zip", (value: Value) => zipFile(value, storages)],
  ["legacy", (value: Value) => legacyFile(value, { "0": [storages["0"], 5], "1": [storages["1"], 2] })],
] as const)("torch's %s format", (_, fileOf) => {
  const file = () => fileOf(object);

  test("strided views of storages become row-major tensors, int64 becomes int32, numbers are kept", () => {
    const { tensors, numbers } = decodeStateDict("f.pt", file());
    expect(tensors).toEqual({
      "state_dict.fc.weight": { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) },
      "state_dict.fc.steps": { dtype: "int32", shape: [2], data: Int32Array.of(7, -8) },
    });
    expect(numbers).toEqual({ best: 91.5 });
  });

  test("cut short anywhere, it is an InputError", () => {
    const whole = file();
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeStateDict("f.pt", whole.slice(0, length))).toThrow(InputError);
  });

  test("with any one byte changed, it is read or refused, never anything else", () => {
    const whole = file();
    const stream = randomStream(3);
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at] = stream.below(256);
      try {
        decodeStateDict("f.pt", changed);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(InputError);
      }
    }
  });

  test("a tensor that reaches beyond its storage is refused", () => {
    const far: Value = {
      dict: [
        ["w", { ...weight, offset: 2 }],
        ["b", bias],
      ],
    };
    expect(() => decodeStateDict("f.pt", fileOf(far))).toThrow(
      "f.pt: w: expected a tensor within its storage of 20 bytes, got [2,2] at 2",
    );
  });

  test("one number spread over a billion places is refused", () => {
    const wide: Value = { ...weight, shape: [1_000_000_000], strides: [0] };
    expect(() =>
      decodeStateDict(
        "f.pt",
        fileOf({
          dict: [
            ["w", wide],
            ["b", bias],
          ],
        }),
      ),
    ).toThrow(InputError);
  });
});

describe("pickles that are not tensors", () => {
  test.each([
    ["posix system", "opcode GLOBAL posix.system, which is refused: it may run code"],
    ["builtins eval", "opcode GLOBAL builtins.eval, which is refused"],
    ["torch.nn.modules.linear Linear", "opcode GLOBAL torch.nn.modules.linear.Linear, which is refused"],
  ])("%s is refused, and nothing runs", (name, sentence) => {
    expect(() => decodeStateDict("f.pt", zipFile({ call: name, args: [{ text: "echo no" }] }, {}))).toThrow(sentence);
  });

  test("an operation that a state dict has no use for is refused", () => {
    for (const [operation, name] of [
      [0x81, "NEWOBJ (0x81)"],
      [0x82, "EXT1 (0x82)"],
      [0x69, "INST (0x69)"],
    ] as const)
      expect(() => decodeStateDict("f.pt", Uint8Array.of(0x80, 2, operation, 0x2e))).toThrow(
        `opcode ${name}, which is refused`,
      );
  });

  test("a pickle of plain data has no tensors", () => {
    expect(() => decodeStateDict("f.pt", zipFile({ dict: [["a", { float: 1 }]] }, {}))).toThrow(
      "f.pt: expected tensors by name, got none",
    );
    expect(() => decodeStateDict("f.pt", pickle({ float: 1 }))).toThrow("expected a file of torch.save");
  });
});

describe("a stem of 3x3 pixels", () => {
  /** Two stages of one basic block from width 4, under the names of a family. */
  const file = (shortcut: string, head: string, kernel = 3) => {
    const conv = (name: string, shape: number[], norm: string) => [
      [`${name}.weight`, shape],
      ...["weight", "bias", "running_mean", "running_var"].map((part) => [`${norm}.${part}`, [shape[0] ?? 0]]),
    ];
    const shapes = [
      ...conv("conv1", [4, 3, kernel, kernel], "bn1"),
      ...conv("layer1.0.conv1", [4, 4, 3, 3], "layer1.0.bn1"),
      ...conv("layer1.0.conv2", [4, 4, 3, 3], "layer1.0.bn2"),
      ...conv("layer2.0.conv1", [8, 4, 3, 3], "layer2.0.bn1"),
      ...conv("layer2.0.conv2", [8, 8, 3, 3], "layer2.0.bn2"),
      ...conv(`layer2.0.${shortcut}.0`, [8, 4, 1, 1], `layer2.0.${shortcut}.1`),
      [`${head}.weight`, [2, 8]],
      [`${head}.bias`, [2]],
    ] as [string, number[]][];
    return Object.fromEntries(shapes.map(([name, shape]) => [name, float32(shape, new Float32Array(sizeOf(shape)))]));
  };

  test("in torchvision's naming may be followed by pooling, which is told; others' have none, and 7x7 have", () => {
    const notes = (...names: Parameters<typeof file>) => resnetFrom("f.pth", file(...names)).notes;
    expect(notes("downsample", "fc")).toEqual([
      expect.stringMatching(/^a 3x3 stem in torchvision's naming: .* max pooling, and none is taken/),
    ]);
    expect([notes("shortcut", "linear"), notes("downsample", "fc", 7)]).toEqual([[], []]);
  });
});

const folder = (process.env.CARRYOVER_DATA ?? "")
  .split(":")
  .map((dir) => resolve(dir, "cifar10-resnets"))
  .find(existsSync);
const title = folder
  ? "the published CIFAR-10 ResNets"
  : "the published CIFAR-10 ResNets (skipped: no folder cifar10-resnets in CARRYOVER_DATA)";

describe.skipIf(!folder)(title, () => {
  const files = folder ? readdirSync(folder).filter((name) => name.endsWith(".th")) : [];

  test.each(files)(
    "%s: read in full, and right on CIFAR-10's first 500 test images as often as published",
    async (name) => {
      const path = join(folder ?? "", name);
      const published = await readStateDict(path);
      const { model, parameters } = resnetFrom(name, published.tensors);
      expect(model.name).toBe(`cifar-resnet${/\d+/.exec(name)}`);
      const { dataDirs, cacheDir } = dataFolders();
      const test = await loadDataset("cifar10", "test", { dataDirs, cacheDir });
      const data = gather(
        test,
        Uint32Array.from({ length: 500 }, (_, i) => i),
      );
      const run = evaluate(model, parameters, data, { batch: 100 });
      let next = await run.next();
      while (!next.done) next = await run.next();
      const accuracy = next.value.accuracy.value;
      // Two standard errors of 500 examples; docs/robustness.md has all 10,000.
      expect(Math.abs(100 * accuracy - (published.numbers.best_prec1 ?? 0))).toBeLessThan(2.6);
    },
  );

  test.each(files.slice(0, 1))("%s cut short is refused", (name) => {
    const bytes = readFileSync(join(folder ?? "", name));
    for (const share of [0, 0.001, 0.01, 0.1, 0.5, 0.999])
      expect(() => decodeStateDict(name, bytes.subarray(0, Math.floor(share * bytes.length)))).toThrow(InputError);
  });
});
