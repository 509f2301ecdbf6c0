// In the place of the form: a submission that says only what is changed has no value for most of its fields.
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { Button } from '../../ui/button.js';
import { Empty, ErrorNote } from '../../ui/surfaces.js';
import { useEditor } from './editor.js';
import { writtenOut, type Source } from './submission.js';

export function StartsFrom({ source, nameOf, onJson }: { source: Source; nameOf(runId: string): string | undefined; onJson(): void }) {
  const { spec, set } = useEditor();
  const write = useAction(async () => {
    if (source.kind !== 'recipe') return;
    const recipe = await take(api.GET('/v1/recipes/{name}', { params: { path: { name: source.name } } }));
    set('', writtenOut(spec as object, recipe.spec));
  });
  return (
    <Empty title={source.kind === 'recipe' ? `It starts from the recipe ${source.name}` : `It starts with the weights of ${nameOf(source.runId) ?? 'another run'}`}>
      <p>The form shows whole specs, and this says only what is to be different. {source.kind === 'recipe' ? 'Written out with the values of the recipe, it trains the same.' : 'The JSON view has it.'}</p>
      <div class="starts-from">
        {source.kind === 'recipe' && <Button primary busy={write.busy} onClick={() => write.run()}>Write it out as a spec</Button>}
        <Button onClick={onJson}>To the JSON</Button>
      </div>
      <ErrorNote error={write.error} title="The recipe could not be read." />
    </Empty>
  );
}
