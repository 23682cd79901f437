import type { Study } from "../study.ts";
import { cifar10Svhn, cifar10SvhnSmall } from "./cifar10-svhn.ts";
import { everyMethod } from "./every-method.ts";
import { imagenetCifar10, imagenetCifar10Small } from "./imagenet-cifar10.ts";
import { quickstart } from "./quickstart.ts";
import { salman2020, salman2020Small } from "./salman2020.ts";
import { utrera2021, utrera2021Small } from "./utrera2021.ts";

/** The studies that can be run by name. */
export const builtInStudies: Readonly<Record<string, Study>> = Object.fromEntries(
  [
    quickstart,
    everyMethod,
    cifar10Svhn,
    cifar10SvhnSmall,
    imagenetCifar10,
    imagenetCifar10Small,
    salman2020,
    salman2020Small,
    utrera2021,
    utrera2021Small,
  ].map((study) => [study.name, study]),
);
