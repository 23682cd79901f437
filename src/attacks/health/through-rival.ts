import type { Victim } from "../victim.ts";

/**
 * The victim judged at points that another model's gradients lead to: an attack on it is a transfer attack. A victim that
 * hides its own gradients falls to those of a rival.
 */
export function throughRival(victim: Victim, rival: Victim): Victim {
  return {
    ...victim,
    rows: Math.min(victim.rows, rival.rows),
    async gradient(loss, images, labels, targets) {
      const { gradient } = await rival.gradient(loss, images, labels, targets);
      return { logits: await victim.logits(images), gradient };
    },
  };
}
