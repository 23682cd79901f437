import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { openLibrary } from "./library.ts";
import { callRunner, taskRunner } from "./tasks.ts";
import { awaitValue, doneBy, type MemberSetting, type Message, words } from "./team.ts";

const { member, control, port, library } = workerData as MemberSetting;
const runCall = callRunner(openLibrary(library.file), library.engine);
const programs = new Map<number, readonly (readonly (() => void)[])[]>();

/** Takes what has been told since; the thread never goes back to its event loop. */
function hear(): void {
  for (let told = receiveMessageOnPort(port); told; told = receiveMessageOnPort(port)) {
    const message = told.message as Message;
    if ("drop" in message) programs.delete(message.drop);
    else {
      const { id, module, memory, shares } = message;
      const runner = taskRunner(module, memory, runCall);
      programs.set(
        id,
        shares.map((tasks) => tasks.map(runner)),
      );
    }
  }
}

function perform(program: number, share: number): void {
  if (!programs.has(program)) hear();
  for (const run of programs.get(program)?.[share] ?? []) run();
}

parentPort?.postMessage("ready");
for (let round = 1; ; round = (round + 1) | 0) {
  awaitValue(control, words.round, round);
  try {
    perform(control[words.program] ?? 0, control[words.share] ?? 0);
  } catch (error) {
    port.postMessage(String(error));
    Atomics.store(control, words.failed, 1);
  }
  Atomics.store(control, doneBy(member), round);
  Atomics.notify(control, doneBy(member));
}
