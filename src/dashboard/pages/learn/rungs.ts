// What is said of each rung of the ladder, and which run shows it.
import type { Run } from '../../api/types.js';

export interface Words {
  idea: string;
  /** What to look for in its curves. */
  look: string;
}

/** By recipe. One that is not here speaks for itself. */
const WORDS: Readonly<Record<string, Words>> = {
  'mnist-softmax': {
    idea: 'Each of ten units holds a template of weights, one for each pixel, and adds up how well the digit fits. Softmax turns the ten sums into shares of one, and training moves the templates until the right digit gets the largest share.',
    look: 'The curve rises within the first epoch and then hardly at all: ten templates are soon as good as ten templates can be. Training and test lie close together, so it is not memory that is missing, but means.',
  },
  'mnist-sigmoid-sgd': {
    idea: 'Two hidden layers could tell far more apart than ten templates. But each sigmoid hands back at most a quarter of the gradient that it is given, so that little of it arrives at the first layer, which stays almost as it was.',
    look: 'A network with more weights than the one before does worse. It stays flat for a long time and is still rising when training ends: it does not fail to fit, it barely moves.',
  },
  'mnist-relu': {
    idea: 'Relu hands back the gradient unchanged wherever its input is above zero, however many layers there are. Adam gives every weight a step of its own size, so that none of them waits for the others.',
    look: 'The very layers that failed are past the single layer within the first epoch. Watch the gap that opens later: training goes on rising, the test does not follow.',
  },
  'mnist-relu-decay': {
    idea: 'Large steps get near a good place quickly but keep jumping over it; small steps settle. So the learning rate begins high and is multiplied by the same factor in every epoch.',
    look: 'The test curve wobbles in the first epochs and is smooth in the last ones. It ends above the rung before, with not one weight more.',
  },
  'mnist-relu-dropout': {
    idea: 'In each step a random quarter of the first hidden layer is switched off, so that no unit can rely on another one being there. Nothing is switched off when the network is asked.',
    look: 'Training is lower than on the rung before, which is dropout at work; the test is about the same. The gap between the two is what narrows.',
  },
  'mnist-cnn': {
    idea: 'A convolution looks at small patches with the same few weights everywhere, so a stroke that was learned in one corner is known in all of them. Only then is the picture made flat.',
    look: 'It starts about where the rungs before ended. Of every two digits that were wrong there, about one is right here.',
  },
  'mnist-cnn-bn-dropout': {
    idea: 'Batch normalization keeps what goes from layer to layer in the range where gradients are good, which makes a five times higher rate safe. Dropout keeps the one large dense layer from learning the training digits by heart.',
    look: 'The test lies beside training or above it until late: dropout weighs on training alone. In the end fewer than one digit in a hundred is wrong.',
  },
};

export const wordsOf = ({ name, idea, description }: { name: string; idea: string; description: string }): Words => WORDS[name] ?? { idea, look: description };

/** Of each recipe the latest run of one's team that has something to show; `runs` are newest first. */
export function latestRuns(runs: readonly Run[], team: string | null): ReadonlyMap<string, Run> {
  const found = new Map<string, Run>();
  for (const run of runs) {
    if (run.recipe === null || (team !== null && run.team !== team)) continue;
    const before = found.get(run.recipe);
    // One that failed before it had an epoch shows nothing: then an older one that does.
    if (before === undefined || (isEmpty(before) && !isEmpty(run))) found.set(run.recipe, run);
  }
  return found;
}

const isEmpty = ({ state, progress }: Run) => (state === 'failed' || state === 'cancelled') && progress.epoch < 1;
