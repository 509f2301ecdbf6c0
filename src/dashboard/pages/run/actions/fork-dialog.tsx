// A new run that starts with the weights of a training state of this one.
import { useState } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import type { Run } from '../../../api/types.js';
import { count, plain } from '../../../lib/format.js';
import { go, hrefOf } from '../../../lib/router.js';
import { noteRun } from '../../../live/run-list.js';
import { Select, TextField } from '../../../ui/field.js';
import { wholeFrom1 } from './allowed.js';
import { FormDialog } from './form-dialog.js';

export function ForkDialog({ run: { id, name, spec, progress }, states, onClose }: { run: Run; states: readonly number[]; onClose(): void }) {
  const [step, setStep] = useState(String(states.at(-1) ?? 0));
  const [newName, setNewName] = useState(`${name} fork`.slice(0, 120));
  const [epochs, setEpochs] = useState(String(spec.fit.epochs));
  const [rate, setRate] = useState('');
  const more = wholeFrom1(epochs);
  const learningRate = rate.trim() === '' ? null : Number(rate);
  const isRate = learningRate === null || learningRate > 0;
  const perEpoch = progress.totalSteps / progress.epochs;
  const send = async () => {
    const body = { fork: { runId: id, step: Number(step) }, ...(newName.trim() === '' ? {} : { name: newName.trim() }), fit: { epochs: more }, ...(learningRate === null ? {} : { optimizer: { learningRate } }) };
    const run = (await take(api.POST('/v1/runs', { body: body as never }))) as Run;
    noteRun(run);
    go(hrefOf('run', { params: { id: run.id } }));
  };
  return (
    <FormDialog title={`Fork ${name}`} action="Fork" why={more === null ? 'How many epochs?' : isRate ? null : 'The learning rate must be above 0.'} onSend={send} onClose={onClose}>
      <p>A new run that starts with these weights and trains from its own first epoch, with a fresh optimizer.</p>
      <Select label="Training state" value={step} onChange={setStep} options={states.map((one) => ({ value: String(one), label: `step ${count(one)} (after ${plain(one / perEpoch)} epochs)` })).reverse()} />
      <TextField label="Name" value={newName} onInput={setNewName} />
      <TextField label="Epochs" type="number" value={epochs} onInput={setEpochs} fault={more === null ? 'A whole number from 1 on.' : null} />
      <TextField label="Learning rate" value={rate} onInput={setRate} placeholder={'learningRate' in spec.optimizer && spec.optimizer.learningRate !== undefined ? plain(spec.optimizer.learningRate) : 'as usual'} note="As before where it is left empty." fault={isRate ? null : 'A number above 0.'} />
    </FormDialog>
  );
}
