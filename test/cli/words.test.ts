import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasets } from "../../src/datasets/index.ts";
import { models } from "../../src/models/index.ts";
import { png } from "../datasets/picture-files.ts";
import { type Workplace, workplace } from "./carryover.ts";

const knownModels = Object.keys(models).join(", ");
const knownDatasets = Object.keys(datasets).join(", ");

let place: Workplace;
beforeAll(() => {
  place = workplace();
  writeFileSync(join(place.folder, "a-file"), "");
});
afterAll(() => place.remove());

describe("a command line that is wrong is one sentence, and exit code 2", () => {
  const cases: [words: string, sentence: string][] = [
    [
      "rnu quickstart",
      'command: expected one of run, status, pause, continue, cancel, worker, serve, figure, claims, theory, export, import, verify, train, transfer, compare, attack, export-model, studies, methods, datasets, doctor, got "rnu"; did you mean "run"?',
    ],
    ["run", "run: expected carryover run <study>, got no study"],
    ["run quickstart again", "run: expected carryover run <study>, got more words than that"],
    [
      "run quickstart --worker 2",
      'run: option: expected one of --set, --workers, --device, --engine, --database, --artifacts, --priority, --out, --data, --skip-corrupt, --resume, --fresh, --no-serve, --port, --json, --help, got "--worker"; did you mean "--workers"?',
    ],
    [
      "run quickstart --engine onedn",
      '--engine: expected one of auto, onnxruntime, onednn, got "onedn"; did you mean "onednn"?',
    ],
    [
      "run quickstart --engine onednn --device webgpu",
      "--engine: expected --device cpu beside it, got --device webgpu",
    ],
    [
      "run quickstart --workers 0",
      "run: --workers: expected at least 1 without --database, for no one else can work, got 0",
    ],
    ["run quickstart --workers two", '--workers: expected a whole number from 0 to 999999, got "two"'],
    ["run quickstart --workers", "run: option --workers <n>: expected a value, got none"],
    ["run quickstart --device cdua", '--device: expected one of cpu, webgpu, cuda, got "cdua"; did you mean "cuda"?'],
    ["run quickstart --resume --fresh", "run: expected at most one of --resume and --fresh, got both"],
    [
      "run quickstart --database mysql://x",
      "--database: expected a URL such as postgres://user:password@host:5432/name, got another form",
    ],
    [
      "run quickstart --database postgres://me:secret@127.0.0.1:9/none",
      "database: me@127.0.0.1:9/none: connect ECONNREFUSED 127.0.0.1:9",
    ],
    [
      "worker",
      "worker: expected --database <url> or CARRYOVER_DATABASE, got neither; on one machine carryover run brings its own workers",
    ],
    [
      "status",
      "status: expected a study that was run in this folder, got none: there is no .carryover (--database names a shared store)",
    ],
    ["run quickstart --priority high", '--priority: expected a whole number, got "high"'],
    [
      "run quikstart",
      'study (or the path of a study file): expected one of quickstart, every-method, cifar10-svhn, cifar10-svhn-small, imagenet-cifar10, imagenet-cifar10-small, salman2020, salman2020-small, utrera2021, utrera2021-small, got "quikstart"; did you mean "quickstart"?',
    ],
    ["run quickstart --set epochs", '--set: expected key=value such as epochs=3, got "epochs"'],
    ["run quickstart --set epochs=many", '--set epochs: expected a whole number of at least 1, got "many"'],
    [
      "run quickstart --set model=smal-cnn",
      `study "quickstart": model: expected one of ${knownModels}, got "smal-cnn"; did you mean "small-cnn"?`,
    ],
    [
      "run quickstart --set target.dataset=mnsit",
      `study "quickstart": target.dataset: expected one of ${knownDatasets}, got "mnsit"; did you mean "mnist"?; data of your own: a folder of images, a .csv or a .dataset.ts of that name in a folder named by --data or CARRYOVER_DATA`,
    ],
    [
      "run quickstart --set strengths.rescale=0.5",
      'study "quickstart" with --set strengths.rescale=0.5: strengths.rescale: expected a number from 1 to 16 (rescale: factor by which the image is made smaller and then larger again), got 0.5',
    ],
    ["run quickstart --data nowhere", '--data: expected a folder, got "nowhere", which is not there'],
    [
      "figure quickstart --format svg,jpg",
      '--format: expected one of svg, png, vl.json, csv, md, tex, got "jpg"; did you mean "svg"?',
    ],
    [
      "studies --databse=postgres://me:se@cret@host",
      'studies: option: expected one of --json, --help, got "--databse=postgres://me@host"',
    ],
    ["studies --jsn", 'studies: option: expected one of --json, --help, got "--jsn"; did you mean "--json"?'],
    [
      "help nosuch",
      'help: expected one of run, status, pause, continue, cancel, worker, serve, figure, claims, theory, export, import, verify, train, transfer, compare, attack, export-model, studies, methods, datasets, doctor, got "nosuch"',
    ],
    ["train cifar10 --resume --fresh", "train: expected at most one of --resume and --fresh, got both"],
    ["attack x.onnx --resume --fresh", "attack: expected at most one of --resume and --fresh, got both"],
    ["train cifar10 --seed 1e3", '--seed: expected a whole number from 0 to 999999999, got "1e3"'],
    ["theory bound x --seed -1", '--seed: expected a whole number from 0 to 999999999, got "-1"'],
    [
      "transfer --model m --target t --eps 0x1",
      '--eps: expected a number of at least 0, such as 0.25 or 8/255, got "0x1"',
    ],
    ["export-model x.onnx --out x.pt", '--out: expected a file that ends in .safetensors or .onnx, got "x.pt"'],
    ["figure quickstart --out a-file", '--out: expected a folder, got "a-file", which is a file'],
    ["datasets", "datasets: expected one of list, fetch, verify, got nothing"],
    ["datasets fech mnist", 'datasets: expected one of list, fetch, verify, got "fech"; did you mean "fetch"?'],
    ["datasets fetch minst", `dataset: expected one of ${knownDatasets}, got "minst"; did you mean "mnist"?`],
    ["datasets verify", "verify: expected carryover datasets verify <name>, got no name"],
    [
      "run quickstart --set precision=bf16 --engine onnxruntime",
      'study "quickstart": precision: bf16 expects oneDNN on a processor that multiplies bf16 (avx512_core_bf16 or AMX), got onnxruntime, which was asked for',
    ],
  ];
  it.each(cases)("carryover %s", async (words, sentence) => {
    const { code, stdout, stderr } = await place.run(words.split(" "));
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `carryover: ${sentence}\n` });
  });
});

describe("commands that only tell", () => {
  const cases: [words: string, telling: RegExp][] = [
    ["", /Usage: carryover/],
    ["--help", /Usage: carryover/],
    ["run --help", /Usage: carryover run/],
    ["--version", /^\d+\.\d+\.\d+\n$/],
    ["studies", /quickstart +18 /],
    ["methods", /^jr +Jacobian regularisation +penalty/m],
    ["datasets list", /^mnist +10 /m],
    ["doctor", /^ok +engine on cpu: (oneDNN|onnxruntime) computes$/m],
  ];
  it.each(cases)("carryover %s", async (words, telling) => {
    const { code, stdout, stderr } = await place.run(words === "" ? [] : words.split(" "), { real: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(telling);
  });

  it.each(["studies", "methods", "datasets list", "doctor"])(
    "carryover %s --json is one value a line",
    async (words) => {
      const { stdout } = await place.run([...words.split(" "), "--json"], { real: true });
      const values = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(values.length).toBeGreaterThan(1);
    },
  );

  it("tells what is damaged or absent, and exits with 2", async () => {
    const { code, stdout } = await place.run(["datasets", "verify", "mnist"], { real: true });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^mnist train: absent/);
  });

  it("counts the images of a folder of one's own, and names those that are damaged", async () => {
    const data = join(place.folder, "own-data");
    for (const label of ["a", "b"]) {
      mkdirSync(join(data, "pets", label), { recursive: true });
      for (let i = 0; i < 5; i++) writeFileSync(join(data, "pets", label, `${i}.png`), png([i, 0, 0]));
    }
    const verify = () => place.run(["datasets", "verify", "pets", "--data", data], { real: true });
    const whole = await verify();
    expect([whole.code, whole.stdout]).toEqual([
      0,
      `pets train: local, 8 images in ${data}: 2 classes of images of your own\npets test: local, 2 images in ${data}: 2 classes of images of your own\n`,
    ]);
    writeFileSync(join(data, "pets", "a", "x.jpg"), "no picture");
    const damaged = await verify();
    expect(damaged.code).toBe(2);
    expect(damaged.stdout).toContain(
      "got 1 of 11 that cannot: a/x.jpg (expected a JPEG, PNG or WebP image, got first bytes",
    );
  });
});
