// A picture instead of a drawing: chosen from the machine, or dropped on what is inside.
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Button } from '../../ui/button.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { PICTURE_TYPES, readPicture } from './picture-file.js';

/** `children` is given the button that chooses. */
export function PictureChoice({ onPicture, children }: { /** `[28, 28]`, 0 to 255. */ onPicture(pixels: Float32Array): void; children(choose: ComponentChildren): ComponentChildren }) {
  const field = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const take = (file: File | undefined) => {
    if (file === undefined) return;
    readPicture(file).then((pixels) => {
      setError(undefined);
      onPicture(pixels);
    }, setError);
  };
  const over = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files[0]);
  };
  const choose = (
    <p class="try-choose">
      <Button onClick={() => field.current!.click()}>Choose a picture</Button>
      <span class="muted small">or drop one here, PNG or JPEG</span>
      <input
        ref={field} type="file" hidden accept={PICTURE_TYPES.join()} aria-label="Picture"
        onChange={({ currentTarget }) => { take(currentTarget.files?.[0]); currentTarget.value = ''; }}
      />
    </p>
  );
  return (
    <div class="try-drop" data-over={isOver || undefined} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={drop}>
      {children(choose)}
      <ErrorNote error={error} />
    </div>
  );
}
