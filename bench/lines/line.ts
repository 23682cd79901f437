import type { NamedTensors } from "../../src/engine/named-tensors.ts";
import type { Flops } from "../flops.ts";

/** What one unit of work gave. */
export interface Outcome {
  /** A loss, for looking at; undefined where the work gives none. */
  readonly value?: number;
  /** Takes the place of the measured time where a part of the work stands for the whole. */
  readonly ms?: number;
  /** Times of stages in milliseconds, and counts, by name. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** A line's work on our side, prepared in a process of its own. */
export interface Work {
  /** Untimed, before each unit: what a longer run would do once, such as compiling. */
  ready?(): Promise<void>;
  /** One unit. */
  run(): Promise<Outcome>;
  /** The largest peak of the processes that the work started, in MB; undefined when it started none. */
  childrenPeakMb?(): number | undefined;
}

/** How often a line is run; undefined members follow from the time that a unit takes. */
export interface Pace {
  readonly warmUp?: number;
  readonly unitsPerTurn?: number;
  readonly mostRounds?: number;
}

export interface WorkOptions {
  readonly threads: number;
  /** For files; it is removed after the run. */
  readonly folder: string;
}

/** Numbers and names that both sides are told. */
export type Settings = Readonly<Record<string, number | string | readonly string[]>>;

/**
 * One line of the benchmark: the same work on our side and on PyTorch's.
 * `alternate` lines take turns, ours and PyTorch's. `scaling` lines compare two one-thread processes with one.
 */
export interface Line {
  readonly kind: "alternate" | "scaling";
  readonly name: string;
  /** What one unit of work is. */
  readonly title: string;
  /** How the work was made small, and what else a reader must know. */
  readonly note?: string;
  readonly settings: Settings;
  readonly pace?: Pace;
  /** What the least arithmetic of one unit is; undefined where it depends on the data. */
  readonly flops?: Flops;
  /** Why it cannot be run here; undefined when it can. */
  unavailable?(): string | undefined | Promise<string | undefined>;
  /** Only oneDNN can do it. */
  readonly onednnAlone?: boolean;
  /** What the PyTorch side starts from: our parameters, the same images. */
  inputs(): Promise<NamedTensors>;
  work(options: WorkOptions): Promise<Work>;
  /** Further numbers of the result, from the parts of both sides. */
  remark?(parts: { readonly ours: Parts; readonly pytorch: Parts }): Readonly<Record<string, number>>;
}

export type Parts = Readonly<Record<string, number>>;
