/** Floating-point operations, a multiply-add counted as two, by what computes them. */
export interface Flops {
  readonly convolution: number;
  readonly dense: number;
}

interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  /** Height and width of the output. */
  readonly side: number;
}

interface Architecture {
  readonly convolutions: readonly Convolution[];
  readonly dense: readonly (readonly [inputs: number, outputs: number])[];
}

const threeByThree = (from: number, to: number, side: number): Convolution => ({ from, to, kernel: 3, side });

const cifarCnn: Architecture = {
  convolutions: [threeByThree(3, 32, 32), threeByThree(32, 32, 32), threeByThree(32, 64, 16), threeByThree(64, 64, 16)],
  dense: [
    [4096, 256],
    [256, 256],
    [256, 10],
  ],
};

/** A stem, four stages of two blocks of two convolutions, 1x1 shortcuts where the size changes; `first` is a side. */
const resnet18 = (stem: Convolution, first: number): Architecture => ({
  convolutions: [
    stem,
    ...[64, 128, 256, 512].flatMap((to, stage) => {
      const from = stage === 0 ? to : to / 2;
      const side = first / 2 ** stage;
      const inner = Array.from({ length: 3 }, () => threeByThree(to, to, side));
      return [threeByThree(from, to, side), ...inner, ...(stage === 0 ? [] : [{ from, to, kernel: 1, side }])];
    }),
  ],
  dense: [[512, 10]],
});

const architectures: Readonly<Record<string, Architecture>> = {
  "cifar-cnn": cifarCnn,
  resnet18: resnet18(threeByThree(3, 64, 32), 32),
  "resnet18-64": resnet18({ from: 3, to: 64, kernel: 7, side: 32 }, 16),
  "resnet18-224": resnet18({ from: 3, to: 64, kernel: 7, side: 112 }, 56),
};

/**
 * The least arithmetic of a pass over `batch` images: elementwise work, pooling and normalisation are not counted.
 * The network is walked `walks` times; a walk back to the parameters alone need not go through the first layer to the
 * pixels, so `sparedFirst` walks are spared there.
 */
function walked(model: string, batch: number, walks: number, sparedFirst: number): Flops {
  const { convolutions, dense } = architectures[model] ?? { convolutions: [], dense: [] };
  const ofConvolution = ({ from, to, kernel, side }: Convolution) => 2 * from * to * kernel ** 2 * side ** 2;
  const all = convolutions.reduce((sum, each) => sum + ofConvolution(each), 0);
  const [first] = convolutions;
  const spared = first ? sparedFirst * ofConvolution(first) : 0;
  return {
    convolution: batch * (walks * all - spared),
    dense: batch * walks * dense.reduce((sum, [inputs, outputs]) => sum + 2 * inputs * outputs, 0),
  };
}

export const forwardFlops = (model: string, batch: number): Flops => walked(model, batch, 1, 0);

/** Forward, gradients of activations, gradients of weights. */
export const stepFlops = (model: string, batch: number): Flops => walked(model, batch, 3, 1);

/**
 * A step with one projection of the Jacobian: the step's three walks, back to the pixels, forward along that gradient,
 * and the weights' gradients of that. Second derivatives of relu and max pooling are zero, so no more is needed.
 */
export const jacobianStepFlops = (model: string, batch: number): Flops => walked(model, batch, 6, 1);

/** Every step forward and back to the pixels; the clean images and the last iterate are judged too. */
export const attackFlops = (model: string, batch: number, steps: number): Flops =>
  walked(model, batch, 2 * steps + 2, 0);
