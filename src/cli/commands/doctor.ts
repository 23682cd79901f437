import { existsSync, statfsSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import type { OnednnState } from "../../engine/index.ts";
import { howToInstallOnednn } from "../engine-choice.ts";
import { exitCodes } from "../launch.ts";
import { bytesText, print, printJson } from "../output.ts";
import { nodeComplaint } from "../version.ts";

/** One finding; "bad" means that studies cannot run here. */
interface Finding {
  readonly about: string;
  readonly state: "ok" | "note" | "bad";
  readonly text: string;
}

/** A worker of the quickstart was measured at 0.75 GB. */
const memoryOfAWorker = 1e9;

export function addDoctor(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("doctor")
    .description("tell what this machine offers and what is missing")
    .option("--rebuild", "make the embedded database anew from its journal; the old one stays beside it")
    .option("--json", "one JSON value per line")
    .action(async ({ rebuild, json }: { rebuild?: boolean; json?: boolean }) => {
      if (rebuild) return rebuildDatabase(json ?? false);
      let healthy = true;
      for (const check of [node, cores, memory, disk, engine, data, store])
        for (const finding of await check()) {
          if (finding.state === "bad") healthy = false;
          if (json) printJson(finding);
          else print(`${finding.state.padEnd(4)}  ${finding.about}: ${finding.text}`);
        }
      if (!healthy) finish(exitCodes.ourFault);
    });
}

async function rebuildDatabase(json: boolean): Promise<void> {
  const { rebuildStore } = await import("../../store/index.ts");
  const { storeFolder } = await import("../folders.ts");
  const { rows, damaged, foreign, kept } = await rebuildStore(storeFolder);
  if (json) return printJson({ rebuilt: storeFolder, rows, damagedLines: damaged, foreignLines: foreign, kept });
  const counts = [[damaged, "damaged"] as const, [foreign, "of another version of carryover"] as const];
  const out = counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  const left = out.length > 0 ? `; lines of the journal that were left out: ${out.join(", ")}` : "";
  print(`${storeFolder}: the database was made anew with ${rows} rows from its journal${left}. The old one is ${kept}`);
}

function node(): Finding[] {
  const text = `${process.version} on ${process.platform} ${process.arch}`;
  const complaint = nodeComplaint();
  if (complaint === undefined) return [{ about: "node", state: "ok", text }];
  return [{ about: "node", state: "bad", text: complaint }];
}

function cores(): Finding[] {
  const model = cpus()[0]?.model.trim() ?? "unknown";
  return [{ about: "cores", state: "ok", text: `${availableParallelism()}, ${model}; as many workers by default` }];
}

function memory(): Finding[] {
  const text = `${bytesText(freemem())} free of ${bytesText(totalmem())}`;
  const workers = Math.floor(totalmem() / memoryOfAWorker);
  if (workers >= availableParallelism()) return [{ about: "memory", state: "ok", text }];
  return [{ about: "memory", state: "note", text: `${text}; use --workers ${Math.max(1, workers)}` }];
}

function disk(): Finding[] {
  const { bavail, bsize } = statfsSync(".");
  const free = bavail * bsize;
  const text = `${bytesText(free)} free in ${resolve(".")}`;
  if (free > 1e9) return [{ about: "disk", state: "ok", text }];
  return [{ about: "disk", state: "note", text: `${text}; CIFAR-10 alone takes 0.4 GB while it is fetched` }];
}

async function engine(): Promise<Finding[]> {
  const { devices, probeDevice, probeOnednn } = await import("../device-probe.ts");
  const [state, ...findings] = await Promise.all([probeOnednn(), ...devices.map(probeDevice)]);
  const named = onednnFinding(state);
  const computes = (device: string) =>
    device === "cpu" && named.state === "ok" ? "oneDNN computes" : "onnxruntime computes";
  return [
    ...findings.map(
      ({ device, works, reason }): Finding => ({
        about: `engine on ${device}`,
        state: works ? "ok" : device === "cpu" ? "bad" : "note",
        text: works ? computes(device) : `not available: ${reason}`,
      }),
    ),
    named,
  ];
}

/** "ok" means that it computes unless another engine is asked for. */
function onednnFinding(state: OnednnState): Finding {
  const about = "oneDNN";
  if (!state.usable) {
    const install = howToInstallOnednn();
    const text = `${state.reason}${install ? `; a training step on the CPU takes about a third less time with it: ${install}` : ""}`;
    return { about, state: "note", text };
  }
  const { version, instructions, verified, build, bf16 } = state;
  const tested = build
    ? `the verified build ${build}`
    : "this build is not among the verified ones, its self-test passed";
  const found = `${version} with ${instructions}${bf16 ? ", bf16 too" : ""}; ${tested}`;
  if (process.env.CARRYOVER_ENGINE === "onnxruntime")
    return { about, state: "note", text: `${found}; not used, since CARRYOVER_ENGINE=onnxruntime` };
  if (verified || process.env.CARRYOVER_ENGINE === "onednn") return { about, state: "ok", text: found };
  return {
    about,
    state: "note",
    text: `${found}; not a version that was verified, so only --engine onednn uses it`,
  };
}

async function data(): Promise<Finding[]> {
  const { listDatasets } = await import("../../datasets/index.ts");
  const { foldersFor } = await import("../folders.ts");
  const { dataDirs, cacheDir } = foldersFor();
  const missing = dataDirs.filter((dir) => !existsSync(dir));
  const folders: Finding[] = [
    {
      about: "data cache",
      state: "ok",
      text: `${cacheDir}${existsSync(cacheDir) ? "" : " (made at the first download)"}`,
    },
    ...dataDirs.map((dir): Finding => {
      if (missing.includes(dir))
        return { about: "data folder", state: "bad", text: `${dir} of CARRYOVER_DATA is not there` };
      return { about: "data folder", state: "ok", text: dir };
    }),
  ];
  if (missing.length > 0) return folders;
  const all = await listDatasets({ dataDirs, cacheDir });
  return [
    ...folders,
    ...all.map(({ name, bytes, fetched, splits }): Finding => {
      const absent = splits.some(({ where }) => where === "absent");
      const text = splits.map(({ split, where }) => `${split} ${where}`).join(", ");
      return {
        about: `dataset ${name}`,
        state: absent ? "note" : "ok",
        text: absent ? `${text}; ${fetched ? "fetched when needed" : "to be brought"} (${bytesText(bytes)})` : text,
      };
    }),
  ];
}

async function store(): Promise<Finding[]> {
  const { storeFolder } = await import("../folders.ts");
  if (!existsSync(storeFolder))
    return [{ about: "store", state: "ok", text: `${resolve(storeFolder)} is made at the first run` }];
  const { openStore } = await import("../../store/index.ts");
  try {
    const opened = await openStore(storeFolder, { visitor: true });
    const studies = await opened.studies();
    await opened.close();
    const text = studies.map(({ name, finished, trials }) => `${name} ${finished} of ${trials}`).join(", ");
    return [{ about: "store", state: "ok", text: `${resolve(storeFolder)}: ${text || "no studies"}` }];
  } catch (error) {
    if (error instanceof InputError) return [{ about: "store", state: "note", text: error.message }];
    throw error;
  }
}
