import { familyColour, palette } from "../charts/palette.ts";
import { lookOf } from "../state/study.ts";

/** Vega's symbols as paths within -1 ... 1. */
const shapes: Readonly<Record<string, string>> = {
  square: "M-0.9,-0.9H0.9V0.9H-0.9Z",
  diamond: "M0,-1.15L0.85,0L0,1.15L-0.85,0Z",
  cross: "M-0.35,-1H0.35V-0.35H1V0.35H0.35V1H-0.35V0.35H-1V-0.35H-0.35Z",
  "triangle-up": "M0,-1L1,0.8H-1Z",
  "triangle-down": "M0,1L1,-0.8H-1Z",
  "triangle-right": "M1,0L-0.8,1V-1Z",
  "triangle-left": "M-1,0L0.8,1V-1Z",
};

interface SymbolOptions {
  readonly family: string;
  readonly size?: number;
  /** Where it stands for one trial among several; the method's own unless given. */
  readonly colour?: string;
}

/** The mark that a method has in every figure. */
export function MethodSymbol({ family, size = 12, colour }: SymbolOptions) {
  const { shape } = lookOf(family);
  const fill = colour ?? familyColour(family, palette.value);
  return (
    <svg class="symbol" width={size} height={size} viewBox="-1.25 -1.25 2.5 2.5" aria-hidden="true">
      {shape === "circle" ? <circle r="0.95" fill={fill} /> : <path d={shapes[shape] ?? shape} fill={fill} />}
    </svg>
  );
}

export function MethodName({ family, label }: { readonly family: string; readonly label: string }) {
  return (
    <span class="method">
      <MethodSymbol family={family} />
      <span>{label}</span>
    </span>
  );
}
