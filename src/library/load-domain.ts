import { dataFolders } from "../datasets/index.ts";
import { type DataFolders, domainData, type SideData } from "../studies/trial-data.ts";

export interface DomainOptions extends Partial<DataFolders> {
  /** How many training images; all that are left unless said. */
  readonly train?: number;
  /** 1,000 unless said. */
  readonly validation?: number;
  /** All unless said. */
  readonly test?: number;
  /** Draws them, class by class; 0 unless said. */
  readonly seed?: number;
  /** Height and width in pixels, as the model takes them; 32 unless said. */
  readonly side?: number;
}

/**
 * The images of a domain as a study splits them: train to fit on, validation to choose on, test to report on. Looks into
 * `dataDirs`, or the folders of CARRYOVER_DATA, then into the cache, and downloads what is in neither, checked by its digest.
 * Throws InputError for an unknown dataset, more images than there are, and data that cannot be had.
 */
export function loadDomain(
  dataset: string,
  { train, validation = 1000, test, seed = 0, side = 32, ...folders }: DomainOptions = {},
): Promise<SideData> {
  const split = { dataset, train: train ?? null, validation, test: test ?? null };
  return domainData(split, { seed, side }, { ...dataFolders(), ...folders });
}
