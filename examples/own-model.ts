import { attack, initialiseLayer, linear, loadDomain, type Model, np, relu, trainSource, transfer } from "carryover";

const side = 32;
const width = 128;

/** A model of one's own: one hidden layer. Images [batch, 3, 32, 32] in [0, 1] -> features [batch, width] -> logits. */
const perceptron = (classes: number): Model => ({
  name: "perceptron",
  inputShape: [3, side, side],
  featureSize: width,
  classes,
  withClasses: perceptron,
  init: (seed) => ({
    f: { hidden: initialiseLayer(seed, "hidden", [width, 3 * side * side]) },
    g: initialiseLayer(seed, "head", [classes, width]),
  }),
  features: ({ hidden }, images) => {
    if (!hidden || !("bias" in hidden)) throw new Error("perceptron: expected a layer called hidden");
    const pixels = np.reshape(np.subtract(images, 0.5), [images.shape[0] ?? 0, -1]);
    return relu(linear(pixels, hidden.weight, hidden.bias));
  },
  logits: ({ weight, bias }, features) => linear(features, weight, bias),
});

const source = await loadDomain("cifar10", { train: 400, validation: 50, test: 100 });
const target = await loadDomain("mnist", { train: 200, validation: 50, test: 100 });
const schedule = { epochs: 3, batch: 50, learningRate: 0.02 };
const trained = await trainSource(source.train, { model: perceptron(10), schedule });
const { clean, robust } = await attack(trained, source.test, { eps: 0.25, health: 0 });
const { test } = await transfer(trained, target);
console.log(`clean ${clean.value}, robust ${robust.value}, transferred ${test.accuracy.value}`);
