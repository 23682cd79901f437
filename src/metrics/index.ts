export {
  type Estimate,
  type IntervalKind,
  latestRows,
  relativeTransfer,
  relativeTransferAccuracy,
  type TransferPoint,
  type TransferRow,
} from "./relative-transfer.ts";
