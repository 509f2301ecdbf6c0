// What a run's model answers, by the loss that it was trained with.
import { effectiveLoss, isCrossentropy } from '../../portable/answer.js';
import type { Loss } from '../../schemas/spec.js';
import type { Run } from '../api/types.js';

/** The client's types, made from the API's document, lose what a loss is. */
export const lossOf = ({ spec }: { spec: Pick<Run['spec'], 'loss'> }): Loss => spec.loss as Loss;

/** Whether it says how likely each label is; else it answers values. */
export const saysHowLikely = (loss: Loss): boolean => isCrossentropy(effectiveLoss(loss).type);
