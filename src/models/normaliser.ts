import { z } from "zod";
import { np, type Traced } from "../engine/index.ts";

const perChannel = z.array(z.number()).length(3);

/** (pixel - mean) / deviation for each channel of pixels in [0, 1]. */
export const normaliserSchema = z.strictObject({
  mean: perChannel,
  deviation: z.array(z.number().positive()).length(3),
});
export type Normaliser = z.infer<typeof normaliserSchema>;

/** What the weights of a family were trained with. */
export const normalisers = {
  /** CIFAR-10's, as the paper's released code has them. */
  cifar10: { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2023, 0.1994, 0.201] },
  /** ImageNet's, as torchvision, timm and most published weights have them. */
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
} as const satisfies Record<string, { readonly mean: readonly number[]; readonly deviation: readonly number[] }>;

/**
 * The normaliser stands inside the model, so that attacks, penalties and corruptions all speak of pixels in [0, 1].
 * Whatever the dataset, the source's serves, as in the paper's code.
 */
export function normalise(
  images: Traced,
  {
    mean,
    deviation,
  }: { readonly mean: readonly number[]; readonly deviation: readonly number[] } = normalisers.cifar10,
): Traced {
  const perChannel = (values: readonly number[]) => np.reshape(np.array([...values]), [1, 3, 1, 1]);
  return np.multiply(np.subtract(images, perChannel(mean)), perChannel(deviation.map((each) => 1 / each)));
}
