import { evaluate, type LossPenalty, loadDomain, np, trainSource, transfer } from "carryover";

/** A regulariser of one's own: strength x the mean squared length of the features. */
const featureNorm = (strength: number): LossPenalty => ({
  through: "loss",
  kind: "feature-norm",
  strength,
  draw: () => [], // no random numbers
  term({ model, parameters, images }) {
    const features = model.features(parameters.f, images); // [batch, featureSize]
    return np.multiply(strength, np.mean(np.sum(np.square(features), 1)));
  },
});

const source = await loadDomain("cifar10", { train: 400, validation: 50, test: 100 });
const target = await loadDomain("mnist", { train: 200, validation: 50, test: 100 });
const schedule = { epochs: 3, batch: 50, learningRate: 0.02 };
for (const strength of [0, 0.001, 0.01]) {
  const trained = await trainSource(source.train, { model: "small-cnn", schedule, penalties: [featureNorm(strength)] });
  const there = await evaluate(trained, source.test);
  const { test } = await transfer(trained, target);
  console.log(`${strength}: source ${there.accuracy.value}, target ${test.accuracy.value}`);
}
