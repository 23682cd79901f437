import { defineDataset } from "carryover";

const side = 32;
const perClass = 100;

/**
 * Stripes that lie or stand, 5 to 12 pixels apart: a dataset that needs no file. A study finds it by its name where this folder is a data folder:
 *
 *     npm run carryover -- run quickstart --data examples --set target.dataset=stripes --set target.train=100 --set target.validation=50 --set target.test=200
 */
export default defineDataset({
  classes: ["lying", "standing"],
  images: (split) => {
    const n = 2 * perClass;
    const pixels = new Uint8Array(n * side * side);
    const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
    for (let i = 0; i < n; i++) {
      // Train and test differ in where the stripes begin.
      const [period, phase] = [5 + (i % 8), (i >> 3) + (split === "train" ? 0 : 2.5)];
      for (let at = 0; at < side * side; at++) {
        const along = labels[i] === 0 ? Math.floor(at / side) : at % side;
        pixels[i * side * side + at] = 127.5 + 127 * Math.sin((2 * Math.PI * (along + phase)) / period);
      }
    }
    return { pixels, shape: [n, 1, side, side], labels };
  },
});
