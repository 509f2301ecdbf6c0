// Data sets as the API shows them.
import { Type, type Static } from 'typebox';
import { oneOf, page, strictObject } from './build.js';

export const Dataset = strictObject(
  {
    name: Type.String({ description: 'What a run spec calls it.' }),
    title: Type.String({ description: 'One line for people.' }),
    description: Type.String({ description: 'What it holds and where it comes from.' }),
    kind: oneOf(['image'], { description: 'Images are kept as bytes from 0 to 255.' }),
    inputShape: Type.Array(Type.Integer({ minimum: 1 }), { description: 'One example: [height, width, channels].' }),
    labels: Type.Array(Type.String(), { description: 'Label of each class, by index.' }),
    trainCount: Type.Integer({ minimum: 0, description: 'Examples to train on.' }),
    testCount: Type.Integer({ minimum: 0, description: 'Examples to test on.' }),
    files: Type.Record(Type.String(), Type.String(), { description: 'SHA-256 of each file, by file name.' }),
  },
  { $id: 'Dataset', description: 'Examples that runs may be trained on.' },
);
export type Dataset = Static<typeof Dataset>;

export const DatasetPage = page(Dataset, 'DatasetPage');
export type DatasetPage = Static<typeof DatasetPage>;

export const SPLITS = ['train', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Pictures that one request may ask for. */
export const MAX_PICTURES = 100;

export const PictureQuery = strictObject({
  split: Type.Optional(oneOf(SPLITS, { description: 'Of which examples; `test` when absent.' })),
  indices: Type.String({ description: `Which of them: from 1 to ${MAX_PICTURES} numbers from 0 on, with commas between.` }),
});

export const PictureHeaders = Type.Object({
  'if-none-match': Type.Optional(Type.String({ description: 'Tags that the client holds; 304 when the current one is among them.' })),
});
