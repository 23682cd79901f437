import { execFile } from "node:child_process";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { float32, InputError } from "../../../src/base/index.ts";
import { howToInstallOnednn } from "../../../src/cli/engine-choice.ts";
import { compile, np, onednnState, type Traced, usedEngines } from "../../../src/engine/index.ts";
import { loadedLibrary } from "../../../src/engine/onednn/verified.ts";

afterEach(() => vi.unstubAllEnvs());

const square = (x: Traced) => np.square(x);
const run = promisify(execFile);

/** A script of its own process, which squares 3 and tells what computed it. */
const script = `
  import { float32 } from "./src/base/index.ts";
  import { compile, np, usedEngines } from "./src/engine/index.ts";
  const square = await compile((x) => np.square(x), [float32([1], [1])]);
  const nine = await square(float32([1], [3]));
  console.log(nine.data[0], usedEngines().join());
`;
const inProcess = (env: NodeJS.ProcessEnv) =>
  run(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", script], {
    env: { ...process.env, ...env },
  });

test("an unknown engine is an InputError that names the known ones", async () => {
  vi.stubEnv("CARRYOVER_ENGINE", "onnx");
  await expect(compile(square, [float32([1], [1])])).rejects.toThrow(InputError);
  await expect(compile(square, [float32([1], [1])])).rejects.toThrow("auto, onnxruntime, onednn");
});

test("oneDNN passes its self-test, computes, and is named", async () => {
  expect(await onednnState()).toMatchObject({ usable: true });
  const compiled = await compile(square, [float32([2], [1, 1])]);
  expect(await compiled(float32([2], [3, -4]))).toEqual(float32([2], [9, 16]));
  await compiled.dispose();
  expect(usedEngines()).toEqual([expect.stringMatching(/^oneDNN \d+\.\d+\.\d+ \w+$/)]);
});

test("without the library onnxruntime goes on: with a word where oneDNN was asked for, without one where it was not", async () => {
  const asked = await inProcess({ CARRYOVER_ENGINE: "onednn", CARRYOVER_ONEDNN: "/nowhere/libdnnl.so" });
  expect(asked.stdout).toBe("9 onnxruntime\n");
  expect(asked.stderr).toContain("oneDNN was asked for but cannot be used, onnxruntime goes on");
  const left = await inProcess({ CARRYOVER_ENGINE: "auto", CARRYOVER_ONEDNN: "/nowhere/libdnnl.so" });
  expect(left).toEqual({ stdout: "9 onnxruntime\n", stderr: "" });
}, 30_000);

test("a build is known by its digest; of another one of the same version the self-test judges alone", async () => {
  const file = loadedLibrary();
  if (file === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "a folder with spaces "));
  try {
    const copy = join(folder, "libdnnl.so");
    copyFileSync(file, copy);
    const told = async (before = "") => {
      const code = `
        import { rmSync } from "node:fs";
        import { onednnState } from "./src/engine/index.ts";
        import { findDnnl } from "./src/engine/onednn/library.ts";
        ${before}
        console.log(JSON.stringify(await onednnState()));
      `;
      const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", code];
      const { stdout } = await run(process.execPath, argv, { env: { ...process.env, CARRYOVER_ONEDNN: copy } });
      return JSON.parse(stdout);
    };
    const here = await onednnState();
    expect(await told()).toEqual(JSON.parse(JSON.stringify(here)));
    // A byte after the end changes the digest and nothing else.
    appendFileSync(copy, "\n");
    const unknown = JSON.parse(JSON.stringify({ ...here, build: undefined }));
    expect(await told()).toEqual(unknown);
    expect(await told("findDnnl(); rmSync(process.env.CARRYOVER_ONEDNN);")).toEqual(unknown);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);

test("the command that installs it", () => {
  expect(howToInstallOnednn("linux", 'NAME="Debian"\nID=debian\n')).toBe("sudo apt-get install libdnnl-dev");
  expect(howToInstallOnednn("linux", "ID=linuxmint\nID_LIKE=ubuntu\n")).toBe("sudo apt-get install libdnnl-dev");
  expect(howToInstallOnednn("linux", "ID=fedora\n")).toBe("sudo dnf install onednn");
  expect(howToInstallOnednn("darwin", "")).toBe("brew install onednn");
  expect(howToInstallOnednn("linux", "ID=unheard-of\n")).toBe("");
});
