import { mostPages } from "./wasm-module.ts";

/**
 * Memories that were given back wait here for the next program: the collector would free them late, and pages that are
 * there already need not be made again.
 */
const idle: WebAssembly.Memory[] = [];
const page = 65536;

/** A memory of at least that size, `shared` where several threads compute in it. */
export function takeMemory(bytes: number, { shared }: { readonly shared: boolean }): WebAssembly.Memory {
  const pages = Math.ceil(bytes / page);
  const size = (memory: WebAssembly.Memory) => memory.buffer.byteLength / page;
  const alike = idle.filter((memory) => isShared(memory) === shared).sort((a, b) => size(a) - size(b));
  const memory = alike.find((known) => size(known) >= pages) ?? alike.at(-1);
  if (memory === undefined)
    return new WebAssembly.Memory({ initial: pages, ...(shared && { maximum: mostPages, shared }) });
  idle.splice(idle.indexOf(memory), 1);
  if (size(memory) < pages) memory.grow(pages - size(memory));
  return memory;
}

export function giveBack(memory: WebAssembly.Memory): void {
  idle.push(memory);
}

const isShared = (memory: WebAssembly.Memory) => memory.buffer instanceof SharedArrayBuffer;
