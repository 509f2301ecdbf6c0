// What a classifier says of its validation examples, epoch by epoch: a reading of the events of kind `evaluation`.
import { Type, type Static } from 'typebox';
import { ref, strictObject } from './build.js';
import { DENSE_EPOCHS, MAX_CLASSES } from './evaluation-limits.js';
import { EvaluationData } from './event.js';

export const EvaluationQuery = strictObject({
  epoch: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'After which epoch; the last that has an evaluation when absent.' })),
});

const share = (description: string) => Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description });
const count = (description: string) => Type.Integer({ minimum: 0, description });
export const ClassMetrics = strictObject(
  {
    label: Type.String({ description: 'Name of the class.' }),
    trueCount: count('Validation examples of the class, those without a prediction among them; some call it its support.'),
    predictedCount: count('Validation examples that were taken for it.'),
    correctCount: count('Those of them that are of it.'),
    precision: share('Share of the correct ones among those taken for it; null when there are none.'),
    recall: share('Share of the correct ones among those of it; null when there are none.'),
    f1: share('Harmonic mean of precision and recall; null when the class is in neither.'),
  },
  { $id: 'ClassMetrics', description: 'How well one class is told from the others.' },
);
export type ClassMetrics = Static<typeof ClassMetrics>;

export const Evaluation = strictObject(
  {
    ...EvaluationData.properties,
    unpredictedCount: count('The sum of `unpredictedCounts`.'),
    classes: Type.Array(ref(ClassMetrics), { description: 'One for each class, by index.' }),
  },
  { $id: 'Evaluation', description: 'What the model said of the validation examples after an epoch.' },
);
export type Evaluation = Static<typeof Evaluation>;

export const Evaluations = strictObject(
  {
    epochs: Type.Array(Type.Integer({ minimum: 1 }), { description: `Those that have an evaluation, ascending: the first ${DENSE_EPOCHS}, then every tenth up to ${10 * DENSE_EPOCHS}, every hundredth up to ${100 * DENSE_EPOCHS}, and so on; of a run that has succeeded, the last one and the one that is kept as well. Empty where nothing is validated, or the model is no classifier of up to ${MAX_CLASSES} classes with a cross-entropy.` }),
    keptEpoch: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'Which of them is of the weights that the stored model has; null while there is no model.' }),
    evaluation: Type.Union([ref(Evaluation), Type.Null()], { description: 'The one asked for; null when there is none yet.' }),
  },
  { $id: 'Evaluations', description: 'The evaluations of a run, of which one is shown.' },
);
export type Evaluations = Static<typeof Evaluations>;
