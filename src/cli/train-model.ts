import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { InputError, wilsonInterval } from "../base/index.ts";
import { digestTree } from "../engine/index.ts";
import { type Evaluation, evaluate } from "../metrics/index.ts";
import { saveModel } from "../models/index.ts";
import {
  applyOverrides,
  checkStudy,
  expandStudy,
  methodLabel,
  parseStudy,
  type Study,
  type Trial,
  type TrialEvent,
} from "../studies/index.ts";
import { relayed } from "../studies/relay.ts";
import { type TrainedSource, trainedSource } from "../studies/trained-source.ts";
import { progressLine } from "./attack/progress-line.ts";
import type { TrainRequest } from "./commands/train.ts";
import { checkDevice, checkPrecision } from "./device-probe.ts";
import { foldersFor, stagesFolder } from "./folders.ts";
import { catchInterrupt } from "./interrupt.ts";
import { exitCodes, type Launch } from "./launch.ts";
import { complain, durationText, percentText, print, printJson } from "./output.ts";
import { prepareData } from "./prepare-data.ts";
import { epochLine } from "./progress/board.ts";
import { downloadReporter } from "./progress/downloads.ts";
import { resumeLine } from "./resume-line.ts";

/** One source model: trained, measured on the test images, and written to a file. Returns the exit code. */
export async function trainModel(
  dataset: string,
  request: TrainRequest,
  argv: readonly string[],
  { entry }: Launch,
): Promise<number> {
  const study = studyOf(dataset, request);
  const trial = expandStudy(study).at(-1) as Trial;
  const label = `${trial.model} on ${dataset}, ${methodLabel(trial.methods)}, seed ${trial.seed}`;
  const out =
    request.out ??
    `${[dataset, methodLabel(trial.methods), trial.seed].join("-").replaceAll(/[ +]+/g, "-")}.safetensors`;
  const folders = foldersFor(request.data, request.skipCorrupt);
  checkStudy(study, folders.dataDirs);
  await checkDevice(request.device);
  await checkPrecision(study, request.device);
  const { device, json = false, threads = device === "cpu" ? availableParallelism() : 1 } = request;
  const context = {
    ...folders,
    stagesDir: stagesFolder(request.artifacts, threads),
    device,
    threads,
    ...(request.fresh && { anew: randomUUID() }),
  };
  const interrupt = catchInterrupt();
  const { signal } = interrupt;
  const line = progressLine();
  try {
    const downloads = downloadReporter(json);
    try {
      await prepareData(study, { ...folders, onProgress: downloads.progress, signal });
    } finally {
      downloads.done();
    }
    const keep = (event: TrialEvent) => {
      line.end();
      if (event.kind === "note") complain(event.message);
      if (event.kind !== "epoch") return;
      const { kind, ...epoch } = event;
      if (json) printJson({ event: kind, ...epoch });
      else complain(epochLine(label, event));
    };
    const sentence = sentences(keep);
    const trained = await line.follow(
      relayed(trainedSource(trial, context), (event) => {
        signal.throwIfAborted();
        return sentence(event);
      }),
    );
    const { model, parameters, source } = trained;
    const test = await line.follow(
      relayed(
        evaluate(model, parameters, source.test, { device, threads, signal }),
        ({ done, of }) => `${done} of ${of} test images`,
      ),
    );
    await saveModel(out, trained, trained.source.train.classes);
    line.end();
    report(trained, test, { trial, label, out, json });
    return exitCodes.done;
  } catch (error) {
    if (!signal.aborted) throw error;
    line.end();
    const resume = resumeLine(argv, entry);
    complain(`Interrupted; the epochs so far are kept. To go on: ${resume}`);
    if (json) printJson({ event: "interrupted", resume });
    return exitCodes.interrupted;
  } finally {
    line.end();
    interrupt.dispose();
  }
}

/** The training as a study of one pair whose last trial is the one that is meant, so that both read and check alike. */
function studyOf(dataset: string, { method, set, seed }: TrainRequest): Study {
  for (const setting of set)
    if (/^(methods|strengths|seeds|target|attack|transfer)\b/.test(setting))
      throw new InputError(
        `train: --set: expected a key of the source, the model or the schedule, got "${setting}"; the method is said by --method, the seed by --seed`,
      );
  const strengths = new Map(method.map(readMethod));
  if (strengths.size < method.length)
    throw new InputError(`train: --method: expected each kind once, got ${method.join(" and ")}`);
  const side = { dataset };
  const kinds = [...strengths.keys()];
  const study = parseStudy("train", {
    name: "train",
    pairs: [{ source: side, target: side }],
    model: "cifar-cnn",
    methods: kinds.length > 0 ? [kinds.join("+")] : [],
    strengths: Object.fromEntries([...strengths].map(([kind, strength]) => [kind, [strength]])),
    schedule: { epochs: 20, learningRate: 0.01 },
    seeds: [seed],
  });
  const changed = applyOverrides(study, set);
  return { ...changed, pairs: changed.pairs.map(({ source }) => ({ source, target: source })) };
}

function readMethod(text: string): [kind: string, strength: number] {
  const [, kind, strength] = /^([a-z0-9-]+)=(\S+)$/.exec(text) ?? [];
  const value = Number(strength);
  if (kind === undefined || Number.isNaN(value))
    throw new InputError(`train: --method: expected a kind and its strength such as jr=0.01, got "${text}"`);
  return [kind, value];
}

/** What a line of progress says; events that stay on the screen go to `keep`. */
function sentences(keep: (event: TrialEvent) => void): (event: TrialEvent) => string {
  let sentence = "";
  return (event) => {
    if (event.kind !== "step") keep(event);
    else {
      const { epoch, epochs, step, steps, loss, imagesPerSecond, secondsLeft } = event;
      sentence = `epoch ${epoch}/${epochs}, step ${step}/${steps}, loss ${loss.toFixed(3)}, ${Math.round(imagesPerSecond)} images/s, about ${durationText(secondsLeft)} left`;
    }
    return sentence;
  };
}

interface Told {
  readonly trial: Trial;
  readonly label: string;
  readonly out: string;
  readonly json: boolean;
}

function report(
  { parameters, seconds, source }: TrainedSource,
  { accuracy, loss }: Evaluation,
  { trial, label, out, json }: Told,
): void {
  const interval = wilsonInterval(Math.round(accuracy.value * accuracy.n), accuracy.n);
  const images = source.train.shape[0];
  if (json)
    printJson({
      event: "trained",
      file: out,
      checkpoint: digestTree(parameters),
      ...{
        model: trial.model,
        source: trial.source,
        methods: trial.methods,
        schedule: trial.schedule,
        seed: trial.seed,
      },
      ...{ images, seconds, accuracy: { ...accuracy, ...interval }, loss },
    });
  else {
    const { epochs } = trial.schedule;
    print(`${label}: ${epochs} epoch${epochs === 1 ? "" : "s"} of ${images} images in ${durationText(seconds)}`);
    print(
      `accuracy ${percentText(accuracy.value)} [${percentText(interval.low)}, ${percentText(interval.high)}] of ${accuracy.n} test images, loss ${loss.value.toFixed(3)}`,
    );
    print(out);
    print(`next: carryover attack ${out}, or carryover transfer --model ${out} --target <images>`);
  }
}
