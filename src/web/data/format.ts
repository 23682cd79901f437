import type { Interval, Quantity, QuantityUnit } from "./quantity.ts";

/** A stored number as the page counts it: percent, points, nats, seconds. */
export const shown = (value: number, unit: QuantityUnit): number =>
  unit === "percent" || unit === "points" ? 100 * value : value;

const digits: Readonly<Record<QuantityUnit, number>> = { percent: 1, points: 1, nats: 3, seconds: 1, number: 3 };

/** "44.0", "−1.2", "+3.4" for points; "–" for what is not there. */
export function numberText(value: number | undefined, unit: QuantityUnit): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  const number = shown(value, unit);
  const text = Math.abs(number).toFixed(digits[unit]);
  if (Number(text) === 0) return text;
  return number < 0 ? `−${text}` : unit === "points" ? `+${text}` : text;
}

export const unitText: Readonly<Record<QuantityUnit, string>> = {
  percent: "%",
  points: "points",
  nats: "nats",
  seconds: "s",
  number: "",
};

/** "[40.1, 47.9]"; empty for no interval and one of no length. */
export function intervalText(interval: Interval | undefined, unit: QuantityUnit): string {
  if (!interval || interval.low === interval.high) return "";
  return `[${numberText(interval.low, unit)}, ${numberText(interval.high, unit)}]`;
}

/** "Robust accuracy (%)". */
export const axisTitle = ({ label, unit }: Quantity): string =>
  unitText[unit] === "" ? label : `${label} (${unitText[unit]})`;

/** 75.4 -> "1:15", 3675 -> "1:01:15". */
export function durationText(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** "about 12 min". */
export function roughDuration(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}

/** 1234567 -> "1.2 MB". */
export function bytesText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export const clockText = (at: number | string): string =>
  new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const dateText = (at: number | string): string =>
  new Date(at).toLocaleString([], {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
