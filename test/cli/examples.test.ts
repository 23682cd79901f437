import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { newFolder, put } from "../datasets/samples.ts";
import { workplace } from "./carryover.ts";

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** The options that a worker has. */
async function workerOptions(): Promise<string[]> {
  const place = workplace();
  const { stdout } = await place.run(["worker", "--help"]);
  place.remove();
  return [...stdout.matchAll(/^ +(--[a-z]+)/gm)].map(([, option]) => option ?? "");
}

describe("examples/slurm-array.sh", () => {
  const text = readFileSync(example("slurm-array.sh"), "utf8");

  it.skipIf(process.platform === "win32")("is a script that bash can read", () => {
    execFileSync("bash", ["-n", example("slurm-array.sh")]);
  });

  it.skipIf(process.platform === "win32")(
    "hands on to the worker the signal that Slurm gives the script alone",
    async () => {
      const [, signal, seconds] = /^#SBATCH --signal=B:([A-Z]+)@(\d+)$/m.exec(text) ?? [];
      expect([signal, Number(seconds) >= 60]).toEqual(["TERM", true]);
      const folder = newFolder();
      // A worker's stand-in, which says what it was called with and what it was told.
      put(
        join(folder, "carryover"),
        '#!/usr/bin/env bash\ntrap "echo told; exit 7" TERM\necho "$@"\nfor i in {1..400}; do sleep 0.05; done\n',
      );
      chmodSync(join(folder, "carryover"), 0o755);
      const script = spawn("bash", [example("slurm-array.sh")], {
        env: {
          PATH: `${folder}:${process.env.PATH}`,
          HOME: folder,
          CARRYOVER_DATABASE: "postgres://x",
          SLURM_CPUS_PER_TASK: "4",
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const lines = createInterface({ input: script.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toMatch(
        /^worker --slots 4 --artifacts .*\/carryover\/artifacts --data .* --idle 10$/,
      );
      const ended = once(script, "exit");
      script.kill(`SIG${signal}` as NodeJS.Signals);
      expect((await lines.next()).value).toBe("told");
      expect(await ended).toEqual([7, null]);
    },
  );

  it("asks Slurm for an array before its first command, and a worker for what it offers", async () => {
    const [head = "", body = ""] = text.split("set -euo pipefail");
    expect(head).toMatch(/^#SBATCH --array=\d+-\d+$/m);
    expect(head.split("\n").every((line) => line === "" || line.startsWith("#"))).toBe(true);
    const used = [...body.matchAll(/ (--[a-z]+)/g)].map(([, option]) => option ?? "");
    expect(used.length).toBeGreaterThan(3);
    const known = await workerOptions();
    expect(used.filter((option) => !known.includes(option))).toEqual([]);
  });
});

describe("examples/kubernetes-job.yaml", () => {
  it("is one job whose containers run workers, with options that they have", async () => {
    const documents = parseAllDocuments(readFileSync(example("kubernetes-job.yaml"), "utf8"), { uniqueKeys: true });
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    const [job, ...others] = documents.map((document) => document.toJS());
    expect(others).toEqual([]);
    expect(job).toMatchObject({
      apiVersion: "batch/v1",
      kind: "Job",
      spec: { template: { spec: { restartPolicy: "OnFailure" } } },
    });
    const { containers, volumes } = job.spec.template.spec;
    const known = await workerOptions();
    for (const { command, args, volumeMounts } of containers) {
      expect(command).toEqual(["carryover", "worker"]);
      expect(args.filter((word: string) => word.startsWith("--") && !known.includes(word))).toEqual([]);
      const names = volumes.map(({ name }: { name: string }) => name);
      for (const { name } of volumeMounts) expect(names).toContain(name);
    }
  });
});
